"""Central's end of the link: one WebSocket per edge, mounted at `/_link`.

The decisions are `sync.core.hub_end`'s; here bytes move. Database work runs in threads, a lane per realm, so that a
realm whose database is down holds up nothing but itself. No worker remembers an edge: any of them may serve it next.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from infra.crypto.signing import sign, verify
from infra.http import limits
from infra.http.address import address_of, counted_as, is_loopback
from node import clock
from node.errors import RialtoError
from node.realms import CENTRAL_REALMS
from sync import doubts, intake, logreader
from sync.contracts import frames as f
from sync.core import hub_end
from sync.core import link as io
from sync.directory import DirectoryDown, Heartbeat, NodeDirectory, NodeIdentity, directory, set_directory
from sync.discover import load_central
from sync.sequencer import log_group
from sync.threads import lanes
from sync.topics import EdgeScope, audience_of, interest_topics
from sync.upstream import answer_of

__all__ = ["Heartbeat", "LinkConsumer", "NodeDirectory", "NodeIdentity", "set_directory", "tell", "tell_by"]

logger = logging.getLogger(__name__)

#: seconds
TICK = 0.25
LOOK_AGAIN = 2.0  # at revocations and scopes
#: after a transaction of ops, before the next of the same edge and realm: what comes meanwhile goes in together. A
#: lone op waits for nothing; of many, each would pay for a commit, a number, a nudge and three reads of its own.
GATHER = 0.03
#: questions of one edge answered at a time, and how many more may wait for their turn
ANSWERS = 16
WAITING = 2_000

#: ends of a session that are nobody's fault: the line, the load, or a newer link of the same node
BLAMELESS = frozenset({"silent", "slow", "newer", "error", "try_later", "look_again"})
#: the code of a refusal, and of why a link ends
ROLLED_BACK = "rolled_back"

#: what makes a realm wait instead of ending the session
_REALM_DOWN = (DatabaseError, logreader.NoLogYet)

_sending: set[asyncio.Task[None]] = set()

Teller = Callable[[str, str, bytes], None]
_teller: Teller | None = None


def node_group(node_id: str) -> str:
    return f"node.{node_id}"


def tell(node_id: str, kind: str, body: bytes) -> None:
    """Push a message to an edge, now or never: an edge that is cut off does not get it later. Never raises.

    Call it after the commit of what it speaks of, from a thread or from an event loop.
    """
    if _teller is not None:
        _teller(node_id, kind, body)
        return
    message = {"type": "link.tell", "kind": kind, "body": base64.b64encode(body).decode()}
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        async_to_sync(_group_send)(node_group(node_id), message)
        return
    task = loop.create_task(_group_send(node_group(node_id), message))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


def tell_by(teller: Teller | None) -> None:
    """Let `teller` carry every `tell` of this process, as the simulator's network does; None: the channel layer."""
    global _teller
    _teller = teller


async def _group_send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await asyncio.wait_for(layer.group_send(group, message), 2)
    except Exception as error:  # droppable by contract: Redis may be away or flushed
        logger.info("a nudge for %s was dropped: %s", group, error)


class LinkConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Speaks with one edge. Mount it at `/_link`; it needs no cookie, a node proves itself by its key."""

    session: Session

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, but for its look after old database connections: this loop has none of its own, and the
        look is a hop through a thread for every frame and every nudge."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        await asyncio.to_thread(load_central)
        address = address_of(self.scope)
        if await asyncio.to_thread(_comes_too_often, address):
            await self.close()
            return
        self.session = Session(self._send_text, self._close, address)
        self.session.on_introduced = self._join_groups
        await self.accept()
        self.session.start()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.session.receive(text_data if text_data is not None else bytes_data or b"")

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "session"):
            for group in self._groups():
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(self.channel_layer.group_discard(group, self.channel_name), 1)
            await self.session.stop()

    # --- from the channel layer: nothing here may matter

    async def log_grown(self, event: dict[str, Any]) -> None:
        self.session.feed(io.Nudged(event["realm"]))

    async def link_tell(self, event: dict[str, Any]) -> None:
        self.session.feed(io.Say(f.Tell(kind=event["kind"], body=base64.b64decode(event["body"]))))

    async def link_newer(self, event: dict[str, Any]) -> None:
        if event["channel"] != self.channel_name:
            self.session.feed(io.ShutOut("newer", "the node has opened a newer link"))

    def _groups(self) -> list[str]:
        node = self.session.node
        return [*(log_group(realm) for realm in CENTRAL_REALMS), *([node_group(node)] if node else [])]

    async def _join_groups(self) -> None:
        for group in self._groups():
            with contextlib.suppress(Exception):  # without nudges the edge's pulls still find everything
                await asyncio.wait_for(self.channel_layer.group_add(group, self.channel_name), 2)
        await _group_send(node_group(self.session.node), {"type": "link.newer", "channel": self.channel_name})

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def _close(self) -> None:
        await self.close(code=4000)


class Session:
    """Drives one `HubEnd`: carries its effects out, feeds their results back. Lives on one event loop."""

    def __init__(
        self, send: Callable[[str], Awaitable[None]], close: Callable[[], Awaitable[None]], address: str = ""
    ) -> None:
        self._send, self._close, self._address = send, close, address
        self._state = hub_end.HubEnd()
        self._identity: NodeIdentity | None = None
        self._speaks: dict[str, int] = {}
        #: before the node can have read what it says in its HELLO
        self._opened = clock.monotonic()
        self._nonce = secrets.token_bytes(32)
        self._out: asyncio.Queue[f.Frame | None] = asyncio.Queue()
        self._lanes: dict[str, asyncio.Queue[Coroutine[Any, Any, None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers = asyncio.Semaphore(ANSWERS)
        self._asked = 0
        self.on_introduced: Callable[[], Awaitable[None]] | None = None

    @property
    def node(self) -> str:
        """The node's id once it has proved to be it, else ""."""
        return self._identity.id if self._identity is not None else ""

    @property
    def epoch(self) -> int:
        """Of the disk it has proved to be, else 0."""
        return self._identity.epoch if self._identity is not None else 0

    @property
    def state(self) -> hub_end.HubEnd:
        return self._state

    def start(self) -> None:
        self._spawn(self._sender())
        self._spawn(self._ticker())
        self.feed(io.Opened(self._nonce))

    async def stop(self) -> None:
        """End every task. Work that a thread has begun runs to its end and is dropped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes.values():
            while not lane.empty():
                lane.get_nowait().close()

    def receive(self, data: str | bytes) -> None:
        if len(data) > f.MAX_FRAME:
            self.feed(io.ShutOut("too_big", f"a frame may have {f.MAX_FRAME} bytes"))
            return
        try:
            frame = f.decode(data)
        except f.BadFrame as error:
            self.feed(io.ShutOut("bad_frame", str(error)[:200]))
            return
        if frame is not None:
            self.feed(io.Received(frame))

    def feed(self, event: hub_end.Event) -> None:
        """One event into the machine, its effects out of it. Call it on the session's loop."""
        self._state, effects = hub_end.step(self._state, event, clock.monotonic())
        for effect in effects:
            self._carry_out(effect)

    # --- effects

    def _carry_out(self, effect: object) -> None:
        match effect:
            case io.Send(frame):
                self._out.put_nowait(frame)
            case io.Close(reason):
                if reason == ROLLED_BACK and self._identity is not None:
                    ended = asyncio.get_running_loop().create_task(_end_epoch(self._identity))
                    _sending.add(ended)
                    ended.add_done_callback(_sending.discard)
                self._ended(reason)
            case hub_end.SayWelcome(hello):
                self._spawn(self._introduce(hello))
            case io.ReadLog(realm=realm):
                self._in_lane(f"down:{realm}", self._read_log(effect))
            case io.TakeOps(realm=realm):
                self._in_lane(f"up:{realm}", self._take_ops(effect))
            case io.Check(realm=realm):
                failed = io.Checked(realm, effect.cursor, "failed")
                self._in_lane(f"down:{realm}", self._db(realm, lambda: logreader.check(self._scope, effect), failed))
            case io.Doubt(realm, taken):
                doubts.doubt(self._scope.node, self._scope.epoch, realm, taken)
            case io.ReadHead(realm):
                work = self._db(realm, lambda: logreader.read_head(self._scope, realm), io.ReadFailed(realm))
                self._in_lane(f"down:{realm}", work)
            case io.ReadPage(realm=realm):
                work = self._db(realm, lambda: logreader.read_page(effect), io.ReadFailed(realm))
                self._in_lane(f"down:{realm}", work)
            case io.ReadState(topic, keys):
                self._read_state(effect, topic, keys)
            case io.AnswerRequest(request):
                self._ask(request)
            case io.Heard(ping):
                self._spawn(self._heard(ping))
            case io.SaveAcked(acked):
                for realm, epoch, seq in acked:
                    self._spawn(self._save_acked(realm, epoch, seq))

    def _ended(self, reason: str) -> None:
        node = self._state.node
        if reason in BLAMELESS:
            logger.info("link of node '%s' at %s ends: %s", node, self._address or "?", reason)
        else:
            # A task of the loop's own, not of the session's: it is written down after the socket has gone.
            noted = asyncio.get_running_loop().create_task(_note_refusal(node, reason, self._address))
            _sending.add(noted)
            noted.add_done_callback(_sending.discard)
        self._out.put_nowait(None)

    @property
    def _scope(self) -> EdgeScope:
        assert self._identity is not None  # noqa: S101  the machine asks for nothing before the handshake
        return replace(self._identity.scope, address=self._address)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("link of node '%s': %s", self.node, error, exc_info=error)
            self.feed(io.ShutOut("error", "central failed; dial again"))

    def _in_lane(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """One at a time and in order per lane: a page read after a batch is newer than it."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = asyncio.Queue()
            self._spawn(self._run_lane(lane))
        lane.put_nowait(work)

    async def _run_lane(self, lane: asyncio.Queue[Coroutine[Any, Any, None]]) -> None:
        while True:
            await (await lane.get())

    async def _sender(self) -> None:
        while (frame := await self._out.get()) is not None:
            await self._send(f.encode(frame))
        await self._close()

    async def _ticker(self) -> None:
        looked = clock.monotonic()
        while True:
            await asyncio.sleep(TICK)
            self.feed(io.Tick())
            if self._identity is not None and clock.monotonic() - looked >= LOOK_AGAIN:
                looked = clock.monotonic()
                self._spawn(self._look_again(self._identity))

    # --- who it is

    async def _introduce(self, hello: f.Hello) -> None:
        try:
            welcome = await lanes.run("directory", lambda: self._welcome(hello))
        except _Refuse as refusal:
            self.feed(io.ShutOut(refusal.code, refusal.message))
            return
        if self.on_introduced is not None:
            # Before the first read of the log: what comes later than the read finds a group to nudge.
            await self.on_introduced()
        known = doubts.known_before(hello.node, hello.epoch, self._opened)
        self.feed(hub_end.Introduced(hello, welcome, frozenset(CENTRAL_REALMS), interest_topics(), known))

    def _welcome(self, hello: f.Hello) -> f.Welcome:
        try:
            identity = directory().find(hello.node)
            key = directory().central_signing_key()
        except DirectoryDown as error:
            raise _Refuse("try_later", "central cannot look the node up at the moment") from error
        _check_identity(identity, hello.epoch)
        assert identity is not None  # noqa: S101
        if not verify(identity.sign_key, hello.signature, hello.signed_part(self._nonce)):
            raise _Refuse("bad_signature", "the HELLO is not signed by the node's key for this connection")
        self._identity, self._speaks = identity, hello.schema
        audience, paused = audience_of(identity.scope, hello.schema)
        proto = min(hello.proto[1], f.PROTO_MAX)
        welcome = f.Welcome(node=identity.id, proto=proto, audience=audience, paused=paused, window=io.OPS_WINDOW)
        return f.signed(welcome, sign(key, welcome.signed_part(self._nonce, hello.nonce)))

    async def _look_again(self, known: NodeIdentity) -> None:
        def look() -> tuple[NodeIdentity | None, dict[str, list[str]], list[str]]:
            found = directory().find(known.id)
            return (found, *audience_of((found or known).scope, self._speaks))

        try:
            found, audience, paused = await lanes.run("directory", look)
            _check_identity(found, known.epoch)
        except DirectoryDown:
            return
        except _Refuse as refusal:
            self.feed(io.ShutOut(refusal.code, refusal.message))
            return
        self._identity = found
        if {realm: frozenset(topics) for realm, topics in audience.items()} != self._state.audience:
            self.feed(io.ScopeChanged(audience, paused))

    async def _heard(self, ping: f.Ping) -> None:
        feeds = self._state.feeds
        lags = {realm: max(0, feed.head - feed.acked) for realm, feed in feeds.items() if feed.told is not None}
        detail = {"backlog": ping.backlog, "lag": lags, **ping.detail}
        heartbeat = Heartbeat(ping.version, sum(ping.backlog.values()), sum(lags.values()), detail)
        await lanes.run("directory", lambda: directory().heard(self.node, heartbeat))

    # --- the database

    async def _db(self, realm: str, work: Callable[[], hub_end.Event], failed: hub_end.Event) -> None:
        try:
            event = await lanes.run(realm, work)
        except _REALM_DOWN as error:
            logger.info("realm '%s' cannot be read: %s", realm, error)
            event = failed
        except Exception:
            # A topic's own reader failed: nothing may be left out, so the realm waits, loudly.
            logger.exception("realm '%s' cannot be read for node '%s'", realm, self.node)
            event = failed
        self.feed(event)

    async def _read_log(self, read: io.ReadLog) -> None:
        interest = self._state.interest
        failed = io.ReadFailed(read.realm, (read.entries, read.size))
        asked = clock.monotonic()
        await self._db(read.realm, lambda: logreader.read_log(read, interest, asked=asked), failed)

    def _read_state(self, effect: io.ReadState, topic: str, keys: frozenset[str]) -> None:
        realm = logreader.realm_of_topic(topic)
        if realm is not None:
            # In the lane of the log: facts logged before this read are in it, later ones come behind it.
            work = self._db(realm, lambda: logreader.read_state(effect), io.StateFailed(topic, keys))
            self._in_lane(f"down:{realm}", work)

    async def _take_ops(self, take: io.TakeOps) -> None:
        scope = self._scope
        try:
            event: hub_end.Event = await lanes.run(
                f"up-{take.realm}", lambda: intake.take_ops(scope, take.realm, take.first, take.ops, take.floor)
            )
        except Exception as error:
            level = logging.WARNING if isinstance(error, DatabaseError) else logging.ERROR
            logger.log(level, "realm '%s' cannot take ops in: %s", take.realm, error)
            event = io.TakeFailed(take.realm)
        await asyncio.sleep(GATHER)
        self.feed(event)

    async def _save_acked(self, realm: str, epoch: str, seq: int) -> None:
        with contextlib.suppress(DatabaseError):  # the next one comes in 5 s
            await lanes.run(realm, lambda: logreader.save_acked(self._scope, realm, epoch, seq))

    # --- questions

    def _ask(self, request: f.Request) -> None:
        if self._asked >= WAITING:
            self.feed(io.ShutOut("too_many_questions", f"{WAITING} questions of this node wait already"))
            return
        self._asked += 1
        self._spawn(self._answer(request))

    async def _answer(self, request: f.Request) -> None:
        try:
            await self._answered(request)
        finally:
            self._asked -= 1

    async def _answered(self, request: f.Request) -> None:
        answerer = answer_of(request.kind)
        if answerer is None:
            reply = f.Reply(id=request.id, code="unknown_request", message=f"nobody answers '{request.kind}'")
        else:
            try:
                async with self._answers, asyncio.timeout(request.ms / 1000):
                    body = await lanes.run("answers", lambda: answerer(self._scope, request.body))
                reply = f.Reply(id=request.id, body=body)
            except TimeoutError:
                return  # the asker has given up too
            except RialtoError as error:
                reply = f.Reply(id=request.id, code=error.code, message=str(error))
            except Exception as error:
                logger.error("the answer to '%s' failed: %s", request.kind, type(error).__name__)
                reply = f.Reply(id=request.id, code="failed", message="central could not answer")
        self.feed(io.Say(reply))


def _comes_too_often(address: str) -> bool:
    """Counts a dial. A caller on this machine is not counted: its proxy would stand for every edge behind it."""
    if not address or is_loopback(address):
        return False
    counted = limits.count("link_address", counted_as(address))
    if counted is None or not counted.wait:
        return False
    directory().refused("", code="too_often", address=address)
    return True


async def _note_refusal(node: str, code: str, address: str) -> None:
    await lanes.run("directory", lambda: directory().refused(node, code=code, address=address))


async def _end_epoch(known: NodeIdentity) -> None:
    try:
        await lanes.run("directory", lambda: directory().epoch_died(known.id, known.epoch))
    except DatabaseError as error:
        logger.warning("the epoch %s of node '%s' could not be ended now: %s", known.epoch, known.id, error)


class _Refuse(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _check_identity(found: NodeIdentity | None, epoch: int) -> None:
    if found is None:
        raise _Refuse("unknown_node", "no such node has joined; join it with an invite")
    if found.is_revoked:
        raise _Refuse("revoked", "the node was revoked")
    if found.is_fenced and found.epoch == epoch:
        raise _Refuse(ROLLED_BACK, "the node's disk was rolled back or copied; run `rialto adopt` there")
    if found.epoch != epoch:
        raise _Refuse("stale_epoch", "the node has joined again from another disk; this one may not speak for it")
