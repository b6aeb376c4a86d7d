"""Outbox and sequencer on a real PostgreSQL: dense whatever the writers do, and pointers rather than images."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connections

from node.realms import atomic
from sync.core import link as io
from sync.core.log import HeadOfLog, assert_dense, genesis, number
from sync.logreader import check, head_of, read_log
from sync.outbox import WAKE_CHANNEL, WAKE_EVERY, record_fact, record_state
from sync.sequencer import Sequencer, connect, sequence_all, sequence_batch
from sync.store.central.log import begin_anew, cut_log, state_of
from sync.store.central.models import EdgeCursor, Outbox, SyncLog
from sync.tests import house
from sync.tests.house import CATALOG, ORDERS, in_thread, until_db
from sync.topics import EdgeScope

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=[ORDERS, CATALOG, "edge"]),
    pytest.mark.usefixtures("declared"),
]

EDGE = EdgeScope("a", 1, frozenset(), frozenset())


def threads(count: int, work: Callable[[int], None]) -> None:
    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connections.close_all()

    running = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def rows() -> list[SyncLog]:
    return list(SyncLog.objects.using(CATALOG).order_by("seq"))


class _Undo(Exception):
    pass


async def test_the_log_is_dense_under_eight_writers_that_also_roll_back() -> None:
    kept: list[str] = []

    def write(number: int) -> None:
        draw = random.Random(number)
        for turn in range(60):
            key = f"{number}-{turn}"
            try:
                with atomic(CATALOG):
                    record_state("item:all", key, 1, realm=CATALOG)
                    if draw.random() < 0.3:
                        raise _Undo
            except _Undo:
                continue
            kept.append(key)

    sequencer = asyncio.create_task(Sequencer(CATALOG).run())
    await asyncio.to_thread(threads, 8, write)
    await until_db(lambda: Outbox.objects.using(CATALOG).count() == 0)
    sequencer.cancel()

    found = await in_thread(rows)
    assert_dense(0, [row.seq for row in found])
    assert sorted(row.key for row in found) == sorted(kept)
    head = await in_thread(lambda: head_of(CATALOG))
    start = HeadOfLog(head.epoch, 0, genesis(head.epoch), 0, b"")
    assert [(r.seq, bytes(r.chain)) for r in found] == number(start, [(r.topic, r.key, r.ver) for r in found])
    assert (found[-1].seq, bytes(found[-1].chain)) == (head.seq, head.chain)


async def test_two_sequencers_at_once_still_make_one_dense_log() -> None:
    await in_thread(lambda: [house.put_item(f"k{n}", b"") for n in range(300)])

    async def take() -> None:
        async with await connect(CATALOG) as conn:
            while await sequence_batch(conn):
                pass

    await asyncio.gather(take(), take())  # as if the advisory lock had failed

    found = await in_thread(rows)
    assert_dense(0, [row.seq for row in found])
    assert len({row.key for row in found}) == 300


async def test_only_one_sequencer_leads_and_the_other_takes_over() -> None:
    first, second = Sequencer(CATALOG), Sequencer(CATALOG)
    leading = asyncio.create_task(first.run())
    await house.until(lambda: first.is_leading)
    waiting = asyncio.create_task(second.run())
    await in_thread(lambda: house.put_item("one", b""))
    await until_db(lambda: SyncLog.objects.using(CATALOG).count() == 1)
    assert not second.is_leading

    leading.cancel()

    await house.until(lambda: second.is_leading)
    await in_thread(lambda: house.put_item("two", b""))
    await until_db(lambda: SyncLog.objects.using(CATALOG).count() == 2)
    waiting.cancel()


async def test_two_writers_of_one_row_cannot_leave_an_edge_with_the_older_image() -> None:
    """The outbox ids of two writers may stand against their commits' order: the log is pointers, read when sent."""
    await in_thread(lambda: house.put_item("row", b"start"))
    await sequence_all(CATALOG)
    start = await in_thread(lambda: head_of(CATALOG).cursor)
    first_has_id, second_done = threading.Event(), threading.Event()

    def slow() -> None:  # takes its outbox id first, commits last: ids say A, B; the row ends as A
        with atomic(CATALOG):
            record_state("item:all", "other", 1, realm=CATALOG)
            first_has_id.set()
            second_done.wait(10)
            [(ver,)] = house.run_sql(
                CATALOG, "UPDATE test_item SET ver = ver + 1, body = 'A' WHERE key = 'row' RETURNING ver"
            )
            house.run_sql(CATALOG, "UPDATE sync_central_outbox SET key = 'row', ver = %s WHERE key = 'other'", [ver])

    def quick() -> None:
        first_has_id.wait(10)
        house.put_item("row", b"B")
        second_done.set()

    await asyncio.to_thread(threads, 2, lambda number: (slow, quick)[number]())
    await sequence_all(CATALOG)

    vers = [row.ver for row in await in_thread(rows)]
    assert vers == [1, 3, 2]  # the images in id order would end at B
    read = await in_thread(lambda: read_log(io.ReadLog(CATALOG, start, 100, 10**6, frozenset({"item:all"})), {}))
    assert isinstance(read, io.LogRead)
    assert [(entry.ver, entry.body) for entry in read.entries] == [(3, b"A")]


async def test_a_batch_is_as_big_as_the_documents_its_pointers_lead_to() -> None:
    """A thousand pointers are small; with their documents they would be a frame that no web server lets out."""
    await in_thread(lambda: house.put_item("first", b"start"))
    await sequence_all(CATALOG)
    start = await in_thread(lambda: head_of(CATALOG).cursor)
    await in_thread(lambda: [house.put_item(f"k{number}", bytes([number]) * 1_000) for number in (1, 2, 3, 1, 2, 4, 5)])
    await sequence_all(CATALOG)

    got, after, batches = {}, start, 0
    while True:
        ask = io.ReadLog(CATALOG, after, 500, 2_300, frozenset({"item:all"}))
        read = await in_thread(lambda ask=ask: read_log(ask, {}))
        assert isinstance(read, io.LogRead)
        if not read.entries:
            break
        assert sum(entry.size for entry in read.entries) <= 2_300
        got |= {entry.key: entry.body for entry in read.entries}
        after, batches = read.to, batches + 1

    assert got == {f"k{number}": bytes([number]) * 1_000 for number in (1, 2, 3, 4, 5)}
    assert after.seq == read.head and batches >= 3


async def test_a_document_bigger_than_a_batch_travels_alone() -> None:
    await in_thread(lambda: house.put_item("first", b"start"))
    await sequence_all(CATALOG)
    start = await in_thread(lambda: head_of(CATALOG).cursor)
    await in_thread(lambda: [house.put_item("big", b"x" * 5_000), house.put_item("small", b"y")])
    await sequence_all(CATALOG)

    read = await in_thread(lambda: read_log(io.ReadLog(CATALOG, start, 500, 1_000, frozenset({"item:all"})), {}))

    assert isinstance(read, io.LogRead)
    assert [(entry.key, len(entry.body or b"")) for entry in read.entries] == [("big", 5_000)]


async def test_a_fact_travels_whole_and_a_rollback_publishes_nothing() -> None:
    def write() -> None:
        with pytest.raises(_Undo), atomic(ORDERS):
            record_fact("note", "k", b"undone", realm=ORDERS)
            raise _Undo
        house.add_note("k", b"done")

    await in_thread(write)
    await sequence_all(ORDERS)

    log = await in_thread(lambda: [bytes(row.body or b"") for row in SyncLog.objects.using(ORDERS).all()])
    assert log == [b"done"]


async def test_one_transaction_wakes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("sync.outbox.wake", woken.append)

    def write() -> None:
        with atomic(CATALOG):
            for number in range(50):
                record_state("item:all", f"k{number}", 1, realm=CATALOG)
        with pytest.raises(_Undo), atomic(CATALOG):
            record_state("item:all", "undone", 1, realm=CATALOG)
            raise _Undo
        with atomic(CATALOG):
            record_state("item:all", "last", 1, realm=CATALOG)

    await in_thread(write)

    assert woken == [CATALOG, CATALOG]


async def test_a_sequencer_that_is_awake_is_not_woken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.outbox._woken", {})

    async with await connect(CATALOG) as conn, await connect(CATALOG) as other:
        await conn.execute(f"LISTEN {WAKE_CHANNEL}")
        await in_thread(lambda: [house.put_item(f"k{n}", b"") for n in range(5)])
        monkeypatch.setattr("sync.outbox._woken", {CATALOG: time.monotonic() - WAKE_EVERY})
        await in_thread(lambda: house.put_item("later", b""))
        await other.execute(f"NOTIFY {WAKE_CHANNEL}, 'end'")
        told = []
        async for notify in conn.notifies(timeout=10):
            told.append(notify.payload)
            if notify.payload == "end":
                break

    assert told == ["", "", "end"]


async def test_a_cursor_of_another_epoch_or_another_history_must_fetch_again() -> None:
    await in_thread(lambda: [house.put_item("x", b"%d" % n) for n in range(5)])
    await sequence_all(CATALOG)
    cursor = await in_thread(lambda: head_of(CATALOG).cursor)
    at_three = await in_thread(lambda: bytes(SyncLog.objects.using(CATALOG).get(seq=3).chain))

    def verdict(seq: int, chain: bytes, epoch: str) -> tuple[str, str]:
        checked = check(EDGE, io.Check(CATALOG, type(cursor)(epoch, seq, chain)))
        return checked.verdict, checked.reason

    assert await in_thread(lambda: verdict(3, at_three, cursor.epoch)) == ("tail", "")
    assert await in_thread(lambda: verdict(3, b"forged", cursor.epoch)) == ("refetch", "chain")
    assert await in_thread(lambda: verdict(9, at_three, cursor.epoch)) == ("refetch", "ahead")
    await in_thread(lambda: begin_anew(CATALOG))
    assert await in_thread(lambda: verdict(3, at_three, cursor.epoch)) == ("refetch", "epoch")


async def test_the_log_is_cut_below_the_slowest_edge_and_never_above() -> None:
    await in_thread(lambda: [house.put_item("x", b"%d" % n) for n in range(10)])
    await sequence_all(CATALOG)
    epoch = await in_thread(lambda: head_of(CATALOG).epoch)

    def cut(**acked: int) -> tuple[int, int]:
        for edge, seq in acked.items():
            EdgeCursor.objects.using(CATALOG).update_or_create(edge=edge, defaults={"epoch": epoch, "seq": seq})
        gone = cut_log(CATALOG)
        return gone, SyncLog.objects.using(CATALOG).order_by("seq").first().seq  # type: ignore[union-attr]

    assert await in_thread(lambda: cut(fast=9, slow=4)) == (4, 5)
    assert await in_thread(lambda: cut()) == (0, 5)
    assert await in_thread(lambda: cut(slow=7)) == (3, 8)
    state = await in_thread(lambda: state_of(CATALOG))
    assert (state.head, state.floor, state.waiting, state.edges) == (10, 7, 0, {"fast": 9, "slow": 7})
    head = await in_thread(lambda: head_of(CATALOG))
    checked = await in_thread(lambda: check(EDGE, io.Check(CATALOG, type(head.cursor)(epoch, 7, head.floor_chain))))
    assert checked.verdict == "tail"


async def test_a_silent_realm_of_another_database_does_not_hold_the_log_up() -> None:
    """The xmin horizon would: an open write transaction elsewhere in the server hides committed rows from it."""
    opened, end = threading.Event(), threading.Event()

    def hold() -> None:
        with atomic(ORDERS):
            house.run_sql(ORDERS, "INSERT INTO test_taken (edge, body) VALUES ('x', '')")
            opened.set()
            end.wait(10)

    holder = asyncio.create_task(asyncio.to_thread(threads, 1, lambda _: hold()))
    await asyncio.to_thread(opened.wait, 10)
    await in_thread(lambda: house.put_item("x", b""))

    moved = await sequence_all(CATALOG)

    end.set()
    await holder
    assert moved == 1


@pytest.mark.slow
async def test_the_sequencer_moves_four_thousand_entries_a_second() -> None:
    await in_thread(
        lambda: house.run_sql(
            CATALOG,
            "INSERT INTO sync_central_outbox (topic, key, ver, op, schema) "
            "SELECT 'item:all', 'k' || n, 1, 's', 1 FROM generate_series(1, 20000) n",
        )
    )
    began = asyncio.get_running_loop().time()

    await sequence_all(CATALOG)

    assert 20_000 / (asyncio.get_running_loop().time() - began) > 4_000
