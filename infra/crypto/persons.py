"""Data keys of persons: made when something is first written of them, destroyed when they are erased.

    key = key_for_writing(alias, subject)       made beside the row, in its transaction
    key = key_for_reading(alias, subject)       None once destroyed
    destroy(realm, subjects)                    whatever lies under these keys never opens again, wherever it lies

Unwrapped keys are held for a minute, so that a list does not ask for each; never one of a transaction that may yet be
rolled back: what was written under it would have no key.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from infra.crypto.checks import verify
from infra.crypto.errors import KeyMissing, PersonForgotten
from infra.crypto.rings import keyring
from node.realms import alias_of, on_commit, realm_of_alias

#: how long an unwrapped key may stay in memory
KEEP_S = 60.0
_MOST = 20_000
#: how many keys one question may bring
AT_ONCE = 1000

_Key = bytes | None
_held: dict[tuple[str, UUID], tuple[float, _Key]] = {}
_near = threading.local()


def key_for_writing(alias: str, subject: UUID) -> bytes:
    """The subject's data key, made when there is none. Raises `PersonForgotten` once it was destroyed."""
    key = _in_transaction(alias, subject)
    if key is None:
        found = _fetch(alias, [subject])
        if subject not in found:
            ensure_on(alias, [subject])
            found = _fetch(alias, [subject])
        key = found[subject]
    if key is None:
        raise PersonForgotten("this person was erased: nothing more can be written of him")
    return key


def key_for_reading(alias: str, subject: UUID) -> _Key:
    """None: destroyed. With one question it also brings the keys of what was loaded beside it (`expect`).

    Raises `KeyMissing` when there is no such row: the table of keys is older than the data, or not whole.
    """
    held = _held.get((alias, subject))
    if held is not None and held[0] > time.monotonic():
        return held[1]
    if (key := _in_transaction(alias, subject)) is not None:
        return key
    found = _fetch(alias, [subject, *_expected(alias, subject)])
    if subject not in found:
        raise KeyMissing("the key of a person is not in the table of keys: restore that table", subject=str(subject))
    return found[subject]


def expect(alias: str, subject: bytes) -> None:
    """A value of this subject was loaded and may be opened soon."""
    waiting: dict[tuple[str, bytes], None] = _near.__dict__.setdefault("waiting", {})
    if len(waiting) >= 2 * AT_ONCE:
        waiting.clear()
    waiting[alias, subject] = None


def _expected(alias: str, subject: UUID) -> list[UUID]:
    waiting: dict[tuple[str, bytes], None] = _near.__dict__.setdefault("waiting", {})
    now = time.monotonic()
    near = [UUID(bytes=one) for at, one in waiting if at == alias]
    found = [one for one in near if one != subject and _held.get((alias, one), (0.0, None))[0] <= now]
    waiting.clear()
    return found[:AT_ONCE]


def ensure(realm: str, subjects: Iterable[UUID]) -> None:
    """Make the keys that lack, and have all at hand: before many rows are written at once in this transaction."""
    alias, wanted = alias_of(realm), list(dict.fromkeys(subjects))
    for start in range(0, len(wanted), AT_ONCE):
        ensure_on(alias, wanted[start : start + AT_ONCE])
        _fetch(alias, wanted[start : start + AT_ONCE])


def ensure_on(alias: str, subjects: Iterable[UUID]) -> None:
    verify(alias)
    ring, wanted = keyring(), list(dict.fromkeys(subjects))
    rows = [(one, ring.wrap(one.bytes, os.urandom(32)), ring.current, None) for one in wanted]
    _add(alias, rows)


def destroy(realm: str, subjects: Iterable[UUID]) -> int:
    """Inside the transaction that forgets the persons. Returns how many keys there were. Again it changes nothing.

    A subject without a key gets a destroyed one: nothing will ever be written of him.
    """
    from infra.crypto.models import PersonKey

    alias, wanted, now = alias_of(realm), list(dict.fromkeys(subjects)), timezone.now()
    keys = PersonKey.objects.using(alias)
    gone = keys.filter(pk__in=wanted, destroyed_at=None).update(wrapped=b"", master="", destroyed_at=now)
    _add(alias, [(one, b"", "", now) for one in wanted])
    for one in wanted:
        _held.pop((alias, one), None)
        for block in connections[alias].atomic_blocks:
            _made_in(block).pop(one, None)
    return gone


def _add(alias: str, rows: Iterable[tuple[UUID, bytes, str, datetime | None]]) -> None:
    """Of two who write of one person at one moment the first row stands, and both read it."""
    now = timezone.now()
    connection: Any = connections[alias]
    binary, adapt = connection.Database.Binary, connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO crypto_personkey (subject, wrapped, master, made_at, destroyed_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (subject) DO NOTHING",
            [
                (
                    one if connection.features.has_native_uuid_field else one.hex,
                    binary(wrapped), master, adapt(now), adapt(gone) if gone else None,
                )
                for one, wrapped, master, gone in rows
            ],
        )  # fmt: skip


def is_forgotten(realm: str, subject: UUID) -> bool:
    from infra.crypto.models import PersonKey

    return PersonKey.objects.using(alias_of(realm)).filter(pk=subject, destroyed_at__isnull=False).exists()


def forget_held() -> None:
    """Throw away what is held in memory."""
    _held.clear()


def _fetch(alias: str, subjects: list[UUID]) -> dict[UUID, _Key]:
    from infra.crypto.models import PersonKey

    verify(alias)
    ring = keyring()
    rows = PersonKey.objects.using(alias).filter(pk__in=subjects).values_list("pk", "wrapped", "master", "destroyed_at")
    found: dict[UUID, _Key] = {
        subject: None if gone else ring.unwrap(subject.bytes, master, bytes(wrapped))
        for subject, wrapped, master, gone in rows
    }
    _hold(alias, found)
    return found


def _hold(alias: str, found: dict[UUID, _Key]) -> None:
    connection = connections[alias]
    if connection.in_atomic_block:
        _made_in(connection.atomic_blocks[-1]).update({one: key for one, key in found.items() if key is not None})
        # What this transaction has read is not committed yet: perhaps it made the key itself.
        on_commit(lambda: _keep(alias, found), realm=realm_of_alias(alias))
    else:
        _keep(alias, found)


def _keep(alias: str, found: dict[UUID, _Key]) -> None:
    if len(_held) + len(found) > _MOST:
        _held.clear()
    until = time.monotonic() + KEEP_S
    for subject, key in found.items():
        _held[alias, subject] = (until, key)


def _in_transaction(alias: str, subject: UUID) -> _Key:
    for block in connections[alias].atomic_blocks:
        if (key := _made_in(block).get(subject)) is not None:
            return key
    return None


def _made_in(block: Any) -> dict[UUID, bytes]:
    """Keys read inside one `atomic`: gone with it, so that one that is rolled back takes its keys along."""
    made: dict[UUID, bytes] = block.__dict__.setdefault("_rialto_person_keys", {})
    return made
