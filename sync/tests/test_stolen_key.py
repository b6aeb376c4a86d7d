"""What a stolen node key reads and writes over the link: its own, and nothing else; and what it costs to be refused."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import websockets

from infra.crypto.signing import new_signing_key, sign
from sync import hub, upstream
from sync.contracts import frames as f
from sync.sequencer import sequence_all
from sync.tests import house
from sync.tests.house import CATALOG, ORDERS, House, central, in_thread, until
from sync.topics import EdgeScope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=[ORDERS, CATALOG, "edge"]),
    pytest.mark.usefixtures("declared"),
]


class Thief:
    """Speaks the protocol by hand, with whatever key he has."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket

    async def send(self, *frames: f.Frame) -> None:
        for frame in frames:
            await self._socket.send(f.encode(frame))

    async def hear(self, kind: type[f.Frame]) -> f.Frame:
        """The next frame of a kind; a refusal is heard whatever was waited for."""
        async for data in self._socket:
            frame = f.decode(data)
            if isinstance(frame, kind | f.Refused):
                return frame
        raise AssertionError("the link has ended")

    async def say_hello(self, node: str, key: bytes, **more: object) -> f.Frame:
        challenge = await self.hear(f.Challenge)
        assert isinstance(challenge, f.Challenge)
        hello = f.Hello(node=node, epoch=1, nonce=b"n" * 32, **more)  # type: ignore[arg-type]
        await self.send(f.signed(hello, sign(key, hello.signed_part(challenge.nonce))))
        return await self.hear(f.Welcome)


@asynccontextmanager
async def thief(home: House) -> AsyncIterator[Thief]:
    async with websockets.connect(f"ws://127.0.0.1:{home.port}/_link") as socket:
        yield Thief(socket)


def refusals(home: House) -> list[tuple[str, str]]:
    return [(node, code) for node, code, address in home.directory.refusals if address == "127.0.0.1"]


async def test_the_stolen_key_reads_the_pages_of_its_own_sites_only() -> None:
    async with central(sequencers=False) as home:
        key = home.directory.add("a", sites=["tea"])
        await in_thread(lambda: [house.put_item("k", site.encode(), topic=f"item:{site}") for site in ("tea", "ink")])
        await sequence_all(CATALOG)
        async with thief(home) as stolen:
            await stolen.say_hello("a", key)

            await stolen.send(*(f.PageAsk(realm=CATALOG, topic=f"item:{site}", after="") for site in ("tea", "ink")))
            pages = [await stolen.hear(f.Page) for _ in range(2)]

    assert {page.topic: [row.body for row in page.rows] for page in pages if isinstance(page, f.Page)} == {
        "item:tea": [b"tea"],
        "item:ink": [],
    }


async def test_the_stolen_key_hears_of_its_own_sites_only() -> None:
    async with central(sequencers=False) as home:
        key = home.directory.add("a", sites=["tea"])
        await in_thread(lambda: [house.put_item("k", site.encode(), topic=f"item:{site}") for site in ("tea", "ink")])
        await sequence_all(CATALOG)
        async with thief(home) as stolen:
            await stolen.say_hello("a", key)
            await stolen.send(f.SnapAsk(realm=CATALOG))
            head = await stolen.hear(f.SnapHead)
            assert isinstance(head, f.SnapHead)
            await stolen.send(f.Resume(realm=CATALOG, cursor=replace_seq(head.cursor)))

            answer = await stolen.hear(f.Refetch)
            assert isinstance(answer, f.Refetch)  # a made-up place has not the log's chain
            await stolen.send(f.Resume(realm=CATALOG, cursor=head.cursor))
            await in_thread(
                lambda: [house.put_item("k", site.encode() * 2, topic=f"item:{site}") for site in ("tea", "ink")]
            )
            await sequence_all(CATALOG)
            await stolen.send(f.Pull(realm=CATALOG))
            batch = await stolen.hear(f.Batch)

    assert isinstance(batch, f.Batch)
    assert [(entry.topic, entry.body) for entry in batch.entries] == [("item:tea", b"teatea")]


def replace_seq(cursor: f.Cursor) -> f.Cursor:
    return f.Cursor(cursor.epoch, 0, cursor.chain)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (f.Follow(topic="item:ink", keys=["k"]), "bad_topic"),
        (f.SnapAsk(realm="secrets"), "bad_realm"),
        (f.Ops(realm="secrets", first=1, ops=[f.Op("thing", b"")]), "bad_realm"),
    ],
)
async def test_what_no_node_may_ask_ends_its_link_and_is_written_down(frame: f.Frame, code: str) -> None:
    async with central(sequencers=False) as home:
        key = home.directory.add("a", sites=["tea"])
        async with thief(home) as stolen:
            await stolen.say_hello("a", key)

            await stolen.send(frame)
            refused = await stolen.hear(f.Refused)

        assert isinstance(refused, f.Refused)
        await until(lambda: refusals(home) == [("a", code)])
    assert refused.code == code


async def test_another_nodes_name_another_key_an_old_disk_and_a_revoked_node_are_refused_and_written_down() -> None:
    async with central(sequencers=False) as home:
        key, nodes = home.directory.add("a"), home.directory
        nodes.add("b")
        nodes.add("gone")
        nodes.change("gone", is_revoked=True)
        nodes.change("b", scope=replace(nodes.nodes["b"].scope, epoch=2), epoch=2)
        for name, its_key in (("b", key), ("c", key), ("a", new_signing_key()), ("gone", key)):
            async with thief(home) as stolen:
                assert isinstance(await stolen.say_hello(name, its_key), f.Refused)

        await until(lambda: len(refusals(home)) == 4)

    assert refusals(home) == [
        ("b", "stale_epoch"), ("c", "unknown_node"), ("a", "bad_signature"), ("gone", "revoked"),
    ]  # fmt: skip


async def test_noise_is_refused_and_written_down() -> None:
    async with central(sequencers=False) as home:
        async with thief(home) as stolen:
            await stolen.hear(f.Challenge)
            await stolen._socket.send("not a frame")

            refused = await stolen.hear(f.Refused)

        await until(lambda: refusals(home) == [("", "bad_frame")])
    assert isinstance(refused, f.Refused)


async def test_its_ops_are_its_own_whatever_they_say() -> None:
    async with central(sequencers=False) as home:
        key = home.directory.add("a", sites=["tea"])
        async with thief(home) as stolen:
            await stolen.say_hello("a", key)

            await stolen.send(f.Ops(realm=ORDERS, first=1, ops=[f.Op("thing", b"mine")]))
            ack = await stolen.hear(f.OpsAck)

        assert isinstance(ack, f.OpsAck)
        rows = await in_thread(lambda: house.run_sql(ORDERS, "SELECT edge, body FROM test_taken"))
    assert [(edge, bytes(body)) for edge, body in rows] == [("a", b"mine")]


async def test_questions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "WAITING", 3)
    may_answer = threading.Event()

    @upstream.answers("slow")
    def slow(edge: EdgeScope, body: bytes) -> bytes:
        may_answer.wait(10)
        return b""

    async with central(sequencers=False) as home:
        key = home.directory.add("a")
        async with thief(home) as stolen:
            await stolen.say_hello("a", key)

            await stolen.send(*(f.Request(id=number, kind="slow", body=b"") for number in range(4)))
            refused = await stolen.hear(f.Refused)
        may_answer.set()

    assert isinstance(refused, f.Refused)
    assert refused.code == "too_many_questions"
