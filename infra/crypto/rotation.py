"""Bringing everything under the current master key, in batches, while the node runs.

A stage is one table (or one other place) of one realm. It writes a row only if it still holds what was read, so it
neither waits for other writers nor undoes what they wrote; what it has done it finds done, so it may be stopped and
begun again at any moment. Values of every age open meanwhile.

    kind "fields"    encrypted columns, keys of persons, and what upper floors add (the history)
    kind "index"     what upper floors add: rows found by a blind index
    kind "sealing"   what upper floors add: what is still sealed as an edge sealed it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Model
from django.utils.module_loading import autodiscover_modules

from infra.crypto.errors import PersonForgotten
from infra.crypto.fields import EncryptedTextField, is_current, open_value, seal_value
from infra.crypto.rings import PERSON, keyring
from node.realms import CENTRAL_REALMS, EVERY, alias_of, atomic, realm_of

BATCH = 200


@dataclass(frozen=True)
class Stage:
    """`left()`: how many rows still need an old key. `work()`: brings them over, yields how many after each batch.

    What `left` counts and `work` cannot bring over keeps the old key in use.
    """

    kind: str
    realm: str
    name: str
    left: Callable[[], int]
    work: Callable[[], Iterator[int]]


_more: list[Callable[[], list[Stage]]] = []


def add_stages(stages: Callable[[], list[Stage]]) -> None:
    """An upper floor's own; called from its module `rekeying.py`, which is found by name."""
    if stages not in _more:
        _more.append(stages)


#: (kind, id of the new key) -> None: what is to be told of a new key
_told: list[Callable[[str, str], None]] = []
#: (kind, since when there is a newer key) -> reasons why an older one cannot be retired yet
_guards: list[Callable[[str, datetime], list[str]]] = []


def on_added(told: Callable[[str, str], None]) -> None:
    if told not in _told:
        _told.append(told)


def add_guard(guard: Callable[[str, datetime], list[str]]) -> None:
    if guard not in _guards:
        _guards.append(guard)


def tell_added(kind: str, name: str) -> None:
    autodiscover_modules("rekeying")
    for told in _told:
        told(kind, name)


def reasons_against(kind: str, since: datetime) -> list[str]:
    autodiscover_modules("rekeying")
    return [reason for guard in _guards for reason in guard(kind, since)]


def stages_of(kind: str) -> list[Stage]:
    autodiscover_modules("rekeying")
    own = [*_column_stages(), *(_wrapped_stage(realm) for realm in CENTRAL_REALMS)] if kind == "fields" else []
    # Whatever makes keys of persons comes before those are wrapped anew.
    more = [stage for stages in _more for stage in stages() if stage.kind == kind]
    return [*more, *own]


@contextmanager
def rekeying(realm: str) -> Iterator[None]:
    """A transaction in which encrypting anew counts as no change."""
    with atomic(realm), connections[alias_of(realm)].cursor() as cursor:
        cursor.execute("SELECT set_config('rialto.rekeying', 'on', true)")
        yield
        cursor.execute("SELECT set_config('rialto.rekeying', '', true)")  # should the transaction be part of another


# --- encrypted columns ---------------------------------------------------------------------------------------------


def encrypted_fields() -> dict[type[Model], list[EncryptedTextField]]:
    """Every encrypted column of central, by its table."""
    found: dict[type[Model], list[EncryptedTextField]] = {}
    for model in apps.get_models():
        columns = [one for one in model._meta.local_concrete_fields if isinstance(one, EncryptedTextField)]
        if columns and realm_of(model._meta.app_label) in (*CENTRAL_REALMS, EVERY):
            found[model] = columns
    return found


def _column_stages() -> Iterator[Stage]:
    for model, columns in encrypted_fields().items():
        home = realm_of(model._meta.app_label)
        for realm in CENTRAL_REALMS if home == EVERY else (home,):
            yield _column_stage(model, columns, realm)


def _column_stage(model: type[Model], columns: list[EncryptedTextField], realm: str) -> Stage:
    def left() -> int:
        return sum(count for _last, count in _walk(model, columns, realm, is_dry=True))

    def work() -> Iterator[int]:
        return (count for _last, count in _walk(model, columns, realm, is_dry=False))

    return Stage("fields", realm, model._meta.label_lower, left, work)


def _walk(
    model: type[Model], columns: list[EncryptedTextField], realm: str, *, is_dry: bool
) -> Iterator[tuple[Any, int]]:
    """Over all rows that may be old, batch by batch: (last key, values that were)."""
    last: Any = None
    while rows := _next_rows(model, columns, realm, last):
        last = rows[-1][0]
        if is_dry:
            yield last, sum(len(old) for _pk, old in _truly_old(model, columns, realm, rows))
            continue
        with rekeying(realm):
            count = sum(_bring_over(model, row, old, realm) for row, old in _truly_old(model, columns, realm, rows))
        yield last, count


def _next_rows(model: type[Model], columns: list[EncryptedTextField], realm: str, last: Any) -> list[tuple[Any, ...]]:
    """(key, stored values): told by their first bytes, so that what is current is not even read."""
    meta = model._meta
    current = keyring().header
    pk = meta.pk.column
    may_be_old: list[str] = []
    values: list[Any] = [] if last is None else [last]
    for one in columns:
        part = f'octet_length("{one.column}") > 0 AND substring("{one.column}" FROM 1 FOR %s) <> %s'
        values += [len(current), current]
        if one.person:
            part += f' AND substring("{one.column}" FROM 1 FOR 1) <> %s'
            values.append(bytes((PERSON,)))
        may_be_old.append(f"({part})")
    after = f'"{pk}" > %s AND ' if last is not None else ""
    names = ", ".join(f'"{one.column}"' for one in columns)
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(
            f'SELECT "{pk}", {names} FROM "{meta.db_table}" WHERE {after}({" OR ".join(may_be_old)}) '  # noqa: S608
            f'ORDER BY "{pk}" LIMIT {BATCH}',
            values,
        )
        return list(cursor.fetchall())


def _truly_old(
    model: type[Model], columns: list[EncryptedTextField], realm: str, rows: list[tuple[Any, ...]]
) -> Iterator[tuple[Model, list[tuple[EncryptedTextField, bytes]]]]:
    found = model._base_manager.using(alias_of(realm)).in_bulk([row[0] for row in rows])
    for pk, *stored in rows:
        if (row := found.get(pk)) is None:
            continue
        pairs = [(one, bytes(value)) for one, value in zip(columns, stored, strict=True) if value is not None]
        old = [(one, value) for one, value in pairs if not is_current(value, for_person=one.whose(row) is not None)]
        if old:
            yield row, old


def _bring_over(model: type[Model], row: Model, old: list[tuple[EncryptedTextField, bytes]], realm: str) -> int:
    alias, meta = alias_of(realm), model._meta
    for one, stored in old:
        text = open_value(one.column_name, stored, alias=alias)
        try:
            new = seal_value(one.column_name, text or "", alias=alias, subject=one.whose(row))
        except PersonForgotten:
            new = b""  # written by an older version after he was erased
        with connections[alias].cursor() as cursor:
            # Only what was read is replaced: whoever has written meanwhile wrote under the current key.
            cursor.execute(
                f'UPDATE "{meta.db_table}" SET "{one.column}" = %s '  # noqa: S608
                f'WHERE "{meta.pk.column}" = %s AND "{one.column}" = %s',
                [new, row.pk, stored],
            )
    return len(old)


# --- keys of persons -----------------------------------------------------------------------------------------------


def _wrapped_stage(realm: str) -> Stage:
    from infra.crypto.models import PersonKey

    def old() -> Any:
        keys = PersonKey.objects.using(alias_of(realm))
        return keys.filter(destroyed_at=None).exclude(master=keyring().current).order_by("pk")

    def work() -> Iterator[int]:
        last = None
        while rows := list((old().filter(pk__gt=last) if last else old())[:BATCH]):
            last = rows[-1].pk
            with atomic(realm):
                count = sum(map(_wrap_anew, rows))
            yield count

    def _wrap_anew(row: PersonKey) -> int:
        ring, stored = keyring(), bytes(row.wrapped)
        data_key = ring.unwrap(row.pk.bytes, row.master, stored)
        # A key that was destroyed meanwhile stays destroyed.
        same = PersonKey.objects.using(alias_of(realm)).filter(pk=row.pk, wrapped=stored)
        return same.update(wrapped=ring.wrap(row.pk.bytes, data_key), master=ring.current)

    return Stage("fields", realm, "crypto.personkey", lambda: old().count(), work)
