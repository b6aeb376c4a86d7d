"""The edge's end of the link: a task that dials central, applies what comes and sends what is queued.

The decisions are `sync.core.edge_end`'s; here bytes move. What comes is written by the one writer, entries and cursor
in one transaction; what goes is on disk before it is sent and until central has committed it. A session that breaks
loses nothing: the next begins with what is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import websockets
from django.db import OperationalError
from websockets.asyncio.client import ClientConnection, connect

from infra.crypto.signing import sign, verify
from node import clock
from node.errors import RialtoError
from sync import replica
from sync.contracts import frames as f
from sync.core import edge_end
from sync.core import link as io
from sync.discover import load_edge
from sync.figures import all_figures
from sync.replica import told
from sync.store.edge import apply, outbox
from sync.store.edge.highwater import DiskRolledBack, HighWater, adopt_epoch
from sync.store.edge.models import Outgoing, Parked
from sync.store.edge.outbox import Queued
from sync.store.writer import WriterStopped, reader, writer
from sync.version import VERSION

__all__ = ["Link", "LinkDown", "LinkSettings", "link", "told"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

Write = Callable[[], apply.Changed]
Lane = asyncio.Queue[tuple[Sequence[Write], edge_end.Event | None]]
#: realm, number, and the hooks that hear of the ops up to it
Heard = tuple[str, int, Sequence[asyncio.Task[bool]]]

#: seconds
TICK: Final = 0.25
DIAL_WITHIN: Final = 5.0
WAIT_FIRST: Final = 0.3
#: a link that has been away for so long is cut, not broken: nobody waits for it
BREAK: Final = 3.0
WAIT_MOST: Final = 4.0
#: acked ops are forgotten together: a crash in between only sends them again
FORGET_EVERY: Final = 0.1
#: what keeps a hook from writing now and may be gone later: the disk is full, the node stops
HINDERED: Final = (OperationalError, WriterStopped)
#: refusals that say: another disk has gone on from this one's past
FENCED_BY: Final = ("refused:rolled_back", "refused:stale_epoch")
#: the same, and what the disk finds by itself or was told by an operator
FENCED: Final = (*FENCED_BY, DiskRolledBack.code, "fenced")


class LinkDown(RialtoError):
    """Central is not connected, or did not answer in time."""

    code = "link_down"
    status = 503


class RequestFailed(RialtoError):
    """Central answered with an error; `code` is its own."""

    status = 409

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class LinkSettings:
    """`url`: where central listens, http(s) or ws(s), without path. Keys are raw, 32 bytes."""

    url: str
    node: str
    epoch: int
    sign_key: bytes
    central_key: bytes

    @property
    def socket_url(self) -> str:
        return self.url.rstrip("/").replace("http", "ws", 1) + "/_link"


class Link:
    """One per edge process: `link`. Start it on the event loop that serves the shops."""

    def __init__(self) -> None:
        self._settings: LinkSettings | None = None
        self._main: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: Session | None = None
        self._follows: dict[str, set[str]] = {}
        self._on_change: list[Callable[[bool], object]] = []
        #: what ends the writing of the high-water file
        self._noting = contextlib.ExitStack()
        self._trouble = "not started"
        #: a session stands; and when the last one ended, in seconds of the monotonic clock
        self._up = asyncio.Event()
        self._lost_at = -BREAK
        self._since = clock.time_ns() / 1e9
        self._was_up = False
        self._dials = 0

    # --- life

    async def start(self, settings: LinkSettings | None = None) -> None:
        """Begin to dial; without `settings`, with what `rialto join` wrote. A node that has not joined waits."""
        load_edge()
        self._settings = settings or _joined_settings()
        self._loop = asyncio.get_running_loop()
        self._up = asyncio.Event()
        if self._settings is None:
            self._trouble = "not joined"
            return
        highwater = HighWater.beside_database(self._settings.epoch)
        if await self._is_fit(self._settings, highwater):
            # Before anybody else's turn: an op that is queued at once must not pass the file by.
            self._noting.callback(highwater.close)
            self._noting.callback(writer.after_group(highwater.write))
            self._noting.callback(outbox.on_queued(highwater.saw))
            self._main = asyncio.create_task(self._dial_for_ever(self._settings), name="link")

    async def stop(self) -> None:
        """Hang up. What was not acknowledged stays on disk."""
        main, self._main = self._main, None
        if main is not None:
            main.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await main
        self._noting.close()
        self._loop = None  # an answer that ends after us may still ask to follow a cart
        self._trouble = "stopped"

    async def _is_fit(self, settings: LinkSettings, highwater: HighWater) -> bool:
        """Whether this disk may speak for the node; before a shop is open, for one that may not sells nothing."""
        if _awaits_an_epoch():
            self._trouble = "fenced"
            logger.critical("somebody has fenced this disk by hand: run `rialto adopt` until central answers")
            await writer.run(replica.run_fenced)
            return False
        await writer.run(lambda: adopt_epoch(settings.epoch))
        await writer.run(apply.retry_parked)
        try:
            await reader.run(highwater.check)
        except DiskRolledBack as error:
            self._trouble = error.code
            logger.critical("%s", error)
            await writer.run(replica.run_fenced)
            return False
        return True

    async def _dial_for_ever(self, settings: LinkSettings) -> None:
        wait = WAIT_FIRST
        while True:
            began = clock.monotonic()
            try:
                reason = await self._dial(settings)
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                reason = f"{type(error).__name__}: {error}"
            except Exception:
                logger.exception("the link failed")
                reason = "failed"
            if reason in FENCED_BY and reason != self._trouble:
                await writer.run(replica.run_fenced)
            self._changed(False, reason)
            if clock.monotonic() - began > 10:
                wait = WAIT_FIRST
            # Jitter from the first attempt on: after central's restart every edge dials.
            await asyncio.sleep(wait * random.uniform(0.3, 1))  # noqa: S311
            wait = min(WAIT_MOST, wait * 2)

    async def _dial(self, settings: LinkSettings) -> str:
        self._dials += 1
        # No proxy from the environment, no compression: small frames, and the delay is what counts.
        async with connect(
            settings.socket_url,
            open_timeout=DIAL_WITHIN,
            close_timeout=1,
            max_size=2 * f.MAX_FRAME,
            compression=None,
            ping_interval=None,
            proxy=None,
        ) as socket:
            session = self._session = Session(self, settings, socket)
            try:
                return await session.run()
            finally:
                self._session = None

    def _rose(self) -> None:
        self._up.set()
        self._changed(True)

    def _fell(self) -> None:
        """The session is over, though its socket may take a while to close."""
        if self._up.is_set():
            self._up.clear()
            self._lost_at = clock.monotonic()

    def _changed(self, is_up: bool, trouble: str = "") -> None:
        if trouble and trouble != self._trouble:
            logger.warning("link to central: %s", trouble)
        self._trouble = trouble
        if is_up == self._was_up:
            return
        self._was_up, self._since = is_up, clock.time_ns() / 1e9
        for hook in self._on_change:
            hook(is_up)

    # --- for the rest of the edge

    @property
    def is_up(self) -> bool:
        """Central has welcomed this edge and the socket stands."""
        session = self._session
        return session is not None and session.is_up

    def on_change(self, hook: Callable[[bool], object]) -> None:
        """Call `hook(is_up)` on the event loop each time the link comes up or goes down."""
        self._on_change.append(hook)

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        """Ask central. Raises `LinkDown` (not connected, or no answer in `timeout` seconds), `RequestFailed`."""
        session = self._session
        if session is None or not session.is_up:
            raise LinkDown("central is not connected")
        return await session.ask(kind, body, timeout)

    async def comes_back(self, *, within: float) -> bool:
        """Whether the link stands, waiting up to `within` seconds for one that broke a moment ago."""
        if not self.is_up and clock.monotonic() - self._lost_at < BREAK:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), within)
        return self.is_up

    def subscribe(self, key: str, *, topic: str = "cart") -> None:
        """Get the facts of `key`, whole state first; stays over reconnects. Harmless to repeat."""
        self._on_loop(lambda: self._subscribe(topic, key))

    def unsubscribe(self, key: str, *, topic: str = "cart") -> None:
        self._on_loop(lambda: self._unsubscribe(topic, key))

    def _subscribe(self, topic: str, key: str) -> None:
        keys = self._follows.setdefault(topic, set())
        if key not in keys:
            keys.add(key)
            if self._session is not None:
                self._session.feed(io.Follows(topic, (key,)))

    def _unsubscribe(self, topic: str, key: str) -> None:
        keys = self._follows.get(topic, set())
        if key in keys:
            keys.discard(key)
            if self._session is not None:
                self._session.feed(io.Leaves(topic, (key,)))

    def _on_loop(self, work: Callable[[], None]) -> None:
        try:
            is_here = self._loop is None or asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = self._loop is None
        if is_here or self._loop is None:
            work()
        else:
            self._loop.call_soon_threadsafe(work)

    def followed(self) -> dict[str, frozenset[str]]:
        return {topic: frozenset(keys) for topic, keys in self._follows.items() if keys}

    @property
    def is_fenced(self) -> bool:
        """Whether another disk may go on from this one's past: it may not speak for the node, nor sell what it held."""
        return self._trouble in FENCED

    def status(self) -> dict[str, Any]:
        """For health and pages: is_up, since (s since 1970), trouble, and per realm the place and the backlog."""
        session = self._session
        known: dict[str, Any] = {"is_up": self.is_up, "since": self._since, "trouble": self._trouble}
        if self._settings is not None:
            known |= {"node": self._settings.node, "central": self._settings.url, "dials": self._dials}
        return known | (session.figures() if session is not None else {"logs": {}, "backlog": {}})


class Session:
    """Drives one `EdgeEnd` over one socket. Lives on the link's event loop."""

    def __init__(self, owner: Link, settings: LinkSettings, socket: ClientConnection) -> None:
        self._owner, self._settings, self._socket = owner, settings, socket
        self._loop = asyncio.get_running_loop()
        self._state = edge_end.EdgeEnd()
        self._nonce_e = secrets.token_bytes(32)
        self._nonce_c = b""
        self._last_n: dict[str, int] = {}
        self._out: asyncio.Queue[f.Frame] = asyncio.Queue()
        self._after: asyncio.Queue[apply.Changed] = asyncio.Queue()
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Future[str] = self._loop.create_future()
        self._asked: dict[int, asyncio.Future[io.Answered]] = {}
        self._rids = itertools.count(1)
        #: ops on their way, per realm: (n, kind, ref)
        self._on_the_way: dict[str, deque[tuple[int, str, str]]] = {}
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()
        self._forgettable: dict[str, int] = {}
        self._parked = 0

    @property
    def is_up(self) -> bool:
        return self._state.phase == "up" and not self._closing.done()

    async def run(self) -> str:
        """Until the socket ends; returns why."""
        downs = await reader.run(apply.load_downs)
        unhear = outbox.on_queued(self._queued)
        try:
            # After listening, so that no op falls between.
            ups, self._last_n = await reader.run(_load_ups)
            for realm, heard in self._state.ups.items():  # news of ops that came while the disk was read
                ups[realm] = replace(ups[realm], head=max(ups[realm].head, heard.head)) if realm in ups else heard
            self._state = replace(self._state, downs=downs, ups=ups, follows=self._owner.followed())
            works = (self._receiver, self._sender, self._ticker, self._announcer, self._hearer, self._forgetter)
            for work in works:
                self._spawn(work())
            self.feed(io.Opened(self._nonce_e))
            return await self._closing
        finally:
            unhear()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(LinkDown("the link to central was lost"))

    def feed(self, event: edge_end.Event) -> None:
        """One event into the machine, its effects out of it. Call it on the loop."""
        if self._closing.done():
            return
        self._state, effects = edge_end.step(self._state, event, clock.monotonic())
        for effect in effects:
            self._carry_out(effect)

    async def ask(self, kind: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109
        if self._closing.done():
            raise LinkDown("the link to central was lost")
        rid = next(self._rids)
        future: asyncio.Future[io.Answered] = self._loop.create_future()
        self._asked[rid] = future
        try:
            self.feed(io.Ask(rid, kind, body, int(timeout * 1000)))
            answer = await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise LinkDown("central did not answer in time") from None
        finally:
            self._asked.pop(rid, None)
        if answer.code in ("link_down", "timeout"):
            raise LinkDown(answer.message)
        if answer.code:
            raise RequestFailed(answer.code, answer.message)
        return answer.body

    def figures(self) -> dict[str, Any]:
        logs = {
            realm: {
                "seq": down.applied,
                "head": down.head,
                "behind": max(0, down.head - down.applied),
                "is_fetching": down.cursor is None or down.fetch is not None,
            }
            for realm, down in self._state.downs.items()
        }
        backlog = {realm: up.head - up.acked for realm, up in self._state.ups.items()}
        return {"logs": logs, "backlog": backlog, "parked": self._parked, "paused": sorted(self._state.paused)}

    # --- effects

    def _carry_out(self, effect: object) -> None:
        match effect:
            case io.Send(frame):
                self._out.put_nowait(frame)
            case io.Close(reason):
                self._end(reason)
            case io.SayHello(nonce_c):
                self._say_hello(nonce_c)
            case io.IsUp():
                self._owner._rose()
            case io.SayPing():
                self._spawn(self._ping())
            case io.Apply(batch):
                done = io.Applied(batch.realm, batch.to, len(batch.entries), batch.size)
                self._write(batch.realm, apply.parts(batch), done)
            case io.SaveFetch(realm=realm):
                self._write(realm, [lambda: apply.save_fetch(effect)], io.Saved(realm))
            case io.Uncover(realm=realm):
                self._write(realm, [lambda: apply.uncover(effect)], None)
            case io.TakeFact(topic, key, body):
                self._write(topic, [lambda: apply.apply_facts([(topic, key, body)])], None)
            case io.Load(realm, first, limit):
                self._spawn(self._load(realm, first, limit))
            case io.DropAcked(realm, n):
                self._acked(realm, n)
            case io.Answered(rid):
                future = self._asked.get(rid)
                if future is not None and not future.done():
                    future.set_result(effect)
            case io.TakeTell(kind, body):
                self._spawn(_shielded(replica.run_told(kind, body), f"told({kind})"))

    def _end(self, reason: str) -> None:
        if not self._closing.done():
            self._closing.set_result(reason)
            self._owner._fell()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("link: %s", error, exc_info=error)
            self._end("failed")

    def _write(self, lane: str, works: Sequence[Write], then: edge_end.Event | None) -> None:
        """Queue at the writer, in order per lane; what changed is announced after the commit, then the machine goes on.

        One job of a lane at a time is with the writer: a shopper's op waits for a part of what central sent, not for
        all of it, and news of carts does not wait for news of goods.
        """
        queued = self._lanes.get(lane)
        if queued is None:
            queued = self._lanes[lane] = asyncio.Queue()
            self._spawn(self._run_lane(queued))
        queued.put_nowait((works, then))

    async def _run_lane(self, lane: Lane) -> None:
        while True:
            works, then = await lane.get()
            for work in works:
                try:
                    changed = await writer.run(work)
                except Exception as error:
                    logger.error("what central sent could not be written: %s", error)
                    self._end(f"write:{type(error).__name__}")
                    return
                if changed:
                    self._after.put_nowait(changed)
            if then is not None:
                self.feed(then)

    # --- tasks

    async def _receiver(self) -> None:
        try:
            async for data in self._socket:
                frame = f.decode(data)
                if frame is None:
                    continue
                if isinstance(frame, f.Welcome) and not self._is_central(frame):
                    self._end("refused:bad_central")
                    return
                self.feed(io.Received(frame))
        except f.BadFrame as error:
            self._end(f"bad frame: {error}")
        except websockets.ConnectionClosed:
            pass
        self._end("lost")

    async def _sender(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                frames = [await self._out.get()]
                while not self._out.empty():
                    frames.append(self._out.get_nowait())
                for frame in io.together(frames):
                    await self._socket.send(f.encode(frame))
        self._end("lost")

    async def _ticker(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.feed(io.Tick(random.uniform(-1, 1)))  # noqa: S311

    async def _announcer(self) -> None:
        while True:
            changed = await self._after.get()
            while not self._after.empty():
                changed = changed + self._after.get_nowait()
            await _shielded(replica.run_after_apply(list(dict.fromkeys(changed))), "after_apply")

    async def _ping(self) -> None:
        self._parked, figures = await reader.run(lambda: (Parked.objects.count(), all_figures()))
        ping = f.Ping(version=VERSION, backlog=self.figures()["backlog"], detail={**figures, "parked": self._parked})
        self._out.put_nowait(ping)

    # --- handshake

    def _say_hello(self, nonce_c: bytes) -> None:
        self._nonce_c = nonce_c
        cursors = {realm: down.cursor for realm, down in self._state.downs.items() if down.cursor is not None}
        hello = f.Hello(
            node=self._settings.node,
            epoch=self._settings.epoch,
            nonce=self._nonce_e,
            proto=(f.PROTO_MIN, f.PROTO_MAX),
            schema=replica.schemas(),
            cursors=cursors,
            last_n=self._last_n,
            boottime=clock.boottime_ns() / 1e9,
            version=VERSION,
        )
        signed = f.signed(hello, sign(self._settings.sign_key, hello.signed_part(nonce_c)))
        self._out.put_nowait(signed)

    def _is_central(self, welcome: f.Welcome) -> bool:
        part = welcome.signed_part(self._nonce_c, self._nonce_e)
        is_for_us = welcome.node == self._settings.node
        return bool(self._nonce_c) and is_for_us and verify(self._settings.central_key, welcome.signature, part)

    # --- ops

    def _queued(self, queued: Queued) -> None:
        """In the writer's thread, after the commit."""
        writer.post(self._loop, lambda: self._enqueued(queued))

    def _enqueued(self, queued: Queued) -> None:
        before = self._state.ups.get(queued.realm)
        self.feed(io.Enqueued(queued.realm, queued.n, f.Op(queued.kind, queued.body)))
        after = self._state.ups.get(queued.realm)
        if after is not None and after.sent == queued.n and (before is None or before.sent < queued.n):
            self._sent(queued.realm, [(queued.n, queued.kind, queued.ref)])

    async def _load(self, realm: str, first: int, limit: int) -> None:
        rows = await reader.run(lambda: _load_ops(realm, first, limit))
        self._sent(realm, [(row.n, row.kind, row.ref) for row in rows])
        self.feed(io.Loaded(realm, first, tuple(f.Op(row.kind, bytes(row.body)) for row in rows)))

    def _sent(self, realm: str, ops: list[tuple[int, str, str]]) -> None:
        way = self._on_the_way.setdefault(realm, deque())
        way.extend(op for op in ops if not way or op[0] > way[-1][0])

    def _acked(self, realm: str, n: int) -> None:
        way = self._on_the_way.get(realm, deque())
        refs: dict[str, list[str]] = {}
        while way and way[0][0] <= n:
            _, kind, ref = way.popleft()
            if ref:
                refs.setdefault(kind, []).append(ref)
        hooks = [self._spawn(self._tell_acked(kind, acked)) for kind, acked in refs.items()]
        self._heard.put_nowait((realm, n, hooks))

    async def _tell_acked(self, kind: str, refs: list[str]) -> bool:
        """Whether the ops may be forgotten: not before the hooks have written down what they make of the ack."""
        try:
            await replica.run_acked(kind, refs)
        except HINDERED as error:
            # The next session sends the ops again, and they are acknowledged again.
            logger.error("what central has acknowledged could not be noted: %s", error)
            self._end(f"write:{type(error).__name__}")
            return False
        except Exception:
            logger.exception("on_central_ack(%s) failed", kind)
        return True

    async def _hearer(self) -> None:
        while True:
            realm, n, hooks = await self._heard.get()
            if not all(await asyncio.gather(*hooks)):
                return
            self._forgettable[realm] = n

    async def _forgetter(self) -> None:
        try:
            while True:
                await asyncio.sleep(FORGET_EVERY)
                if acked := self._take_forgettable():
                    await writer.run(lambda: outbox.forget(acked))
        finally:
            if acked := self._take_forgettable():
                writer.submit(lambda: outbox.forget(acked))

    def _take_forgettable(self) -> dict[str, int]:
        acked, self._forgettable = self._forgettable, {}
        return acked


async def _shielded(work: Coroutine[Any, Any, None], name: str) -> None:
    """A hook's error is its own: it is logged, and the link goes on."""
    try:
        await work
    except Exception:
        logger.exception("%s failed", name)


def _load_ops(realm: str, first: int, limit: int) -> list[Outgoing]:
    rows: list[Outgoing] = []
    size = 0
    for row in Outgoing.objects.filter(realm=realm, n__gte=first).order_by("n")[:limit]:
        size += len(row.body)
        if rows and (size > io.OPS_BYTES or row.n != rows[-1].n + 1):
            break
        rows.append(row)
    return rows


def _load_ups() -> tuple[dict[str, edge_end.Up], dict[str, int]]:
    """Per realm: numbers given, and the first that is still here; what is not here was acknowledged."""
    heads = outbox.heads()
    ups = {}
    for realm, head in heads.items():
        first = Outgoing.objects.filter(realm=realm).order_by("n").values_list("n", flat=True).first()
        acked = head if first is None else first - 1
        ups[realm] = edge_end.Up(acked=acked, sent=acked, head=head)
    return ups, heads


def _awaits_an_epoch() -> bool:
    from node.config import config
    from sync.adopting import is_under_way

    return is_under_way(config().home)


def _joined_settings() -> LinkSettings | None:
    from sync.join import joined_settings

    return joined_settings()


link = Link()
