"""Hub and link end to end: one process, real WebSocket, PostgreSQL, Redis and SQLite."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest
from django.db import OperationalError, connections
from websockets.asyncio.client import ClientConnection, connect

from infra.crypto.signing import new_signing_key, sign
from node.errors import Refused, RialtoError
from node.realms import atomic
from sync import figures, hub
from sync.contracts import frames
from sync.contracts.frames import Op
from sync.intake import take_ops, try_quarantined
from sync.link import LinkDown, LinkSettings
from sync.logreader import head_of
from sync.replica import after_apply, applies, applies_fact, on_central_ack, told, when_fenced
from sync.store.central.log import begin_anew, cut_log
from sync.store.central.models import EdgeCursor, Quarantine
from sync.store.edge.highwater import HighWater
from sync.store.edge.models import Cursor, Document, Outgoing, OutgoingHead, Parked
from sync.store.edge.outbox import enqueue
from sync.store.writer import reader, writer
from sync.tests import house
from sync.tests.house import CATALOG, ORDERS, central, edge, in_thread, until, until_db
from sync.topics import EdgeScope, register_topic
from sync.upstream import Lock, answers, receives
from sync.version import VERSION

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=[ORDERS, CATALOG, "edge"]),
    pytest.mark.usefixtures("declared"),
]


def held() -> dict[str, bytes]:
    rows = Document.objects.filter(body__isnull=False).values_list("key", "body")
    return {key: bytes(body) for key, body in rows}


def has_tail(realm: str) -> bool:
    """The first snapshot is through."""
    return Cursor.objects.filter(realm=realm).exclude(epoch="").exists()


def quarantined() -> list[Quarantine]:
    return list(Quarantine.objects.using(ORDERS).filter(resolved__isnull=True).order_by("id"))


async def test_state_reaches_the_edge_by_snapshot_and_by_tail() -> None:
    await in_thread(lambda: house.put_item("before", b"1"))
    async with central() as home, edge(home):
        await until_db(lambda: held() == {"before": b"1"})

        await in_thread(lambda: house.put_item("after", b"2"))

        await until_db(lambda: held() == {"before": b"1", "after": b"2"})


async def test_a_deleted_item_goes_from_the_edge() -> None:
    await in_thread(lambda: [house.put_item("one", b"1"), house.put_item("two", b"2")])
    async with central() as home, edge(home):
        await until_db(lambda: len(held()) == 2)

        await in_thread(lambda: house.drop_item("one"))

        await until_db(lambda: held() == {"two": b"2"})


async def test_hooks_hear_of_each_new_version_once_and_the_loop_hears_after_the_commit() -> None:
    seen: list[tuple[str, int, bytes | None]] = []
    told: list[tuple[str, str]] = []

    @applies("item")
    def keep(topic: str, key: str, ver: int, body: bytes | None) -> None:
        seen.append((key, ver, body))

    @after_apply
    async def changed(entries: list[tuple[str, str]]) -> None:
        told.extend(entries)

    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)
        await in_thread(lambda: house.put_item("x", b"1"))
        await until(lambda: told == [("item:all", "x")])
        await in_thread(lambda: house.put_item("x", b"2"))
        await until(lambda: len(told) == 2)

    assert seen == [("x", 1, b"1"), ("x", 2, b"2")]


async def test_a_hook_that_fails_parks_its_document_and_the_stream_goes_on() -> None:
    @applies("item")
    def keep(topic: str, key: str, ver: int, body: bytes | None) -> None:
        if body == b"bad":
            raise ValueError("cannot read this")

    async with central() as home, edge(home):
        await in_thread(lambda: [house.put_item("a", b"bad"), house.put_item("b", b"good")])
        await until_db(lambda: held() == {"a": b"bad", "b": b"good"})
        assert await reader.run(lambda: list(Parked.objects.values_list("key", flat=True))) == ["a"]

        await in_thread(lambda: house.put_item("a", b"mended"))

        await until_db(lambda: Parked.objects.count() == 0)


async def test_an_op_is_taken_in_once_and_its_ack_names_it() -> None:
    acked: list[str] = []
    on_central_ack("thing")(lambda refs: acked.extend(refs))
    async with central() as home, edge(home):
        await writer.run(lambda: enqueue(ORDERS, "thing", b"one", ref="r1"))
        await writer.run(lambda: enqueue(ORDERS, "thing", b"two", ref="r2"))

        await until(lambda: acked == ["r1", "r2"])
        await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(house.taken) == [b"one", b"two"]


async def test_an_ack_that_could_not_be_noted_comes_again() -> None:
    told: list[str] = []

    @on_central_ack("thing")
    async def note(refs: list[str]) -> None:
        told.extend(refs)
        if len(told) == 1:
            raise OperationalError("database or disk is full")

    async with central() as home, edge(home):
        await writer.run(lambda: enqueue(ORDERS, "thing", b"one", ref="r1"))

        await until(lambda: told == ["r1", "r1"])
        await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(house.taken) == [b"one"]


async def test_ops_made_while_cut_off_arrive_once_and_in_order() -> None:
    async with central() as home:
        settings = home.settings("a")
        for number in range(400):
            await writer.run(lambda n=number: enqueue(ORDERS, "thing", b"%d" % n))

        async with edge(home, settings=settings):
            await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(house.taken) == [b"%d" % n for n in range(400)]


@pytest.mark.slow
async def test_a_cut_in_the_middle_loses_and_doubles_nothing() -> None:
    async with central() as home:
        proxy = house.Proxy(home.port)
        await proxy.start()
        try:
            async with edge(home, settings=home.settings("a", port=proxy.port)) as link:
                await until(lambda: link.is_up)
                for number in range(150):
                    await writer.run(lambda n=number: enqueue(ORDERS, "thing", b"%d" % n))
                    await in_thread(lambda n=number: house.put_item(f"k{n % 40:02}", b"%d" % n))
                    if number % 50 == 25:
                        proxy.cut()
                        await until(lambda: not link.is_up)
                        proxy.heal()

                await until_db(lambda: Outgoing.objects.count() == 0, seconds=20)
                await until_db(lambda: held() == {f"k{n % 40:02}": b"%d" % n for n in range(110, 150)}, seconds=20)
        finally:
            await proxy.stop()

    assert await in_thread(house.taken) == [b"%d" % n for n in range(150)]


async def test_a_repeat_is_acked_again_and_of_a_copied_disk_nothing_is_taken() -> None:
    scope = EdgeScope("a", 1, frozenset(), frozenset())
    first = [Op("thing", b"one"), Op("thing", b"two")]
    await in_thread(lambda: take_ops(scope, ORDERS, 1, first))

    again = await in_thread(lambda: take_ops(scope, ORDERS, 1, first))
    forged = await in_thread(lambda: take_ops(scope, ORDERS, 2, [Op("thing", b"other"), Op("thing", b"three")]))

    assert (again.last, again.is_forked, forged.last, forged.is_forked) == (2, False, 2, True)
    assert await in_thread(house.taken) == [b"one", b"two"]
    assert await in_thread(quarantined) == []


async def test_a_gap_is_not_taken() -> None:
    scope = EdgeScope("a", 1, frozenset(), frozenset())
    await in_thread(lambda: take_ops(scope, ORDERS, 1, [Op("thing", b"one")]))

    answer = await in_thread(lambda: take_ops(scope, ORDERS, 3, [Op("thing", b"three")]))

    assert (answer.last, answer.is_gap) == (1, True)
    assert await in_thread(house.taken) == [b"one"]


async def test_what_a_restored_realm_has_lost_is_told_and_the_rest_goes_on() -> None:
    scope = EdgeScope("a", 1, frozenset(), frozenset())

    answer = await in_thread(lambda: take_ops(scope, ORDERS, 8, [Op("thing", b"eight")], floor=8))

    assert answer.last == 8
    assert await in_thread(house.taken) == [b"eight"]
    assert "1 to 7" in (await in_thread(lambda: [q.reason for q in quarantined()]))[0]


async def test_poison_goes_to_quarantine_and_the_ops_behind_it_go_on() -> None:
    async with central() as home, edge(home):
        for body in (b"one", b"poison", b"two"):
            await writer.run(lambda b=body: enqueue(ORDERS, "thing", b))
        await writer.run(lambda: enqueue(ORDERS, "nobody knows", b"?"))

        await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(house.taken) == [b"one", b"two"]
    found = await in_thread(lambda: [(q.n, q.kind, bytes(q.body), q.reason) for q in quarantined()])
    assert found == [
        (2, "thing", b"poison", "it is poison"),
        (4, "nobody knows", b"?", "nobody here takes in the kind 'nobody knows'"),
    ]


async def test_poison_among_neighbours_undoes_their_work_and_each_is_taken_in_once() -> None:
    ops = [Op("thing", body) for body in (b"one", b"poison", b"two")]

    taken = await in_thread(lambda: take_ops(EdgeScope("a", 1, frozenset(), frozenset()), ORDERS, 1, ops))

    assert (taken.last, taken.is_gap) == (3, False)
    assert await in_thread(house.taken) == [b"one", b"two"]
    assert await in_thread(lambda: [(q.n, bytes(q.body)) for q in quarantined()]) == [(2, b"poison")]


async def test_a_quarantined_op_can_be_tried_again_after_its_cause_is_mended() -> None:
    scope = EdgeScope("a", 1, frozenset(), frozenset())
    await in_thread(lambda: take_ops(scope, ORDERS, 1, [Op("late", b"one")]))
    receives("late", realm=ORDERS)(lambda edge, body: house.run_sql(ORDERS, house.TAKE, ["a", body]) and None)

    await in_thread(lambda: try_quarantined(quarantined()[0].pk, realm=ORDERS))

    assert await in_thread(house.taken) == [b"one"]
    assert await in_thread(quarantined) == []


async def test_a_followed_key_brings_its_state_and_then_each_fact() -> None:
    # A piece may come in the state and by the log too, and the state twice: facts commute and are joined.
    facts: dict[tuple[str, bytes], None] = {}

    @applies_fact("note")
    def keep(key: str, body: bytes) -> None:
        facts[key, body] = None

    await in_thread(lambda: [house.add_note("mine", b"1"), house.add_note("other", b"x")])
    async with central() as home, edge(home) as link:
        await until_db(lambda: has_tail(ORDERS))
        link.subscribe("mine", topic="note")
        await until(lambda: ("mine", b"1") in facts)

        await in_thread(lambda: [house.add_note("mine", b"2"), house.add_note("other", b"y")])
        await until(lambda: ("mine", b"2") in facts)

        link.unsubscribe("mine", topic="note")
        link.subscribe("other", topic="note")
        await until(lambda: ("other", b"xy") in facts)
        await in_thread(lambda: [house.add_note("mine", b"3"), house.add_note("other", b"z")])
        await until(lambda: ("other", b"z") in facts)

    assert ("other", b"x") not in facts  # it was not followed yet
    assert not any(key == "mine" and b"3" in body for key, body in facts)  # it was not followed any more


@pytest.mark.slow
async def test_interest_outlives_a_reconnect() -> None:
    facts: list[bytes] = []
    applies_fact("note")(lambda key, body: facts.append(body))
    async with central() as home:
        proxy = house.Proxy(home.port)
        await proxy.start()
        try:
            async with edge(home, settings=home.settings("a", port=proxy.port)) as link:
                link.subscribe("mine", topic="note")
                await until(lambda: link.is_up)
                proxy.cut()
                await until(lambda: not link.is_up)
                await in_thread(lambda: house.add_note("mine", b"meanwhile"))
                proxy.heal()

                await until(lambda: b"meanwhile" in facts)
        finally:
            await proxy.stop()


async def test_a_question_is_answered_and_an_error_comes_back_with_its_code() -> None:
    @answers("refuse")
    def refuse(edge: EdgeScope, body: bytes) -> bytes:
        raise Refused("not today")

    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)

        assert await link.request("echo", b"hello", timeout=5) == b"a:hello"
        with pytest.raises(RialtoError) as refused:
            await link.request("refuse", b"", timeout=5)
        assert (refused.value.code, str(refused.value)) == ("refused", "not today")
        with pytest.raises(RialtoError) as unknown:
            await link.request("nobody answers this", b"", timeout=5)
        assert unknown.value.code == "unknown_request"

    with pytest.raises(LinkDown):
        await link.request("echo", b"", timeout=1)


async def test_a_slow_answer_is_link_down_at_its_deadline() -> None:
    go_on = threading.Event()
    answers("slow")(lambda edge, body: (go_on.wait(10) and b"late") or b"")
    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)

        with pytest.raises(LinkDown):
            await link.request("slow", b"", timeout=0.2)
        assert await link.request("echo", b"next", timeout=5) == b"a:next"
        go_on.set()


async def test_a_question_on_a_link_that_breaks_is_told_at_once_and_the_link_is_soon_back() -> None:
    go_on = threading.Event()
    answers("slow")(lambda edge, body: (go_on.wait(10) and b"late") or b"")
    async with central() as home:
        proxy = house.Proxy(home.port)
        await proxy.start()
        try:
            async with edge(home, settings=home.settings("a", port=proxy.port)) as link:
                await until(lambda: link.is_up)
                asked = asyncio.create_task(link.request("slow", b"", timeout=60))
                await link.request("echo", b"it is on its way", timeout=5)
                proxy.cut()
                proxy.heal()
                with pytest.raises(LinkDown):
                    await asyncio.wait_for(asked, 5)

                assert not link.is_up
                assert await link.comes_back(within=5)
                assert await link.request("echo", b"again", timeout=5) == b"a:again"
        finally:
            go_on.set()
            await proxy.stop()


async def test_nobody_waits_for_a_link_that_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    async with central() as home:
        proxy = house.Proxy(home.port)
        await proxy.start()
        try:
            async with edge(home, settings=home.settings("a", port=proxy.port)) as link:
                await until(lambda: link.is_up)
                proxy.cut()
                await until(lambda: not link.is_up)
                assert not await link.comes_back(within=0.1)

                monkeypatch.setattr("sync.link.BREAK", 0.0)

                assert not await asyncio.wait_for(link.comes_back(within=60), 5)
        finally:
            await proxy.stop()


async def test_central_can_tell_an_edge() -> None:
    heard: list[bytes] = []
    told("recall")(lambda body: heard.append(body))
    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)

        await asyncio.to_thread(hub.tell, "a", "recall", b"units")
        await until(lambda: heard == [b"units"])
        hub.tell("a", "recall", b"from the loop")
        await until(lambda: len(heard) == 2)


# --- who may speak -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_revoked_node_is_closed_within_five_seconds() -> None:
    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)

        home.directory.change("a", is_revoked=True)

        await until(lambda: not link.is_up, seconds=5)
        await until(lambda: link.status()["trouble"] == "refused:revoked")


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"is_revoked": True}, "refused:revoked"),
        ({"epoch": 2}, "refused:stale_epoch"),
        ({"sign_key": b"\1" * 32}, "refused:bad_signature"),
    ],
)
async def test_a_node_that_is_not_what_central_knows_is_refused(change: dict[str, object], trouble: str) -> None:
    async with central() as home:
        settings = home.settings("a")
        home.directory.change("a", **change)
        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == trouble)
            assert not link.is_up


async def test_an_unknown_node_is_refused() -> None:
    async with central() as home:
        settings = home.settings("a")
        home.directory.nodes.clear()
        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "refused:unknown_node")


async def test_an_edge_refuses_a_central_with_another_key() -> None:
    async with central() as home:
        settings = home.settings("a")
        home.directory.key = new_signing_key()
        hub.set_directory(home.directory)
        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "refused:bad_central")
            assert not link.is_up


@asynccontextmanager
async def dialled(settings: LinkSettings, last_n: dict[str, int] | None = None) -> AsyncIterator[ClientConnection]:
    """A connection on which the node has said its HELLO."""
    async with connect(settings.socket_url, proxy=None) as socket:
        challenge = await heard(socket)
        assert isinstance(challenge, frames.Challenge)
        hello = frames.Hello(node=settings.node, epoch=settings.epoch, nonce=b"e" * 32, last_n=last_n or {})
        signature = sign(settings.sign_key, hello.signed_part(challenge.nonce))
        await socket.send(frames.encode(frames.signed(hello, signature)))
        yield socket


async def heard(socket: ClientConnection) -> frames.Frame | None:
    return frames.decode(await socket.recv())


async def refusal(socket: ClientConnection) -> frames.Refused:
    while not isinstance(frame := await heard(socket), frames.Refused):
        pass
    return frame


async def test_a_replayed_hello_is_refused() -> None:
    async with central() as home:
        settings = home.settings("a")
        hello = frames.Hello(node="a", epoch=1, nonce=b"e" * 32)
        async with connect(settings.socket_url, proxy=None) as socket:
            challenge = frames.decode(await socket.recv())
            assert isinstance(challenge, frames.Challenge)
            signature = sign(settings.sign_key, hello.signed_part(challenge.nonce))
            recorded = frames.encode(frames.signed(hello, signature))
            await socket.send(recorded)
            assert isinstance(frames.decode(await socket.recv()), frames.Welcome)

        async with connect(settings.socket_url, proxy=None) as socket:
            await socket.recv()
            await socket.send(recorded)
            refused = frames.decode(await socket.recv())

    assert isinstance(refused, frames.Refused)
    assert refused.code == "bad_signature"


async def test_an_altered_hello_is_refused() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with connect(settings.socket_url, proxy=None) as socket:
            challenge = frames.decode(await socket.recv())
            assert isinstance(challenge, frames.Challenge)
            hello = frames.Hello(node="a", epoch=1, nonce=b"e" * 32)
            signature = sign(settings.sign_key, hello.signed_part(challenge.nonce))
            altered = msgspec.structs.replace(hello, last_n={ORDERS: 5}, signature=signature)
            await socket.send(frames.encode(altered))
            refused = frames.decode(await socket.recv())

    assert isinstance(refused, frames.Refused)


async def test_nothing_is_served_before_the_hello_and_rubbish_closes() -> None:
    async with central() as home:
        await in_thread(lambda: house.put_item("secret", b"1"))
        async with connect(f"ws://127.0.0.1:{home.port}/_link", proxy=None) as socket:
            await socket.recv()
            await socket.send(frames.encode(frames.SnapAsk(realm=CATALOG)))
            await socket.send('{"t":"a frame of tomorrow"}')
            await socket.send("rubbish")
            answer = frames.decode(await socket.recv())

    assert isinstance(answer, frames.Refused)
    assert answer.code == "bad_frame"


async def test_known_edges_stay_and_come_back_while_the_directory_is_down() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings) as link:
            await until(lambda: link.is_up)
            home.directory.fails = OperationalError("the realm is down")
        async with edge(home, settings=settings) as link:
            await until(lambda: link.is_up)
            await in_thread(lambda: house.put_item("x", b"1"))
            await until_db(lambda: held() == {"x": b"1"})


@pytest.fixture
def fenced() -> list[str]:
    """What was said when this disk was found not to be the only one with its past."""
    said: list[str] = []
    when_fenced(lambda: said.append("fenced"))
    return said


async def test_a_node_with_a_rolled_back_disk_is_refused_and_its_epoch_is_over(fenced: list[str]) -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await writer.run(lambda: enqueue(ORDERS, "thing", b"one"))
            await until_db(lambda: Outgoing.objects.count() == 0)
        await writer.run(lambda: OutgoingHead.objects.exclude(realm="").delete())
        HighWater.beside_database(1).path.unlink()

        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "refused:rolled_back")
            await until(lambda: fenced == ["fenced"])
            await until(lambda: home.directory.nodes["a"].is_fenced)

        # It may number on past what central knows: its epoch is over all the same.
        for number in range(3):
            await writer.run(lambda n=number: enqueue(ORDERS, "thing", b"%d" % n))
        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "refused:rolled_back")
    assert await in_thread(house.taken) == [b"one"]


def overtake(scope: EdgeScope, is_locked: threading.Event, go_on: threading.Event) -> None:
    """Another worker takes an op in, and nobody can ask what was taken in until it has."""
    with atomic(ORDERS):
        house.run_sql(ORDERS, "LOCK TABLE sync_central_lastn")
        is_locked.set()
        assert go_on.wait(10)
        take_ops(scope, ORDERS, 1, [Op("thing", b"through a newer session")])
    connections.close_all()


def waits_for_a_lock() -> bool:
    return bool(
        house.run_sql(ORDERS, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'sync_central_lastn'::regclass")
    )


async def test_a_session_that_was_late_to_ask_ends_no_epoch_and_the_next_of_a_rolled_back_disk_does() -> None:
    is_locked, go_on = threading.Event(), threading.Event()
    async with central() as home:
        settings = home.settings("a")
        newer = asyncio.create_task(asyncio.to_thread(overtake, home.directory.nodes["a"].scope, is_locked, go_on))
        await until(is_locked.is_set)
        async with dialled(settings) as late:
            assert isinstance(await heard(late), frames.Welcome)
            await until_db(waits_for_a_lock)
            go_on.set()
            await newer
            assert (await refusal(late)).code == "look_again"
        assert not home.directory.nodes["a"].is_fenced

        async with dialled(settings, {ORDERS: 1}) as true_disk:
            assert isinstance(await heard(true_disk), frames.Welcome)
        async with dialled(settings) as rolled_back:
            assert (await refusal(rolled_back)).code == "rolled_back"
            await until(lambda: home.directory.nodes["a"].is_fenced)


async def test_a_copied_disk_that_went_on_by_itself_ends_its_epoch(fenced: list[str]) -> None:
    async with central() as home:
        settings = home.settings("a")
        scope = home.directory.nodes["a"].scope
        await in_thread(lambda: take_ops(scope, ORDERS, 1, [Op("thing", b"of the other disk")]))
        await writer.run(lambda: [enqueue(ORDERS, "thing", b"of this one"), enqueue(ORDERS, "thing", b"its seal")])

        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "refused:rolled_back")
            await until(lambda: fenced == ["fenced"])
            await until(lambda: home.directory.nodes["a"].is_fenced)
        kept = await writer.run(lambda: [bytes(row.body) for row in Outgoing.objects.order_by("n")])

    assert kept == [b"of this one", b"its seal"]
    assert await in_thread(house.taken) == [b"of the other disk"]


async def test_the_high_water_file_fences_a_rolled_back_database_without_central(fenced: list[str]) -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await writer.run(lambda: enqueue(ORDERS, "thing", b"one"))
            await until_db(lambda: Outgoing.objects.count() == 0)
        await writer.run(lambda: OutgoingHead.objects.exclude(realm="").delete())

        async with edge(home, settings=settings) as link:
            await until(lambda: link.status()["trouble"] == "disk_rolled_back")
            assert fenced == ["fenced"]


async def test_a_newer_link_of_the_same_node_ends_the_older() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings) as older:
            await until(lambda: older.is_up)
            dials = older.status()["dials"]
            async with edge(home, settings=settings) as newer:
                await until(lambda: newer.is_up)
                await until(lambda: not older.is_up or older.status()["dials"] > dials)


# --- audience and versions ---------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_edge_holds_only_its_own_topics_and_follows_a_change_of_scope() -> None:
    await in_thread(lambda: [house.put_item("t", b"1", topic="item:tea"), house.put_item("c", b"1", topic="item:clay")])
    async with central() as home:
        settings = home.settings("a")
        home.directory.give_sites("a", "tea")
        async with edge(home, settings=settings):
            await until_db(lambda: held() == {"t": b"1"})

            home.directory.give_sites("a", "clay")
            await until_db(lambda: held() == {"c": b"1"})
            await in_thread(
                lambda: [house.put_item("t", b"2", topic="item:tea"), house.put_item("c", b"2", topic="item:clay")]
            )
            await until_db(lambda: held() == {"c": b"2"})


async def test_a_schema_gap_pauses_that_topic_and_nothing_else() -> None:
    register_topic(replace(house.ITEMS, name="newer", schema=2, audience=lambda scope: {"newer:all"}))
    await in_thread(lambda: [house.put_item("n", b"1", topic="newer:all"), house.put_item("x", b"1")])
    applies("newer")(lambda topic, key, ver, body: None)
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings) as link:
            await until_db(lambda: held() == {"x": b"1"})
            await in_thread(lambda: [house.put_item("n", b"2", topic="newer:all"), house.put_item("x", b"2")])
            await until_db(lambda: held() == {"x": b"2"})
            assert link.status()["paused"] == ["newer:all"]

        applies("newer", schema=2)(lambda topic, key, ver, body: None)  # the edge is upgraded

        async with edge(home, settings=settings):
            await until_db(lambda: held() == {"x": b"2", "n": b"2"})


async def test_a_topic_that_no_app_of_the_edge_knows_is_stored_raw() -> None:
    register_topic(replace(house.ITEMS, name="tomorrow", schema=7, audience=lambda scope: {"tomorrow:all"}))
    await in_thread(lambda: house.put_item("t", b"1", topic="tomorrow:all"))
    async with central() as home, edge(home):
        await until_db(lambda: held() == {"t": b"1"})


# --- far behind --------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_log_that_began_anew_is_fetched_whole_and_older_versions_win() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await in_thread(lambda: [house.put_item("x", b"%d" % n) for n in range(5)])
            await in_thread(lambda: house.put_item("gone", b"1"))
            await until_db(lambda: held() == {"x": b"4", "gone": b"1"})
        await in_thread(lambda: house.run_sql(CATALOG, "UPDATE test_item SET ver = 2, body = 'old' WHERE key = 'x'"))
        await in_thread(lambda: house.run_sql(CATALOG, "DELETE FROM test_item WHERE key = 'gone'"))
        await in_thread(lambda: begin_anew(CATALOG))  # as after a restore

        async with edge(home, settings=settings):
            await until_db(lambda: held() == {"x": b"old"})
            await in_thread(lambda: house.put_item("x", b"new"))
            await until_db(lambda: held() == {"x": b"new"})


@pytest.mark.slow
async def test_an_edge_below_the_cut_fetches_a_snapshot() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await in_thread(lambda: house.put_item("x", b"1"))
            await until_db(lambda: held() == {"x": b"1"})
        await in_thread(lambda: [house.put_item("x", b"2"), house.put_item("y", b"1")])
        await until_db(lambda: head_of(CATALOG).seq == 3)
        await in_thread(lambda: EdgeCursor.objects.using(CATALOG).all().delete())  # evicted
        assert await in_thread(lambda: cut_log(CATALOG)) == 3

        async with edge(home, settings=settings):
            await until_db(lambda: held() == {"x": b"2", "y": b"1"})


async def test_a_snapshot_of_many_pages_and_the_tail_written_meanwhile_meet() -> None:
    total = 3500

    def fill() -> None:
        rows = ", ".join(f"('item:all', 'k{n:05}', 1, 'first')" for n in range(total))
        house.run_sql(CATALOG, f"INSERT INTO test_item VALUES {rows}")

    await in_thread(fill)
    async with central() as home, edge(home):
        for number in range(0, total, 100):
            await in_thread(lambda n=number: house.put_item(f"k{n:05}", b"second"))

        def is_whole() -> bool:
            found = held()
            return len(found) == total and sum(body == b"second" for body in found.values()) == total // 100

        await until_db(is_whole)


async def test_a_broken_snapshot_goes_on_where_it_was() -> None:
    def fill() -> None:
        rows = ", ".join(f"('item:all', 'k{n:05}', 1, 'x')" for n in range(2500))
        house.run_sql(CATALOG, f"INSERT INTO test_item VALUES {rows}")

    asked: list[str] = []

    def page(topic: str, after: str, limit: int) -> list[tuple[str, int, bytes]]:
        asked.append(after)
        if len(asked) == 2:
            raise OperationalError("the database goes away")
        return house.ITEMS.page(topic, after, limit)

    register_topic(replace(house.ITEMS, page=page))
    await in_thread(fill)
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await until(lambda: len(asked) == 2)
        async with edge(home, settings=settings):
            await until_db(lambda: len(held()) == 2500)

    # A page may be asked for again, on a slow machine too; what was kept is never asked for from the start.
    assert asked == sorted(asked)
    assert (asked.count(""), set(asked)) == (1, {"", "k00999", "k01999"})


@pytest.mark.slow
async def test_a_realm_that_is_down_stops_no_other() -> None:
    is_down = True

    def read(topic: str, keys: list[str]) -> dict[str, tuple[int, bytes | None]]:
        if is_down:
            raise OperationalError("down")
        return house.ITEMS.read(topic, keys)

    register_topic(replace(house.ITEMS, read=read))
    facts: list[bytes] = []
    applies_fact("note")(lambda key, body: facts.append(body))
    async with central() as home, edge(home) as link:
        await until_db(lambda: has_tail(CATALOG))
        link.subscribe("n", topic="note")
        await in_thread(lambda: house.put_item("x", b"1"))
        await in_thread(lambda: house.add_note("n", b"1"))
        await until(lambda: facts[-1:] == [b"1"])
        assert await in_thread(held) == {}

        is_down = False

        await until_db(lambda: held() == {"x": b"1"})


@pytest.mark.slow
async def test_a_realm_that_cannot_take_in_holds_its_ops_and_no_others() -> None:
    is_down = True

    @receives("item_op", realm=CATALOG)
    def take(edge: EdgeScope, body: bytes) -> None:
        if is_down:
            raise OperationalError("down")
        house.run_sql(CATALOG, "INSERT INTO test_item VALUES ('taken', %s, 1, '')", [body.decode()])

    async with central() as home, edge(home):
        await writer.run(lambda: enqueue(CATALOG, "item_op", b"one"))
        await writer.run(lambda: enqueue(ORDERS, "thing", b"two"))
        await until_db(lambda: house.taken() == [b"two"])
        assert await in_thread(lambda: Outgoing.objects.filter(realm=CATALOG).count()) == 1

        is_down = False

        await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(lambda: house.run_sql(CATALOG, "SELECT key FROM test_item")) == [("one",)]


@pytest.mark.slow
async def test_with_every_nudge_dropped_a_pull_finds_it_within_seven_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.LinkConsumer, "log_grown", _drop)
    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)
        await until_db(lambda: has_tail(CATALOG))
        await in_thread(lambda: house.put_item("x", b"1"))

        await until_db(lambda: held() == {"x": b"1"}, seconds=7)


async def _drop(self: object, event: object) -> None: ...


async def test_the_heartbeat_carries_backlog_lag_and_version() -> None:
    async with central() as home, edge(home) as link:
        await until(lambda: link.is_up)
        await until(lambda: "a" in home.directory.heartbeats)

    heartbeat = home.directory.heartbeats["a"]
    assert (heartbeat.version, heartbeat.backlog, heartbeat.lag) == (VERSION, 0, 0)


async def test_the_heartbeat_tells_the_edge_s_figures_but_for_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> dict[str, int]:
        raise OSError

    monkeypatch.setattr(figures, "_reads", {"pages": lambda: {"kept": 7}, "disk": fails})
    async with central() as home, edge(home):
        await until(lambda: "a" in home.directory.heartbeats)

    detail = home.directory.heartbeats["a"].detail
    assert (detail["pages"], "disk" in detail, detail["parked"]) == ({"kept": 7}, False, 0)


async def test_a_node_that_joins_again_numbers_its_backlog_anew() -> None:
    async with central() as home:
        settings = home.settings("a")
        async with edge(home, settings=settings):
            await writer.run(lambda: enqueue(ORDERS, "thing", b"one"))
            await until_db(lambda: Outgoing.objects.count() == 0)
        await writer.run(lambda: enqueue(ORDERS, "thing", b"two"))
        home.directory.change("a", epoch=2, scope=EdgeScope("a", 2, frozenset(), frozenset()))

        async with edge(home, settings=replace(settings, epoch=2)):
            await writer.run(lambda: enqueue(ORDERS, "thing", b"three"))
            await until_db(lambda: Outgoing.objects.count() == 0)

    assert await in_thread(house.taken) == [b"one", b"two", b"three"]


async def test_what_ops_that_came_together_will_lock_is_locked_first_and_in_one_order() -> None:
    done: list[object] = []
    low = Lock(1, lambda keys: done.append(("low", sorted(keys))))
    high = Lock(2, lambda keys: done.append(("high", sorted(keys))))
    for kind, locks in (("one", {high: {"b"}, low: {"x"}}), ("two", {high: {"a"}})):
        receives(kind, realm=ORDERS, locks=lambda bodies, locks=locks: locks)(
            lambda edge, body, kind=kind: done.append(kind)
        )
    ops = [Op("one", b""), Op("two", b""), Op("one", b"")]

    await in_thread(lambda: take_ops(EdgeScope("a", 1, frozenset(), frozenset()), ORDERS, 1, ops))

    assert done == [("low", ["x"]), ("high", ["a", "b"]), "one", "one", "two"]
