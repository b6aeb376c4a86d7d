"""As much of Python's `sqlite3` as Django and our own plain SQL ask for, over apsw: files lie on simulated disks.

Rows are read whole when a statement is executed: nothing of one statement happens after it.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apsw
import apsw.ext

from sync.simulator import vfs

_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLAC", "WITH")

_INTEGRITY = (apsw.ConstraintError,)
_WRONG = (apsw.SQLError, apsw.MismatchError, apsw.MisuseError, apsw.RangeError)


@contextlib.contextmanager
def _as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


def _adapted(value: Any) -> Any:
    """What SQLite can hold of a value; Django adapts most by itself."""
    match value:
        case None | int() | float() | str() | bytes():
            return value
        case bytearray() | memoryview():
            return bytes(value)
        case decimal.Decimal():
            return str(value)
        case datetime.datetime():
            return value.isoformat(" ")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case uuid.UUID():
            return value.hex
    return str(value)


class Cursor:
    """A DB-API cursor whose rows are in memory."""

    arraysize = 100

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._at = 0
        self._statement = ""

    def execute(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
        db = self.connection._opened()
        self._statement, self._at = statement, 0
        try:
            self._rows = db.execute(statement, values).fetchall()
        except TypeError:
            self._rows = self._adapted(db, statement, values)
        except apsw.Error:
            self._rows = []
            with _as_sqlite3():
                raise
        self._count(db, statement)
        return self

    def _adapted(self, db: apsw.Connection, statement: str, values: Any) -> list[tuple[Any, ...]]:
        if isinstance(values, dict):
            values = {name: _adapted(value) for name, value in values.items()}
        else:
            values = [_adapted(value) for value in values]
        with _as_sqlite3():
            return db.execute(statement, values).fetchall()

    def _count(self, db: apsw.Connection, statement: str) -> None:
        kind = statement.lstrip()[:6].upper()
        if kind.startswith(_CHANGES):
            self.rowcount, self.lastrowid = db.changes(), db.last_insert_rowid()
        else:
            self.rowcount = -1

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        db, count = self.connection._opened(), 0
        for values in rows:
            self.execute(statement, values)
            count += db.changes()
        self.rowcount = count
        return self

    def executescript(self, statements: str) -> Cursor:
        return self.execute(statements)

    @property
    def description(self) -> tuple[tuple[Any, ...], ...] | None:
        if not self._statement:
            return None
        with _as_sqlite3():
            info = apsw.ext.query_info(self.connection._opened(), self._statement)
        return tuple((name, None, None, None, None, None, None) for name, _ in info.description) or None

    def fetchone(self) -> tuple[Any, ...] | None:
        if self._at >= len(self._rows):
            return None
        self._at += 1
        return self._rows[self._at - 1]

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        begin, self._at = self._at, min(len(self._rows), self._at + (size or self.arraysize))
        return self._rows[begin : self._at]

    def fetchall(self) -> list[tuple[Any, ...]]:
        begin, self._at = self._at, len(self._rows)
        return self._rows[begin:] if begin else self._rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        self._rows = []


class Connection:
    """A DB-API connection in autocommit mode; transactions are begun and ended by statements, as Django does."""

    def __init__(self, path: str) -> None:
        with _as_sqlite3():
            if path == ":memory:":
                self._db: apsw.Connection | None = apsw.Connection(path)
            else:
                self._db = apsw.Connection(path, vfs=vfs.NAME)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY").fetchall()
        self.isolation_level: str | None = None
        self.row_factory: Any = None

    def _opened(self) -> apsw.Connection:
        if self._db is None:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        return self._db

    def cursor(self, factory: Callable[[Connection], Cursor] = Cursor) -> Cursor:
        return factory(self)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        return Cursor(self).execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        return Cursor(self).executemany(statement, rows)

    @property
    def total_changes(self) -> int:
        return int(self._opened().total_changes())

    @property
    def in_transaction(self) -> bool:
        return bool(self._opened().in_transaction)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(
        self, name: str, narg: int, func: Callable[..., Any] | None, *, deterministic: bool = False
    ) -> None:
        self._opened().create_scalar_function(name, func, narg, deterministic=deterministic)

    def create_aggregate(self, name: str, n_arg: int, aggregate_class: type[Any]) -> None:
        def begin() -> tuple[Any, Callable[..., None], Callable[[Any], Any]]:
            made = aggregate_class()
            return made, lambda one, *values: one.step(*values), lambda one: one.finalize()

        self._opened().create_aggregate_function(name, begin, n_arg)

    def close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(apsw.Error):
                db.close(True)


def connect(database: str, **options: Any) -> Connection:
    return Connection(str(database))
