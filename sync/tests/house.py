"""A small cluster in one process for the tests: real PostgreSQL, Redis, WebSocket and SQLite, and no app but ours.

`House` is central: its hub behind a real uvicorn, its sequencers, a table of items that it publishes as the state topic
`item`, one of notes as the interest topic `note`, and a table of what it took in. `edge()` dials it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from channels.routing import URLRouter
from django.db import connections
from django.urls import path

from infra.crypto.signing import new_signing_key, public_of
from node.realms import alias_of, atomic
from sync import doubts, hub, upstream
from sync.link import Link, LinkSettings
from sync.outbox import record_fact, record_state
from sync.sequencer import Sequencer
from sync.store.writer import writer
from sync.threads import lanes
from sync.topics import EdgeScope, InterestTopic, Row, StateTopic, register_topic
from sync.upstream import Poison

ORDERS, CATALOG = "orders", "catalog"
TAKE = "INSERT INTO test_taken (edge, body) VALUES (%s, %s)"


def run_sql(realm: str, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


# --- what central publishes --------------------------------------------------------------------------------------


def make_tables() -> None:
    run_sql(
        CATALOG,
        'CREATE TABLE test_item (topic text, key text COLLATE "C", ver bigint, body bytea, PRIMARY KEY (topic, key))',
    )
    run_sql(ORDERS, "CREATE TABLE test_taken (edge text, body bytea, id bigserial)")
    run_sql(ORDERS, "CREATE TABLE test_note (key text PRIMARY KEY, body bytea)")


def drop_tables() -> None:
    run_sql(CATALOG, "DROP TABLE IF EXISTS test_item")
    run_sql(ORDERS, "DROP TABLE IF EXISTS test_taken, test_note")


def put_item(key: str, body: bytes, *, topic: str = "item:all") -> int:
    """Write an item and publish it, in one transaction. Returns its version."""
    with atomic(CATALOG):
        [(ver,)] = run_sql(
            CATALOG,
            "INSERT INTO test_item VALUES (%s, %s, 1, %s) ON CONFLICT (topic, key) "
            "DO UPDATE SET ver = test_item.ver + 1, body = excluded.body RETURNING ver",
            [topic, key, body],
        )
        record_state(topic, key, ver, realm=CATALOG)
    return int(ver)


def drop_item(key: str, *, topic: str = "item:all") -> None:
    with atomic(CATALOG):
        [(ver,)] = run_sql(CATALOG, "DELETE FROM test_item WHERE topic = %s AND key = %s RETURNING ver", [topic, key])
        record_state(topic, key, ver + 1, realm=CATALOG, deleted=True)


def add_note(key: str, body: bytes) -> None:
    """Append to a note and publish the piece as a fact."""
    with atomic(ORDERS):
        run_sql(
            ORDERS,
            "INSERT INTO test_note VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET body = test_note.body || excluded.body",
            [key, body],
        )
        record_fact("note", key, body, realm=ORDERS)


def _read(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    rows = run_sql(
        CATALOG, "SELECT key, ver, body FROM test_item WHERE topic = %s AND key = ANY(%s)", [topic, list(keys)]
    )
    return {key: (ver, bytes(body)) for key, ver, body in rows}


def _page(topic: str, after: str, limit: int) -> list[Row]:
    rows = run_sql(
        CATALOG,
        "SELECT key, ver, body FROM test_item WHERE topic = %s AND key > %s ORDER BY key LIMIT %s",
        [topic, after, limit],
    )
    return [(key, ver, bytes(body)) for key, ver, body in rows]


def _state(keys: Sequence[str]) -> dict[str, bytes]:
    return {
        k: bytes(b) for k, b in run_sql(ORDERS, "SELECT key, body FROM test_note WHERE key = ANY(%s)", [list(keys)])
    }


ITEMS = StateTopic(
    name="item",
    realm=CATALOG,
    schema=1,
    audience=lambda scope: {"item:all", *(f"item:{site}" for site in scope.sites)},
    read=_read,
    page=_page,
)
NOTES = InterestTopic(name="note", realm=ORDERS, schema=1, state=_state)


def taken() -> list[bytes]:
    """Bodies central has taken in, in order."""
    return [bytes(body) for (body,) in run_sql(ORDERS, "SELECT body FROM test_taken ORDER BY id")]


def declare() -> None:
    """Register the topics and handlers above."""
    register_topic(ITEMS)
    register_topic(NOTES)

    @upstream.receives_many("thing", realm=ORDERS)
    def take_in(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            if body == b"poison":
                raise Poison("it is poison")
            run_sql(ORDERS, TAKE, [edge.node, body])

    @upstream.answers("echo")
    def echo(edge: EdgeScope, body: bytes) -> bytes:
        return edge.node.encode() + b":" + body


# --- nodes -------------------------------------------------------------------------------------------------------


class Directory:
    """Nodes in memory, behind the hub's own protocol."""

    def __init__(self) -> None:
        self.key = new_signing_key()
        self.nodes: dict[str, hub.NodeIdentity] = {}
        self.heartbeats: dict[str, hub.Heartbeat] = {}
        self.fails: Exception | None = None
        self.refusals: list[tuple[str, str, str]] = []

    def find(self, node_id: str) -> hub.NodeIdentity | None:
        if self.fails is not None:
            raise self.fails
        return self.nodes.get(node_id)

    def heard(self, node_id: str, heartbeat: hub.Heartbeat) -> None:
        self.heartbeats[node_id] = heartbeat

    def refused(self, node_id: str, *, code: str, address: str) -> None:
        self.refusals.append((node_id, code, address))

    def epoch_died(self, node_id: str, epoch: int) -> None:
        if self.nodes[node_id].epoch == epoch:
            self.change(node_id, is_fenced=True)

    def central_signing_key(self) -> bytes:
        return self.key

    def add(self, node_id: str, *, sites: Sequence[str] = ()) -> bytes:
        """A node that has joined; returns its private key."""
        private = new_signing_key()
        scope = EdgeScope(node_id, 1, frozenset(sites), frozenset())
        self.nodes[node_id] = hub.NodeIdentity(node_id, 1, public_of(private), scope)
        return private

    def change(self, node_id: str, **changes: Any) -> None:
        self.nodes[node_id] = replace(self.nodes[node_id], **changes)

    def give_sites(self, node_id: str, *sites: str) -> None:
        self.change(node_id, scope=replace(self.nodes[node_id].scope, sites=frozenset(sites)))


class House:
    """Central, running."""

    def __init__(self, port: int, directory: Directory) -> None:
        self.port, self.directory = port, directory

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, node: str, *, key: bytes | None = None, port: int | None = None) -> LinkSettings:
        private = key or self.directory.add(node)
        return LinkSettings(
            url=f"http://127.0.0.1:{port or self.port}",
            node=node,
            epoch=1,
            sign_key=private,
            central_key=public_of(self.directory.key),
        )


@asynccontextmanager
async def central(*, realms: Sequence[str] = (ORDERS, CATALOG), sequencers: bool = True) -> AsyncIterator[House]:
    directory = Directory()
    hub.set_directory(directory)
    doubts.forget()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = URLRouter([path("_link", hub.LinkConsumer.as_asgi())])
        config = uvicorn.Config(app, log_level="warning", ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        tasks = [asyncio.create_task(Sequencer(realm).run()) for realm in realms if sequencers]
        try:
            await until(lambda: server.started)
            yield House(port, directory)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.should_exit = server.force_exit = True
            await asyncio.to_thread(thread.join)
            lanes.stop()


@asynccontextmanager
async def edge(house: House, node: str = "a", *, settings: LinkSettings | None = None) -> AsyncIterator[Link]:
    """An edge that dials `house`. One at a time per process, as they share the edge's database."""
    link = Link()
    await link.start(settings or house.settings(node))
    try:
        yield link
    finally:
        await link.stop()


async def until(fact: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """Wait until `fact()` is true; it runs in a thread when it reads a database."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        await asyncio.sleep(0.005)
    return found


async def until_db(fact: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := await in_thread(fact)):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        await asyncio.sleep(0.01)
    return found


async def in_thread(work: Callable[[], Any]) -> Any:
    """Run ORM work beside the loop, in one thread that keeps its connections."""
    return await lanes.run("tests", work)


class Proxy:
    """A TCP proxy between edge and central that can be cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self.is_cut = False
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._writers -= {writer, there_writer}

    def cut(self) -> None:
        self.is_cut = True
        for stream in list(self._writers):
            stream.transport.abort()

    def heal(self) -> None:
        self.is_cut = False

    async def stop(self) -> None:
        self.cut()
        self._server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


def end_threads() -> None:
    """Let go of every connection the tests' threads hold."""
    writer.stop()
    lanes.stop()
