"""Plain SQL on alias `edge`, straight to the driver: what every op of every shopper passes.

Django's cursor rewrites the placeholders of each statement and wraps each call, which cost more than SQLite itself.
Transactions stay Django's. Placeholders are `?`, errors are the driver's own (`sqlite3.Error`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections

from node.realms import EDGE

Row = tuple[Any, ...]


def execute(statement: str, values: Sequence[Any] = ()) -> int:
    """Run a statement; returns how many rows it changed."""
    return _driver().execute(statement, values).rowcount


def insert(statement: str, values: Sequence[Any]) -> int:
    """Insert a row; returns its rowid."""
    return int(_driver().execute(statement, values).lastrowid or 0)


def execute_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    _driver().executemany(statement, rows)


def fetch(statement: str, values: Sequence[Any] = ()) -> list[Row]:
    return _driver().execute(statement, values).fetchall()


def fetch_one(statement: str, values: Sequence[Any] = ()) -> Row | None:
    """The first row, None when there is none."""
    found: Row | None = _driver().execute(statement, values).fetchone()
    return found


def marks(values: Sequence[Any]) -> str:
    """ "?, ?, ?": a placeholder for each value."""
    return ", ".join("?" * len(values))


def _driver() -> sqlite3.Connection:
    connection = connections[EDGE]
    connection.ensure_connection()
    driver: sqlite3.Connection = connection.connection
    return driver
