from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, connections

from node import supervise
from node.config import load
from node.realms import EDGE, atomic, on_commit
from sync.contracts.codec import pack
from sync.contracts.documents import RateDoc
from sync.store.edge import documents
from sync.store.edge.highwater import DiskRolledBack, HighWater, adopt_epoch
from sync.store.edge.models import Document, Outgoing, OutgoingHead
from sync.store.edge.outbox import Queued, backlog, enqueue, heads, on_queued
from sync.store.writer import Writer, reader, writer

pytestmark = pytest.mark.django_db(transaction=True, databases=["edge"])


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    writer.stop()
    reader.stop()


def keep(key: str, *, ver: int = 1, body: bytes | None = b"x") -> Document:
    return Document.objects.create(topic="item:all", key=key, ver=ver, body=body)


def keys() -> set[str]:
    return set(Document.objects.values_list("key", flat=True))


def hold_writer() -> threading.Event:
    """The writer is busy until the event is set; what is queued meanwhile waits together."""
    begun, held = threading.Event(), threading.Event()
    writer.submit(lambda: begun.set() or held.wait(10))
    begun.wait(10)
    return held


async def test_what_is_returned_is_committed() -> None:
    row = await writer.run(lambda: keep("one"))

    assert row.pk
    assert await reader.run(keys) == {"one"}


async def test_an_error_goes_to_its_caller_only_and_undoes_its_job_only() -> None:
    held = hold_writer()  # so that the rest share a transaction

    def bad() -> None:
        keep("half")
        keep("one")

    jobs = [writer.submit(work) for work in (lambda: keep("one"), bad, lambda: keep("two"))]
    held.set()

    jobs[0].result()
    with pytest.raises(IntegrityError):
        jobs[1].result()
    jobs[2].result()
    assert await reader.run(keys) == {"one", "two"}


async def test_jobs_that_wait_together_share_one_commit() -> None:
    commits: list[int] = []
    unhook = writer.after_group(lambda: commits.append(1))
    held = hold_writer()
    jobs = [writer.submit(lambda n=n: keep(f"k{n}")) for n in range(50)]  # type: ignore[misc]
    held.set()
    for job in jobs:
        job.result()
    unhook()

    assert len(commits) == 2


async def test_a_job_that_failed_after_writing_makes_its_group_run_again_and_one_that_failed_before_does_not() -> None:
    ran: list[str] = []

    def work(name: str, *, writes: bool = True, fails: bool = False) -> Callable[[], None]:
        def run() -> None:
            ran.append(name)
            if writes:
                keep(name)
            if fails:
                raise ValueError(name)

        return run

    async def group(*works: Callable[[], None]) -> list[str]:
        ran.clear()
        held = hold_writer()
        jobs = [writer.submit(each) for each in works]
        held.set()
        return [str(error) for job in jobs if (error := await reader.run(job.exception))]

    assert await group(work("a"), work("refused", writes=False, fails=True), work("b")) == ["refused"]
    assert ran == ["a", "refused", "b"]
    assert await group(work("c"), work("half", fails=True), work("d")) == ["half"]
    assert ran == ["c", "half", "c", "half", "d"]
    assert await reader.run(keys) == {"a", "b", "c", "d"}


async def test_an_op_of_a_group_that_ran_twice_is_told_of_once() -> None:
    def half() -> None:
        enqueue("orders", "thing", b"half")
        raise ValueError

    queued: list[int] = []
    unhear = on_queued(lambda one: queued.append(one.n))
    held = hold_writer()
    jobs = [writer.submit(work) for work in (lambda: enqueue("orders", "thing", b"1"), half)]
    held.set()

    assert jobs[0].result() == 1
    with pytest.raises(ValueError):
        jobs[1].result()
    unhear()
    assert queued == [1]


async def test_what_a_group_tells_a_loop_comes_in_one_piece_before_its_answers() -> None:
    loop, told = asyncio.get_running_loop(), []

    def work(n: int) -> None:
        keep(f"k{n}")
        on_commit(lambda: writer.post(loop, lambda: told.append(n)), realm=EDGE)

    held = hold_writer()
    jobs = [asyncio.ensure_future(writer.run(lambda n=n: work(n))) for n in range(3)]  # type: ignore[misc]
    await asyncio.sleep(0)
    held.set()
    await jobs[0]

    assert told == [0, 1, 2]
    await asyncio.gather(*jobs)


async def test_a_caller_that_gave_up_takes_nothing_back_and_breaks_nobody() -> None:
    held = hold_writer()
    given_up = asyncio.ensure_future(writer.run(lambda: keep("one")))
    other = asyncio.ensure_future(writer.run(lambda: keep("two")))
    await asyncio.sleep(0)
    given_up.cancel()
    held.set()
    await other

    assert await reader.run(keys) == {"one", "two"}


async def test_a_failed_commit_fails_every_job_of_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Writer()

    def break_commit() -> None:
        def disk_full() -> None:
            monkeypatch.undo()
            raise OperationalError("disk I/O error")

        keep("lost")
        monkeypatch.setattr(connections[EDGE], "_commit", disk_full)

    with pytest.raises(OperationalError, match="disk"):
        own.run_sync(break_commit)
    own.run_sync(lambda: keep("after"))
    own.stop()

    assert await reader.run(keys) == {"after"}


async def test_stop_finishes_what_is_queued_and_a_later_job_starts_again() -> None:
    jobs = [writer.submit(lambda n=n: keep(f"k{n}")) for n in range(20)]  # type: ignore[misc]

    writer.stop()

    assert all(job.done() for job in jobs)
    assert await writer.run(lambda: Document.objects.count()) == 20


async def test_a_job_may_run_another_inside_its_own_transaction() -> None:
    def outer() -> None:
        keep("outer")
        writer.run_sync(lambda: keep("inner"))

    await writer.run(outer)

    assert await reader.run(keys) == {"outer", "inner"}


async def test_documents_are_read_typed_and_a_tombstone_is_nothing() -> None:
    rate = RateDoc(base="EUR", quote="RUB", micros=98_500_000, ver=3)

    def write() -> None:
        Document.objects.create(topic="rate:all", key="EUR/RUB", ver=3, body=pack(rate))
        Document.objects.create(topic="rate:all", key="EUR/USD", ver=4, body=None)

    await writer.run(write)

    assert await reader.run(lambda: documents.get("rate:all", "EUR/RUB", RateDoc)) == rate
    assert await reader.run(lambda: documents.get("rate:all", "EUR/USD", RateDoc)) is None
    assert await reader.run(lambda: documents.get_many("rate:all", ["EUR/RUB", "EUR/USD"], RateDoc)) == {
        "EUR/RUB": rate
    }
    assert await reader.run(lambda: documents.all_of("rate:all", RateDoc)) == {"EUR/RUB": rate}
    assert await reader.run(lambda: documents.version("rate:all", "EUR/USD")) == 4
    assert await reader.run(lambda: documents.topics_like("rate")) == ["rate:all"]


async def test_numbers_are_dense_per_realm_and_a_rolled_back_op_takes_none() -> None:
    def undone() -> None:
        enqueue("orders", "thing", b"undone")
        raise ValueError

    queued: list[Queued] = []
    unhear = on_queued(queued.append)
    first = await writer.run(lambda: enqueue("orders", "thing", b"1", ref="r"))
    with pytest.raises(ValueError):
        await writer.run(undone)
    numbers = [await writer.run(lambda r=realm: enqueue(r, "thing", b"2")) for realm in ("orders", "catalog")]  # type: ignore[misc]
    unhear()

    assert (first, *numbers) == (1, 2, 1)
    assert [(one.realm, one.n) for one in queued] == [("orders", 1), ("orders", 2), ("catalog", 1)]
    assert await reader.run(backlog) == {"orders": 2, "catalog": 1}


def test_enqueue_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"writer\.run"):
        enqueue("orders", "thing", b"")


async def test_a_new_epoch_numbers_what_waits_anew_and_only_once() -> None:
    def acked() -> None:
        Outgoing.objects.filter(n__lte=2).delete()

    await writer.run(lambda: adopt_epoch(1))
    for body in (b"1", b"2", b"3", b"4"):
        await writer.run(lambda b=body: enqueue("orders", "thing", b))  # type: ignore[misc]
    await writer.run(acked)
    await writer.run(lambda: adopt_epoch(1))
    assert await reader.run(heads) == {"orders": 4}

    await writer.run(lambda: adopt_epoch(2))

    rows = await reader.run(lambda: list(Outgoing.objects.order_by("n").values_list("n", "body")))
    assert [(n, bytes(body)) for n, body in rows] == [(1, b"3"), (2, b"4")]
    assert await writer.run(lambda: enqueue("orders", "thing", b"5")) == 3
    assert await writer.run(lambda: enqueue("catalog", "thing", b"first")) == 1
    await writer.run(lambda: adopt_epoch(2))
    assert await reader.run(heads) == {"orders": 3, "catalog": 1}


def test_the_high_water_file_knows_a_rolled_back_database(tmp_path: Path) -> None:
    with atomic(EDGE):
        OutgoingHead.objects.create(realm="orders", epoch=1, n=7)
    water = HighWater(tmp_path / "water", 1)
    water.check()
    water.saw(Queued("orders", 9, "thing", b"", ""))
    water.write()
    water.close()

    with pytest.raises(DiskRolledBack) as fenced:
        HighWater(tmp_path / "water", 1).check()
    HighWater(tmp_path / "water", 2).check()  # joined again: another epoch, other numbers

    assert fenced.value.data == {"realm": "orders"}


def test_a_torn_or_missing_high_water_file_fences_nothing(tmp_path: Path) -> None:
    (tmp_path / "water").write_bytes(b'[1, {"orders": 9')

    HighWater(tmp_path / "water", 1).check()
    HighWater(tmp_path / "none", 1).check()


_KILLED_BEFORE_ITS_ANSWER = """
import os, signal
import django
django.setup()
from sync.store.edge import sql
from sync.store.writer import writer

writer.run_sync(lambda: sql.execute("CREATE TABLE kept (word TEXT)"))
writer.after_group(lambda: os.kill(os.getpid(), signal.SIGKILL))
writer.run_sync(lambda: sql.execute("INSERT INTO kept VALUES ('committed')"))
"""


def test_what_was_committed_stands_when_the_process_is_killed_before_it_answers(tmp_path: Path) -> None:
    (tmp_path / "rialto.toml").write_text(f'role = "edge"\nsecret_key = "{"x" * 40}"\n')
    settings = load(tmp_path)
    settings.edge_database.parent.mkdir(parents=True, exist_ok=True)

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_BEFORE_ITS_ANSWER], env=supervise.environment(settings), timeout=60, check=False
    )

    assert killed.returncode == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(settings.edge_database)) as disk:
        assert disk.execute("SELECT word FROM kept").fetchall() == [("committed",)]
