"""What a database holds, as far as a move has to know it: tables, columns, keys, sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from node import databases

Connection = psycopg.Connection[tuple[Any, ...]]

#: ours in either database; gone when a move is over, but for the fence in the database that was left
SCHEMA = "rialto_move"
REACH_S = 5
NAME = "rialto realm move"

#: one way to write a value down, whatever the server or the user is set to: hashes are made of the text
_SETTINGS = (
    "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET timezone = 'UTC'; SET extra_float_digits = 1; "
    "SET bytea_output = 'hex'; SET search_path = public; SET statement_timeout = 0; SET jit = off"
)
_TABLES = """
SELECT c.relname,
       (SELECT array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)] ORDER BY a.attname)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
       (SELECT array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)] ORDER BY k.place)
        FROM pg_constraint p CROSS JOIN unnest(p.conkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
        WHERE p.conrelid = c.oid AND p.contype = 'p'),
       greatest(c.reltuples, 0)::bigint
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
_SEQUENCES = """
SELECT s.relname, coalesce(t.relname || '.' || a.attname, s.relname)
FROM pg_class s
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
                     AND d.refobjsubid > 0
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Table:
    """`columns` and `key`: (name, type); `rows` is the server's estimate."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[tuple[str, str], ...]
    rows: int

    @property
    def shape(self) -> tuple[object, ...]:
        return (self.name, self.columns, self.key)

    @property
    def sql_name(self) -> sql.Identifier:
        return sql.Identifier("public", self.name)

    @property
    def sql_columns(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(name) for name, _ in self.columns)


def connect(url: str) -> Connection:
    """A connection of the mover: autocommit, and every value written the same way. Raises `psycopg.Error`."""
    where = databases.postgres(url, pooled=False)
    connection = psycopg.connect(
        dbname=where["NAME"],
        host=where["HOST"] or None,
        port=where["PORT"] or None,
        user=where["USER"] or None,
        password=where["PASSWORD"] or None,
        autocommit=True,
        **{**where["OPTIONS"], "connect_timeout": REACH_S, "application_name": NAME, "client_encoding": "UTF8"},
    )
    connection.execute(_SETTINGS)
    return connection


def tables_in(connection: Connection) -> list[Table]:
    """Every table of the schema `public`."""
    return [
        Table(name, _pairs(columns), _pairs(key), int(rows))
        for name, columns, key, rows in connection.execute(_TABLES).fetchall()
    ]


def _pairs(found: Sequence[Sequence[str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind) for name, kind in found or ())


def sequences_in(connection: Connection) -> dict[str, str]:
    """What owns a sequence ("table.column", else its own name) -> its name."""
    return {owner: name for name, owner in connection.execute(_SEQUENCES).fetchall()}


def all_of(tables: Sequence[Table]) -> sql.Composed:
    return sql.SQL(", ").join(table.sql_name for table in tables)


def has_schema(connection: Connection) -> bool:
    """Whether a move has been at work in this database."""
    row = connection.execute("SELECT to_regclass('rialto_move.move') IS NOT NULL").fetchone()
    return bool(row and row[0])


def mark_of(connection: Connection) -> tuple[str, str]:
    """(id of the move, what it wrote last) of a database; ("", "") when no move has been here."""
    if not has_schema(connection):
        return ("", "")
    row = connection.execute("SELECT id, state FROM rialto_move.move").fetchone()
    return (row[0], row[1]) if row else ("", "")


def patiently(connection: Connection, work: sql.Composed | str, *, tries: int = 40) -> None:
    """Do what needs a lock of tables in use: ask for it briefly, again and again, so that no queue forms behind us."""
    for left in reversed(range(tries)):
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '250ms'")
                connection.execute(work)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if not left:
                raise
        else:
            return
