"""Carrying rows from one database into the other, and looking whether both hold the same.

Rows go as text through COPY: no type is understood here, so none is understood wrongly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from psycopg import sql

from central.cluster.moving.errors import Doubt, MoveStopped
from central.cluster.moving.tables import Connection, Table

#: keys that one statement names
_AT_ONCE = 2_000
#: a whole table is too much to be held in one piece; this is how often we hear of progress
_PIECE = 500

T = TypeVar("T")
Key = tuple[str, ...]
Changes = Mapping[str, Sequence[Key]]

_HASH = (
    "SELECT count(*), coalesce(sum(('x' || substr(encode(sha256(convert_to(ROW({columns})::text, 'UTF8')), 'hex'), "
    "1, 15))::bit(60)::bigint::numeric), 0) FROM {table} t {where}"
)


def copy_table(source: Connection, target: Connection, table: Table, moved: Callable[[int], None]) -> int:
    """Copy a whole table as the source's transaction sees it. `moved` is told of each few rows. Returns how many."""
    out = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(table.sql_columns, table.sql_name)
    return _pour(source, target, table, out, moved)


def _pour(
    source: Connection, target: Connection, table: Table, out: sql.Composed, moved: Callable[[int], None] | None = None
) -> int:
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(table.sql_name, table.sql_columns)
    rows = 0
    with source.cursor().copy(out) as reading, target.cursor().copy(into) as writing:
        for piece in _batches(_lines(reading), _PIECE):
            writing.write(b"".join(piece))
            rows += len(piece)
            if moved is not None:
                moved(len(piece))
    return rows


def _batches(all_of_them: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(all_of_them)
    while some := list(islice(left, size)):
        yield some


def _lines(reading: Any) -> Iterator[bytes]:
    for data in reading:
        yield bytes(data)


def take_changes(source: Connection) -> Changes:
    """What has changed since the last time, as the source's transaction sees it; forgotten when that commits.

    All of it, never a part: then what the target holds afterwards is exactly what this transaction sees. Raises
    `MoveStopped` when a table was emptied, which no key tells of.
    """
    found = source.execute(
        "WITH gone AS (DELETE FROM rialto_move.changes RETURNING tab, key) SELECT DISTINCT tab, key FROM gone"
    ).fetchall()
    changes: dict[str, list[Key]] = defaultdict(list)
    for name, key in found:
        if key is None:
            raise MoveStopped(f"the table {name} was emptied while its realm moved: start the move again")
        changes[name].append(tuple(key))
    return changes


def carry(source: Connection, target: Connection, tables: Sequence[Table], changes: Changes) -> None:
    """Make the changed rows of the target what they are in the source. Within a transaction of each."""
    changed = [table for table in tables if table.name in changes]
    # First all that goes, then all that comes: two rows that swapped a unique value never meet.
    for table in changed:
        for some in _batches(changes[table.name], _AT_ONCE):
            gone = sql.SQL("DELETE FROM {} t USING {} d WHERE {}")
            target.execute(gone.format(table.sql_name, _keys(table, some), _same(table)))
    for table in changed:
        for some in _batches(changes[table.name], _AT_ONCE):
            rows = sql.SQL("COPY (SELECT {} FROM {} t JOIN {} d ON {}) TO STDOUT")
            columns = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name, _ in table.columns)
            _pour(source, target, table, rows.format(columns, table.sql_name, _keys(table, some), _same(table)))


def _keys(table: Table, keys: Iterable[Key]) -> sql.Composed:
    """`(SELECT a::type AS k1, … )`: keys as a table, in the key's own types so that its index is used."""
    columns = list(zip(*keys, strict=True))
    names = sql.SQL(", ").join(sql.Identifier(f"c{n}") for n in range(len(columns)))
    casts = sql.SQL(", ").join(
        sql.SQL("{}::{} AS {}").format(sql.Identifier(f"c{n}"), sql.SQL(kind), sql.Identifier(f"k{n}"))
        for n, (_, kind) in enumerate(table.key)
    )
    lists = sql.SQL(", ").join(sql.SQL("{}::text[]").format(sql.Literal(list(column))) for column in columns)
    return sql.SQL("(SELECT {} FROM unnest({}) AS u({}))").format(casts, lists, names)


def _same(table: Table) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("t.{} = d.{}").format(sql.Identifier(name), sql.Identifier(f"k{n}"))
        for n, (name, _) in enumerate(table.key)
    )


# --- is it the same? ---------------------------------------------------------------------------------------------


def compare_all(source: Connection, target: Connection, tables: Sequence[Table], told: Callable[[], None]) -> int:
    """Count and hash every table on both sides. Returns the rows. Raises `Doubt`."""
    rows = 0
    with ThreadPoolExecutor(1) as other_side:
        for table in tables:
            question = sql.SQL(_HASH).format(columns=table.sql_columns, table=table.sql_name, where=sql.SQL(""))
            there = other_side.submit(_ask, target, question)
            rows += _compare(table, _ask(source, question), there.result())
            told()
    return rows


def compare_changed(source: Connection, target: Connection, tables: Sequence[Table], changes: Changes) -> None:
    """The same for the rows that changed. Raises `Doubt`."""
    for table in [table for table in tables if table.name in changes]:
        columns = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name, _ in table.columns)
        for some in _batches(changes[table.name], _AT_ONCE):
            where = sql.SQL("JOIN {} d ON {}").format(_keys(table, some), _same(table))
            question = sql.SQL(_HASH).format(columns=columns, table=table.sql_name, where=where)
            _compare(table, _ask(source, question), _ask(target, question))


def _ask(connection: Connection, question: sql.Composed) -> tuple[int, int]:
    row = connection.execute(question).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    return int(row[0]), int(row[1])


def _compare(table: Table, here: tuple[int, int], there: tuple[int, int]) -> int:
    if here[0] != there[0]:
        raise Doubt(f"table {table.name}: {here[0]} rows in the old database, {there[0]} in the new one")
    if here != there:
        raise Doubt(f"table {table.name}: {here[0]} rows in both databases, but they are not the same")
    return here[0]
