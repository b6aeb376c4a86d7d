"""The driver beneath Django in the simulator says what Python's `sqlite3` says."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.db import OperationalError, connections

from sync.simulator.database import driver
from sync.simulator.database.base import DatabaseWrapper


@pytest.fixture(params=["apsw", "sqlite3"])
def db(request: pytest.FixtureRequest) -> Any:
    made = driver.connect(":memory:") if request.param == "apsw" else sqlite3.connect(":memory:", isolation_level=None)
    made.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    yield made
    made.close()


def test_counts_rows_that_were_changed(db: Any) -> None:
    db.executemany("INSERT INTO t VALUES (?, ?)", [(1, "a"), (2, "b"), (3, "c")])

    changed = db.execute("UPDATE t SET name = name || ? WHERE n > ?", ["x", 1])

    assert changed.rowcount == 2
    assert db.execute("DELETE FROM t WHERE n = 9").rowcount == 0
    assert db.total_changes == 5


def test_gives_rows_and_names(db: Any) -> None:
    inserted = db.execute("INSERT INTO t (name) VALUES (?)", ["a"])

    found = db.execute("SELECT n, name FROM t")

    assert inserted.lastrowid == 1
    assert [column[0] for column in found.description] == ["n", "name"]
    assert found.fetchone() == (1, "a")
    assert found.fetchone() is None


def test_returning_gives_rows_too(db: Any) -> None:
    rows = db.execute("INSERT INTO t VALUES (7, 'a') ON CONFLICT (n) DO NOTHING RETURNING n").fetchall()

    assert rows == [(7,)]


def test_speaks_sqlite3s_errors(db: Any) -> None:
    db.execute("INSERT INTO t VALUES (1, 'a')")

    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO t VALUES (1, 'b')")
    with pytest.raises(sqlite3.OperationalError):
        db.execute("SELECT FROM")


def test_rolls_back(db: Any) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (1, 'a')")
    assert db.in_transaction

    db.rollback()

    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_troubles_wait_while_somebody_looks_from_outside(django_db_blocker: Any) -> None:
    database = DatabaseWrapper({**connections["default"].settings_dict, "NAME": ":memory:"})
    database.is_down, database.breaks_in = True, 1

    with django_db_blocker.unblock():
        with database.seen_from_outside(), database.cursor() as cursor:
            assert cursor.execute("SELECT 1").fetchone() == (1,)
            assert not database.is_troubled

        assert (database.is_down, database.breaks_in) == (True, 1)
        with pytest.raises(OperationalError), database.cursor() as cursor:
            cursor.execute("SELECT 1")
        database.connection.close()
