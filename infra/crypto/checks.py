"""Noticing a wrong or missing master key before anything is read or written with it.

Each realm remembers a mark of every key that it is written with: what a known text comes to under the key, never the
key. `rialto run` compares them before it starts anything (`problems_at_start`), and gives each realm that has none its
marks before anything is written there (`mark_at_start`). A process compares once more before its first use of a realm
(`verify`), and leaves the mark of a key that has come since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import connections

from infra.crypto.errors import KeyMissing, KeyWrong
from infra.crypto.rings import Keyring, keyring
from node.realms import alias_of, atomic

_Marks = Mapping[tuple[str, str], bytes]
_verified: set[tuple[str, object]] = set()

_READ = "SELECT kind, name, mark FROM crypto_keycheck WHERE retired_at IS NULL"
_WRITE = "INSERT INTO crypto_keycheck (kind, name, mark, first_at) VALUES (%s, %s, %s, now()) ON CONFLICT DO NOTHING"


def verify(alias: str) -> None:
    """Raises `KeyWrong` or `KeyMissing`. Asks the database once for each ring; new keys leave their mark."""
    ring = keyring()
    if (alias, ring.fingerprint) in _verified or getattr(settings, "RIALTO_EPHEMERAL_KEYS", False):
        return
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        known = {(kind, name): bytes(mark) for kind, name, mark in cursor.fetchall()}
        if problems := problems_of(known, ring.marks()):
            raise (KeyMissing if all("is not here" in one for one in problems) else KeyWrong)("; ".join(problems))
        for (kind, name), mark in ring.marks().items():
            if (kind, name) not in known:
                cursor.execute(_WRITE, [kind, name, mark])
    # The marks may yet be rolled back; then the next process writes them.
    _verified.add((alias, ring.fingerprint))


def retire_mark(realm: str, kind: str, name: str) -> None:
    """Nothing in this realm needs the key any more: that it is not here is right from now on."""
    with atomic(realm), connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(
            "UPDATE crypto_keycheck SET retired_at = now() WHERE kind = %s AND name = %s AND retired_at IS NULL",
            [kind, name],
        )


def problems_of(known: _Marks, ours: _Marks) -> list[str]:
    """A sentence for each key that a realm knows and that is another one, or not there."""
    found = []
    for (kind, name), mark in sorted(known.items()):
        if (kind, name) not in ours:
            found.append(
                f"the key {kind}-{name}, which this database was written with, is not here: "
                "put it back from your copy of the keys"
            )
        elif ours[kind, name] != mark:
            found.append(
                f"the key {kind}-{name} is not the one that this database was written with: put the right one back "
                "from your copy of the keys; a node that was made anew has made keys of its own"
            )
    return found


def problems_at_start(node: Any) -> list[str]:
    """For `rialto run` and `doctor` at central, before anything is migrated or started: what is wrong with the keys.

    `node`: a `node.config.Config` with the addresses of running servers. Without Django: nothing is set up yet.
    """
    from infra.crypto.keys import load_central_keys
    from infra.crypto.sources import source_of

    source = source_of(node.home)
    known = {realm: marks for realm, url in node.realms.items() if (marks := _marks_in(url))}
    if source.can_make and not known:
        return []  # a new node: its keys are made at the first use
    try:
        load_central_keys(node.home)
        ours = Keyring.load(source).marks()
    except KeyMissing as error:
        return [str(error)]
    return list(_in_words(known, ours))


def mark_at_start(node: Any) -> None:
    """For `rialto run` at central, between migrating and starting: from now on each realm tells a wrong key.

    Keys that lack are made first, as they would be at their first use. Raises `KeyMissing`.
    """
    from infra.crypto.keys import ensure_central_keys
    from infra.crypto.sources import source_of

    ensure_central_keys(node.home)
    marks = Keyring.load(source_of(node.home)).marks()
    for url in node.realms.values():
        _mark(url, marks)


def _mark(url: str, marks: _Marks) -> None:
    import psycopg

    rows = [(kind, name, mark) for (kind, name), mark in marks.items()]
    # A realm that is away gets them from the first process that uses it.
    with suppress(psycopg.Error), psycopg.connect(url, connect_timeout=5) as connection:
        connection.cursor().executemany(_WRITE, rows)


def _in_words(known: Mapping[str, _Marks], ours: _Marks) -> Iterable[str]:
    said: dict[str, list[str]] = {}
    for realm, marks in known.items():
        for problem in problems_of(marks, ours):
            said.setdefault(problem, []).append(realm)
    for problem, realms in said.items():
        yield f"{problem} (realms: {', '.join(realms)})"


def _marks_in(url: str) -> dict[tuple[str, str], bytes]:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            rows = connection.execute(_READ).fetchall()
    except psycopg.Error:
        return {}  # away, or from before there were marks: each process asks again before it uses a key
    return {(kind, name): bytes(mark) for kind, name, mark in rows}
