"""What edges share when they read a log: never older than the question, never another log's."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from sync import logtail
from sync.logtail import NoLogYet, SharedBodies, SharedTail, read_tail
from sync.sequencer import sequence_all
from sync.store.central.log import begin_anew
from sync.store.central.models import SyncHead, SyncLog
from sync.tests import house
from sync.tests.house import CATALOG, in_thread

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["orders", CATALOG]),
    pytest.mark.usefixtures("declared"),
]


async def grow(*keys: str) -> None:
    await in_thread(lambda: [house.put_item(key, b"body") for key in keys])
    await sequence_all(CATALOG)


def keys_after(tail: SharedTail, seq: int, asked: float | None = None) -> list[str]:
    return [row.key for row in tail.after(seq, time.monotonic() if asked is None else asked).rows]


def questions(tail: SharedTail, asks: Sequence[tuple[int, float]]) -> int:
    """How many questions the database was asked."""
    with CaptureQueriesContext(connections[CATALOG]) as seen:
        for seq, asked in asks:
            tail.after(seq, asked)
    return len(seen)


async def test_edges_that_ask_at_one_moment_cost_one_question() -> None:
    await grow("a", "b", "c")
    tail, now = SharedTail(CATALOG), time.monotonic()

    assert await in_thread(lambda: questions(tail, [(0, now), (1, now), (3, now)])) == 1


async def test_who_asks_after_a_look_sees_what_came_meanwhile() -> None:
    await grow("a")
    tail = SharedTail(CATALOG)
    assert await in_thread(lambda: keys_after(tail, 0)) == ["a"]

    await grow("b")

    assert await in_thread(lambda: keys_after(tail, 1)) == ["b"]
    assert await in_thread(lambda: keys_after(tail, 0)) == ["a", "b"]


async def test_an_edge_behind_what_is_remembered_reads_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logtail, "KEEP_ROWS", 2)
    tail = SharedTail(CATALOG)
    for key in "abcd":
        await grow(key)
        await in_thread(lambda: keys_after(tail, 0))
    now = time.monotonic()
    await in_thread(lambda: tail.after(4, now))

    assert await in_thread(lambda: keys_after(tail, 0, now)) == ["a", "b", "c", "d"]
    assert await in_thread(lambda: keys_after(tail, 2, now)) == ["c", "d"]


async def test_an_edge_ahead_of_what_is_remembered_is_not_told_old_rows() -> None:
    await grow("a", "b")
    tail = SharedTail(CATALOG)
    await in_thread(lambda: tail.after(0, time.monotonic()))
    await grow("c")

    assert await in_thread(lambda: keys_after(tail, 3)) == []


async def test_a_log_that_began_anew_is_not_mixed_with_the_old_one() -> None:
    await grow("a", "b")
    tail = SharedTail(CATALOG)
    await in_thread(lambda: tail.after(0, time.monotonic()))

    await in_thread(lambda: begin_anew(CATALOG))
    await grow("c", "d", "e")

    assert await in_thread(lambda: keys_after(tail, 0)) == ["c", "d", "e"]


async def test_a_log_restored_under_its_old_epoch_is_known_by_its_chain() -> None:
    await grow("a")
    head = await in_thread(lambda: SyncHead.objects.using(CATALOG).values().get())
    await grow("b")
    tail = SharedTail(CATALOG)
    await in_thread(lambda: tail.after(0, time.monotonic()))

    def restore() -> None:
        SyncLog.objects.using(CATALOG).filter(seq__gt=head["head"]).delete()
        SyncHead.objects.using(CATALOG).update(**head)

    await in_thread(restore)
    await grow("other", "more")

    assert await in_thread(lambda: keys_after(tail, 1)) == ["other", "more"]


def test_those_who_wait_for_one_look_share_its_failure() -> None:
    tail, now = SharedTail("nowhere"), time.monotonic()
    failed: list[Exception] = []

    def ask() -> None:
        try:
            tail.after(0, now)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failed) == 3
    assert len({id(error) for error in failed}) == 1


def test_a_realm_without_a_log_says_so_until_it_has_one() -> None:
    SyncHead.objects.using(CATALOG).all().delete()
    tail = SharedTail(CATALOG)

    with pytest.raises(NoLogYet):
        tail.after(0, time.monotonic())

    begin_anew(CATALOG)
    assert tail.after(0, time.monotonic()).head == 0


# --- bodies ------------------------------------------------------------------------------------------------------


class Shelf:
    """Bodies to be read, and which were."""

    def __init__(self) -> None:
        self.bodies: dict[str, tuple[int, bytes | None]] = {}
        self.read_keys: list[str] = []

    def read(self, topic: str, keys: Sequence[str]) -> Mapping[str, tuple[int, bytes | None]]:
        self.read_keys += keys
        return {key: self.bodies[key] for key in keys if key in self.bodies}


def test_a_body_is_read_once_for_all_and_again_when_a_newer_one_is_wanted() -> None:
    shelf, bodies = Shelf(), SharedBodies()
    shelf.bodies["k"] = (1, b"one")

    assert bodies.of("epoch", "item:all", {"k": 1}, shelf.read) == {"k": (1, b"one")}
    assert bodies.of("epoch", "item:all", {"k": 1}, shelf.read) == {"k": (1, b"one")}
    shelf.bodies["k"] = (3, b"three")
    assert bodies.of("epoch", "item:all", {"k": 2}, shelf.read) == {"k": (3, b"three")}
    assert bodies.of("epoch", "item:all", {"k": 3}, shelf.read) == {"k": (3, b"three")}

    assert shelf.read_keys == ["k", "k"]


def test_a_body_of_one_topic_is_not_another_topics() -> None:
    shelf, bodies = Shelf(), SharedBodies()
    shelf.bodies["k"] = (1, b"one")
    bodies.of("epoch", "item:all", {"k": 1}, shelf.read)
    shelf.bodies["k"] = (1, b"other")

    assert bodies.of("epoch", "item:tea", {"k": 1}, shelf.read) == {"k": (1, b"other")}


def test_after_a_restore_a_version_may_name_another_body() -> None:
    shelf, bodies = Shelf(), SharedBodies()
    shelf.bodies["k"] = (2, b"lost")
    bodies.of("before", "item:all", {"k": 2}, shelf.read)
    shelf.bodies["k"] = (1, b"restored")

    assert bodies.of("after", "item:all", {"k": 1}, shelf.read) == {"k": (1, b"restored")}


def test_what_is_gone_is_asked_for_each_time() -> None:
    shelf, bodies = Shelf(), SharedBodies()
    shelf.bodies["k"] = (1, b"one")
    bodies.of("epoch", "item:all", {"k": 1}, shelf.read)
    shelf.bodies["k"] = (2, None)

    assert bodies.of("epoch", "item:all", {"k": 2}, shelf.read) == {"k": (2, None)}
    assert bodies.of("epoch", "item:all", {"k": 1}, shelf.read) == {"k": (2, None)}


def test_bodies_do_not_outgrow_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logtail, "KEEP_BYTES", 10)
    shelf, bodies = Shelf(), SharedBodies()
    shelf.bodies = {"a": (1, b"12345"), "b": (1, b"12345"), "c": (1, b"12345")}
    for key in "abc":
        bodies.of("epoch", "item:all", {key: 1}, shelf.read)

    bodies.of("epoch", "item:all", {"b": 1, "c": 1}, shelf.read)
    bodies.of("epoch", "item:all", {"a": 1}, shelf.read)

    assert shelf.read_keys == ["a", "b", "c", "a"]


async def test_the_rows_are_those_of_the_database() -> None:
    await grow("a", "b")
    tail = SharedTail(CATALOG)

    shared = await in_thread(lambda: tail.after(0, time.monotonic()))

    assert shared == await in_thread(lambda: read_tail(CATALOG, 0))
