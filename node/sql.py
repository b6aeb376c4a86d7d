"""What PostgreSQL and SQLite word differently, in one place, for central's writers.

Central runs on PostgreSQL. In the simulator the same writers run on SQLite, where one connection writes at a time: what
only keeps writers apart, row locks and advisory locks, is nothing there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connections, models


def is_postgres(using: str) -> bool:
    return connections[using].vendor == "postgresql"


def run(using: str, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement written in PostgreSQL's words.

    Two of them are translated: `= ANY(%s)` with a list, and `FOR UPDATE` at the end. On SQLite a UUID comes back as 32
    hex digits, a list as JSON text, a moment as text: a model's field turns them with `to_python`.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(statement, params)
        else:
            cursor.execute(_translated(statement), [_plain(connection, value) for value in params])
        return list(cursor.fetchall()) if statement.startswith("SELECT") or "RETURNING" in statement else []


def run_many(using: str, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """The same statement for each row of values, in one trip to the server."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(statement, rows)
        else:
            cursor.executemany(_translated(statement), [[_plain(connection, value) for value in row] for row in rows])


def insert_new(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    key: str,
    using: str,
    **same: Any,
) -> set[Any]:
    """Insert rows in one statement, in their order, but those whose unique `key` is there already.

    `same`: columns that are alike in all rows. Returns the primary keys of the rows that are new.
    """
    if not rows:
        return set()
    pk: Any = model._meta.pk
    tail = f"ON CONFLICT ({_names(model, [key], using)}) DO NOTHING RETURNING {_names(model, [pk.name], using)}"
    return {pk.to_python(row[0]) for row in _insert(model, columns, rows, same, tail, using)}


def insert_or_update(
    model: type[models.Model], key: Sequence[str], values: Sequence[str], rows: Sequence[Sequence[Any]], *, using: str
) -> None:
    """Insert rows of columns `key` + `values` in one statement; where a unique `key` is there, its values are set."""
    if rows:
        quote = connections[using].ops.quote_name
        news = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in values)
        tail = f"ON CONFLICT ({_names(model, key, using)}) DO UPDATE SET {news}"
        _insert(model, [*key, *values], rows, {}, tail, using)


def update_rows(rows: Iterable[models.Model], columns: Sequence[str], *, using: str) -> None:
    """Write `columns` of rows of one model, found by their keys: `bulk_update` at a fraction of its price."""
    if not (found := list(rows)):
        return
    model, connection = type(found[0]), connections[using]
    meta, quote = model._meta, connection.ops.quote_name
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in columns)]
    values = [[_value(getattr(row, field.attname)) for field in fields] for row in found]
    table = quote(meta.db_table)
    pk, *others = (quote(field.column) for field in fields)
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{str(field.db_type(connection)).partition('(')[0]}[]" for field in fields)
        sets = ", ".join(f"{name} = new.{name}" for name in others)
        source = f"unnest({arrays}) AS new ({', '.join([pk, *others])})"
        statement = f"UPDATE {table} SET {sets} FROM {source} WHERE {table}.{pk} = new.{pk}"  # noqa: S608
        run(using, statement, [list(column) for column in zip(*values, strict=True)])
    else:
        sets = ", ".join(f"{name} = %s" for name in others)
        run_many(using, f"UPDATE {table} SET {sets} WHERE {pk} = %s", [[*row[1:], row[0]] for row in values])  # noqa: S608


def _insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    same: Mapping[str, Any],
    tail: str,
    using: str,
) -> list[tuple[Any, ...]]:
    connection, meta = connections[using], model._meta
    into = f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({_names(model, [*columns, *same], using)})"
    if connection.vendor == "postgresql":
        # Arrays: one text of the statement, and so one plan, for any number of rows. A cast to varchar(n) would cut.
        fields: list[Any] = [meta.get_field(name) for name in (*columns, *same)]
        types = [str(field.db_type(connection)).partition("(")[0] for field in fields]
        arrays = ", ".join(f"%s::{kind}[]" for kind in types[: len(columns)])
        alike = "".join(f", %s::{kind}" for kind in types[len(columns) :])
        source = f"SELECT one.*{alike} FROM unnest({arrays}) AS one"  # noqa: S608
        params = [*same.values(), *(list(values) for values in zip(*rows, strict=True))]
    else:
        marks = f"({', '.join(['%s'] * (len(columns) + len(same)))})"
        source = f"VALUES {', '.join([marks] * len(rows))}"
        params = [_plain(connection, value) for row in rows for value in (*row, *same.values())]
    with connection.cursor() as cursor:
        cursor.execute(f"{into} {source} {tail}", params)
        return list(cursor.fetchall()) if "RETURNING" in tail else []


def _names(model: type[models.Model], columns: Sequence[str], using: str) -> str:
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    return ", ".join(connections[using].ops.quote_name(field.column) for field in fields)


def _value(value: Any) -> Any:
    # One of a model's choices is a str of its own type, and an array wants one type.
    return value.value if isinstance(value, Enum) else value


def as_uuid(value: Any) -> UUID:
    """A UUID as either database gives it."""
    return value if isinstance(value, UUID) else UUID(value)


def wait_turn(using: str, keys: Sequence[int], *, beside_others: bool = False) -> None:
    """Hold the advisory locks `keys` (64 bits), taken in their order, until the transaction ends.

    `beside_others`: wait only for those who hold one alone.
    """
    if not is_postgres(using):
        return
    lock = "pg_advisory_xact_lock_shared" if beside_others else "pg_advisory_xact_lock"
    with connections[using].cursor() as cursor:
        # The rows of unnest come in order, and so do the locks.
        cursor.execute(f"SELECT {lock}(key) FROM unnest(%s::bigint[]) AS one (key)", [list(keys)])  # noqa: S608


@lru_cache(maxsize=256)
def _translated(statement: str) -> str:
    return statement.removesuffix(" FOR UPDATE").replace("= ANY(%s)", "IN (SELECT value FROM json_each(%s))")


def _plain(connection: Any, value: Any) -> Any:
    """A value as the SQLite of `connection` keeps it in the column of a model."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, list):
        return json.dumps([_plain(connection, one) for one in value])
    return value
