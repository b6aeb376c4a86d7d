"""A realm moves while it is written: nothing is lost, it is never in two places, and who is killed leaves it whole."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from central.cluster.moving import capture, carrying, mover, record, settling, target
from central.cluster.moving.errors import Doubt, MoveRefused, MoveStopped, MoveUndecided
from central.cluster.moving.record import Move, Step
from central.cluster.moving.tables import mark_of, tables_in
from central.cluster.moving.tests.conftest import Server
from node import moved, processes
from node.config import config
from node.config_file import put_realm
from node.places import ROOT
from node.realms import CENTRAL_REALMS, alias_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True),
]

WRITER = """
import json, sys, time, uuid, django
django.setup()
from django.db import transaction
from node.realms import atomic
from sync.store.jobs.models import Job
name, number, kept = sys.argv[1], 0, []
print("ready", flush=True)
while True:
    number += 1
    key = f"{name}-{number}"
    with atomic("work"):
        job = Job.objects.using("work").create(handler="test", key=key)
        if number % 3 == 0:
            Job.objects.using("work").filter(key=kept[-1]).update(attempts=number)
        if number % 7 == 0:
            Job.objects.using("work").filter(key=kept.pop(0)).delete()
    kept.append(key)
    print(json.dumps([time.monotonic(), key, number]), flush=True)
"""


class Writer:
    """A process of central that writes as fast as it can; what it was told is committed is in `said`."""

    def __init__(self, home: Path, name: str) -> None:
        env = {**os.environ, "RIALTO_HOME": str(home), "DJANGO_SETTINGS_MODULE": "node.settings.central"}
        self.log = home / f"{name}.log"
        self.child = subprocess.Popen(
            [sys.executable, "-P", "-c", WRITER, name],
            env={**env, "PYTHONPATH": str(ROOT)}, stdout=self.log.open("wb"), stderr=(home / f"{name}.err").open("wb"),
        )  # fmt: skip
        self.errors = home / f"{name}.err"

    def wait_for(self, lines: int) -> None:
        until = time.monotonic() + 60
        while self.log.read_bytes().count(b"\n") < lines:
            assert self.child.poll() is None, self.errors.read_text()
            assert time.monotonic() < until
            time.sleep(0.02)

    def stop(self) -> list[tuple[float, str, int]]:
        assert self.child.poll() is None, self.errors.read_text()
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        return [tuple(json.loads(line)) for line in self.log.read_text().splitlines()[1:] if line.endswith("]")]


def as_written(said: list[tuple[float, str, int]]) -> dict[str, int]:
    """Key -> attempts of the rows that a writer must have left."""
    rows: dict[str, int] = {}
    for _, key, number in said:
        if number % 3 == 0:
            rows[list(rows)[-1]] = number
        if number % 7 == 0:
            del rows[next(iter(rows))]
        rows[key] = 0
    return rows


def ask(url: str, question: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(question).fetchall()  # type: ignore[arg-type]


def is_written(url: str) -> bool:
    """Whether a write is taken in there."""
    try:
        with psycopg.connect(url) as connection, connection.transaction(force_rollback=True):
            connection.execute("UPDATE jobs_job SET attempts = attempts")
    except psycopg.errors.CannotConnectNow:
        return False
    return True


def test_it_moves_under_load_and_nothing_is_lost(home: Path, empty: Callable[[], str]) -> None:
    old, new = config().realms["work"], empty()
    ask(old, "SELECT setval(pg_get_serial_sequence('sync_central_outbox', 'id'), 4711)")
    epoch = ask(old, "INSERT INTO sync_central_synchead (id, epoch, head, chain, floor, floor_chain, started_at) "
                     "VALUES (1, 'e', 7, 'c', 0, 'f', now()) RETURNING epoch, head, chain")  # fmt: skip
    writers = [Writer(home, name) for name in ("a", "b")]
    for writer in writers:
        writer.wait_for(50)

    done = mover.run(mover.plan("work", new, by="test"))

    for writer in writers:
        writer.wait_for(writer.log.read_bytes().count(b"\n") + 50)  # it goes on, in the new database
    said = [writer.stop() for writer in writers]
    gaps = [later[0] - sooner[0] for one in said for sooner, later in pairwise(one)]
    print(f"pause {done.pause_ms:.0f} ms, longest gap of a writer {max(gaps) * 1000:.0f} ms, tries {done.tries}, "
          f"{sum(map(len, said))} commits, {done.followed} changes followed")  # fmt: skip
    assert done.step is Step.DONE
    assert done.pause_ms is not None and done.pause_ms < 1000
    assert max(gaps) < 1.0
    there = dict(ask(new, "SELECT key, attempts FROM jobs_job"))
    for name, one in zip("ab", said, strict=True):
        kept = as_written(one)
        mine = {key: attempts for key, attempts in there.items() if key.startswith(name)}
        # The last transaction may have committed without the process living to say so.
        assert len(mine.items() ^ kept.items()) <= 4
        assert set(list(kept)[1:]) <= mine.keys()
    assert ask(new, "SELECT epoch, head, chain FROM sync_central_synchead") == epoch
    assert ask(new, "SELECT nextval(pg_get_serial_sequence('sync_central_outbox', 'id'))") == [(4712,)]
    assert not is_written(old)
    assert is_written(new)
    assert tomllib.loads((home / "rialto.toml").read_text())["realms"]["work"] == new
    assert "# ours" in (home / "rialto.toml").read_text()
    # Triggers and foreign keys are as migrations make them.
    triggers = (
        "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger "
        "WHERE tgname NOT LIKE 'rialto_move%' AND NOT tgisinternal ORDER BY 1, 2"
    )
    assert ask(new, triggers) == ask(old, triggers)
    rules = (
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
    )
    assert ask(new, rules) == ask(old, rules)


# --- killed at each step -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _dies_when_leaving(self: Any) -> Iterator[None]:
    self.old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with self.old.transaction():
        yield
        if self.move.step is Step.SWITCH and self.move.tries:
            os.kill(os.getpid(), signal.SIGKILL)


def _dies(*args: Any, **kwargs: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


#: where the mover is killed -> (what is replaced there, whether the realm is in the new database then)
KILLS: dict[str, tuple[Any, str, Any, bool]] = {
    "before the triggers": (capture, "begin", _dies, False),
    "copying": (carrying, "copy_table", _dies, False),
    "following": (target, "put_back", _dies, False),
    "verifying": (carrying, "compare_all", _dies, False),
    "about to fence": (capture, "fence", _dies, False),
    "the new one committed, the old one not": (mover._Mover, "_as_of_now", _dies_when_leaving, False),
    "fenced, nobody told": (settling, "point", _dies, True),
    "fenced, the file written": (moved, "note", _dies, True),
    "told, not tidied up": (settling, "finish", _dies, True),
}


def die_at(where: str, move: Move) -> None:
    """Run the move in a process of its own, which is killed there."""
    place, name, how, _ = KILLS[where]
    child = os.fork()
    if child == 0:
        try:
            setattr(place, name, how)
            mover.run(move)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, server: Server) -> Callable[[], str]:
    """Makes targets that hold the realm's tables already, as `migrate` leaves them: it takes seconds each time."""

    mark = target.begin

    def made() -> str:
        url = server.copy(config().realms["work"])
        with psycopg.connect(url, autocommit=True) as connection:
            mark(connection, "made")
        return url

    def begin(connection: Any, move_id: str) -> None:
        connection.execute("UPDATE rialto_move.move SET id = %s, state = 'begun'", [move_id])

    monkeypatch.setattr(target, "begin", begin)
    monkeypatch.setattr(target, "migrate", lambda realm, url: None)
    return made


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tables of a target that `quick` made stay at the start of a move."""
    with monkeypatch.context() as only_then:
        only_then.setattr(target, "clean", lambda connection: None)
        yield


def a_move(url: str) -> Move:
    return Move("m" + str(time.monotonic_ns()), "work", config().realms["work"], url, "test", record.now())


def test_killed_at_any_step_it_is_whole_in_one_place(
    home: Path, quick: Callable[[], str], monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    for where, (*_, is_moved) in KILLS.items():
        old, new = server.copy(config().realms["work"]), quick()
        put_realm(home, "work", old)
        move = Move(f"m{time.monotonic_ns()}", "work", old, new, "test", record.now())
        with monkeypatch.context() as only_then:
            only_then.setattr(target, "clean", lambda connection: None)
            die_at(where, move)

        found = settling.settle("work")

        assert found is not None, where
        assert found.step is (Step.DONE if is_moved else Step.BACK), where
        assert (is_written(old), _holds(new)) == ((False, True) if is_moved else (True, False)), where
        assert tomllib.loads((home / "rialto.toml").read_text())["realms"]["work"] == (new if is_moved else old), where
        assert moved.now_at(old, moved.read(home)) == (new if is_moved else old), where
        assert settling.settle("work") == found, where  # again: nothing changes


def _holds(url: str) -> bool:
    """Whether it holds the realm's tables, and may be written."""
    with psycopg.connect(url) as connection:
        return bool(tables_in(connection)) and mark_of(connection) == ("", "") and is_written(url)


# --- rolled back -------------------------------------------------------------------------------------------------


def test_a_row_that_differs_rolls_it_back(
    home: Path, quick: Callable[[], str], keep: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = config().realms["work"], quick()
    ask(old, "INSERT INTO jobs_receipt (handler, key, at) VALUES ('h', 'k', now()) RETURNING 1")
    compare = carrying.compare_all

    def spoilt(source: Any, other: Any, *rest: Any) -> int:
        other.execute("UPDATE jobs_receipt SET handler = 'x'")
        return compare(source, other, *rest)

    monkeypatch.setattr(carrying, "compare_all", spoilt)

    with pytest.raises(Doubt, match="jobs_receipt: 1 rows in both"):
        mover.run(a_move(new))

    assert is_written(old)
    assert ask(old, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rialto_move%'") == [(0,)]
    assert config().realms["work"] == old
    found = record.last("work")
    assert found is not None and found.step is Step.BACK


def test_a_transaction_that_does_not_end_holds_the_switch_off_and_nobody_else(
    home: Path, quick: Callable[[], str], keep: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = config().realms["work"], quick()
    monkeypatch.setattr(mover, "TRIES", 2)
    monkeypatch.setattr(mover, "BETWEEN_S", 0.05)
    busy: list[Any] = []
    verify = mover._Mover._verify

    def then_somebody_writes(self: Any) -> None:
        verify(self)
        busy.append(psycopg.connect(old))
        busy[0].execute("INSERT INTO jobs_receipt (handler, key, at) VALUES ('long', 'k', now())")

    monkeypatch.setattr(mover._Mover, "_verify", then_somebody_writes)

    with pytest.raises(MoveStopped, match="in 2 tries"):
        mover.run(a_move(new))

    assert config().realms["work"] == old
    busy[0].commit()
    busy[0].close()
    found = settling.settle("work")  # the triggers could not be taken away before
    assert found is not None and found.step is Step.BACK
    assert ask(old, "SELECT count(*) FROM jobs_receipt WHERE handler = 'long'") == [(1,)]
    assert is_written(old)


def test_a_table_emptied_on_the_way_rolls_it_back(
    home: Path, quick: Callable[[], str], keep: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = config().realms["work"], quick()
    put_back = target.put_back

    def emptied(*args: Any) -> None:
        with psycopg.connect(old) as connection:
            connection.execute("TRUNCATE jobs_receipt")
        put_back(*args)

    monkeypatch.setattr(target, "put_back", emptied)

    with pytest.raises(MoveStopped, match="jobs_receipt was emptied"):
        mover.run(a_move(new))

    assert is_written(old)


def test_asked_to_stop_it_stops(home: Path, quick: Callable[[], str], keep: None) -> None:
    move = a_move(quick())
    record.ask_to_stop(move)

    with pytest.raises(MoveStopped, match="stopped by hand"):
        mover.run(move)

    assert is_written(config().realms["work"])


def test_an_old_database_that_is_gone_leaves_it_undecided(home: Path, empty: Callable[[], str], server: Server) -> None:
    move = a_move(empty())
    move.source, move.step = server.url("not_there"), Step.SWITCH
    record.save(move)

    with pytest.raises(MoveUndecided):
        settling.settle("work")

    found = record.last("work")
    assert found is not None and not found.is_over


def test_what_is_no_place_for_a_realm_is_refused_before_anything_is_begun(
    home: Path, empty: Callable[[], str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = server.copy(config().realms["work"])
    refused = {
        "there is no such database": server.url("not_there"),
        "in that database already": config().realms["work"] + "&application_name=other",
        "not empty": used,
        "it holds tables of": server.url(connections["orders"].settings_dict["NAME"]),
    }

    for sentence, url in refused.items():
        with pytest.raises(MoveRefused, match=sentence):
            mover.plan("work", url, by="test")

    with pytest.raises(MoveRefused, match="no realm"):
        mover.plan("nothing", empty(), by="test")
    monkeypatch.setenv("RIALTO_REALMS__WORK", config().realms["work"])
    with pytest.raises(Exception, match="comes from the environment"):
        mover.plan("work", empty(), by="test")
    assert record.last("work") is None


def test_one_realm_is_moved_by_one(home: Path, empty: Callable[[], str]) -> None:
    with record.held("work"), pytest.raises(processes.Locked):
        mover.run(a_move(empty()))
