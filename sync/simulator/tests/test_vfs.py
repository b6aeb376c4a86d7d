from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from sync.simulator import vfs
from sync.simulator.vfs import Cut, Disk


@pytest.fixture
def disk(tmp_path: Path):
    made = Disk(tmp_path)
    vfs.mount(made)
    yield made
    vfs.unmount(made)


def open_database(disk: Disk) -> apsw.Connection:
    db = apsw.Connection(str(disk.folder / "t.sqlite3"), vfs=vfs.NAME)
    db.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_autocheckpoint=20; PRAGMA cache_size=10")
    return db


def rows(disk: Disk) -> list[int]:
    disk.boot()
    db = open_database(disk)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")]
    db.close()
    return found


def insert(db: apsw.Connection, n: int) -> None:
    db.execute("INSERT INTO t VALUES (?, ?)", (n, bytes([n % 256]) * 3000))


def begun(disk: Disk) -> apsw.Connection:
    db = open_database(disk)
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
    return db


@pytest.mark.parametrize("cut", Cut)
def test_what_was_committed_survives_a_power_cut_at_any_write(disk: Disk, cut: Cut) -> None:
    rng = random.Random(7)
    db, committed = begun(disk), []

    for _ in range(40):
        disk.dies_in = rng.randrange(1, 60)
        n = len(committed)
        try:
            for n in range(len(committed) + 1, len(committed) + 30):
                insert(db, n)
                committed.append(n)
        except apsw.Error:
            pass
        disk.lose_power(cut, rng)
        db.close(True)
        found = rows(disk)
        # The transaction under way may have reached the disk before its caller could hear so; nothing else may differ.
        assert found in (committed, [*committed, n])
        committed = found
        db = open_database(disk)
    assert len(committed) >= 30


def test_what_no_fsync_has_covered_is_gone(disk: Disk) -> None:
    db = begun(disk)
    insert(db, 1)
    db.execute("PRAGMA synchronous=OFF")
    insert(db, 2)

    disk.lose_power(Cut.ALL, random.Random(1))

    assert rows(disk) == [1]


def test_a_killed_process_loses_nothing_that_it_wrote(disk: Disk) -> None:
    db = begun(disk)
    db.execute("PRAGMA synchronous=OFF")
    insert(db, 2)

    disk.kill()

    assert rows(disk) == [2]


def test_a_full_disk_refuses_and_the_database_stays_whole(disk: Disk) -> None:
    db = begun(disk)
    insert(db, 1)
    disk.is_full = True

    with pytest.raises(apsw.FullError):
        for n in range(2, 50):
            insert(db, n)

    disk.is_full = False
    insert(db, 90)
    disk.lose_power(Cut.ALL, random.Random(1))
    assert rows(disk) == [1, 90]


def test_an_image_is_what_a_power_cut_would_leave(disk: Disk) -> None:
    db = begun(disk)
    insert(db, 1)
    image = disk.image()
    insert(db, 2)

    disk.lose_power(Cut.ALL, random.Random(1))
    disk.restore(image)

    assert rows(disk) == [1]


def test_a_restore_keeps_the_files_it_is_told_to(disk: Disk) -> None:
    db = begun(disk)
    image = disk.image()
    (disk.folder / "t.sqlite3.highwater").write_bytes(b"new")
    insert(db, 1)

    disk.lose_power(Cut.ALL, random.Random(1))
    disk.restore(image, keep=(".highwater",))

    assert rows(disk) == []
    assert (disk.folder / "t.sqlite3.highwater").read_bytes() == b"new"
