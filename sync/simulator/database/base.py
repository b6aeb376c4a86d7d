"""`ENGINE = "sync.simulator.database"`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base as sqlite
from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX

from sync.simulator.database import driver

_rewritten: dict[str, str] = {}


class CursorWrapper(driver.Cursor):
    """Django's placeholders are %s, SQLite's are ?."""

    trouble: DatabaseWrapper | None = None

    def execute(self, statement: str, values: Any = None) -> driver.Cursor:
        if self.trouble is not None and self.trouble.is_troubled:
            self.trouble.meet(statement, lambda: driver.Cursor.execute(self, statement))
        if values is None:
            return super().execute(statement)
        if isinstance(values, dict):
            return super().execute(statement % {name: f":{name}" for name in values}, values)
        return super().execute(_with_marks(statement), values)

    def executemany(self, statement: str, rows: Any) -> driver.Cursor:
        return super().executemany(statement, rows)


def _with_marks(statement: str) -> str:
    known = _rewritten.get(statement)
    if known is None:
        if len(_rewritten) > 2_000:
            _rewritten.clear()
        known = _rewritten[statement] = FORMAT_QMARK_REGEX.sub("?", statement).replace("%%", "%")
    return known


class DatabaseWrapper(sqlite.DatabaseWrapper):
    """Django's SQLite; the driver is ours.

    A server's troubles: `is_down`, it does not answer; `breaks_in`, at the n-th statement from now the connection
    breaks. If that is a commit the commit has happened, and only its answer is lost.
    """

    is_down = False
    breaks_in: int | None = None

    @property
    def is_troubled(self) -> bool:
        return self.is_down or self.breaks_in is not None

    @contextmanager
    def seen_from_outside(self) -> Iterator[None]:
        """Read what is on the disk whatever the server's troubles are; they wait meanwhile, and are used up by none."""
        before = self.is_down, self.breaks_in
        self.is_down, self.breaks_in = False, None
        try:
            yield
        finally:
            self.is_down, self.breaks_in = before

    def meet(self, statement: str, run: Callable[[], object]) -> None:
        """Before a statement. Raises what a broken connection would."""
        if statement.startswith("ROLLBACK"):
            return
        if self.breaks_in is not None:
            self.breaks_in -= 1
            if self.breaks_in > 0:
                return
            self.breaks_in = None
            if statement.startswith("COMMIT"):
                run()
        elif not self.is_down:
            return
        raise sqlite3.OperationalError("the server closed the connection unexpectedly")

    def _commit(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                if self.is_troubled:
                    self.meet("COMMIT", self.connection.commit)
                self.connection.commit()

    def get_new_connection(self, conn_params: dict[str, Any]) -> driver.Connection:
        made = driver.connect(conn_params["database"])
        register(made)
        made.execute("PRAGMA foreign_keys = ON")
        for statement in self.init_commands:  # type: ignore[attr-defined]  # the stubs are older than Django 5.1
            if statement.strip():
                made.execute(statement)
        return made

    def create_cursor(self, name: str | None = None) -> driver.Cursor:
        made: CursorWrapper = self.connection.cursor(factory=CursorWrapper)
        made.trouble = self
        return made

    def is_usable(self) -> bool:
        return self.connection is not None

    def _set_autocommit(self, autocommit: bool) -> None:
        self.connection.isolation_level = None
