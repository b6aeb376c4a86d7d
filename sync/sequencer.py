"""The sequencer: moves what transactions have published from a realm's outbox into its dense log, and numbers it.

One per realm, by an advisory lock; the row lock of `sync_head` is the fence should two ever run. It is woken by
NOTIFY, then looks every 10 ms for a while, so that busy writers need not wake it each time, and every 200 ms anyway.
It has its own connection: LISTEN and a session's lock cannot share a pool. A realm whose database is down stops
nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import time
from collections.abc import Iterable
from typing import Any

import psycopg
import typer
from channels.layers import get_channel_layer
from django.db import connections
from django.utils import timezone

from node.postgres.base import follow
from node.realms import CENTRAL_REALMS, alias_of
from sync import periodic
from sync.core.log import HeadOfLog
from sync.numbering import BATCH, BEGIN, COLUMNS, HEAD, INSERT, MOVE, TAKEN, first_head, head_in, moved_to, numbered
from sync.outbox import WAKE_CHANNEL, WAKE_EVERY

logger = logging.getLogger(__name__)

#: seconds between two looks when nobody wakes us
FLOOR = 0.2
#: the same just after something was found, and for how long: a writer may count on being seen without waking us
LOOK = 0.01
AWAKE = 2 * WAKE_EVERY
#: never reuse this number for another advisory lock
LOCK = 7_215_304_001

#: below this an INSERT is quicker than the start of a COPY
_FEW = 20

# An array, not IN (SELECT): after an ANALYZE of the empty outbox the planner joins the two by going over the whole
# table for each of the 2,000, and the log grows at a third of its speed.
_FIRST = "SELECT id FROM sync_central_outbox ORDER BY id LIMIT %s"
_TAKE = f"DELETE FROM sync_central_outbox WHERE id = ANY(ARRAY({_FIRST})) RETURNING {TAKEN}"  # noqa: S608
_STAGE = f"COPY sync_central_synclog {COLUMNS} FROM STDIN"

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


def log_group(realm: str) -> str:
    """The channel-layer group that is nudged when a realm's log has grown."""
    return f"log.{realm}"


def connection_params(realm: str) -> dict[str, Any]:
    """How to reach a realm's database, where it is now, in psycopg's words."""
    follow()
    params = connections[alias_of(realm)].get_connection_params()
    return {name: value for name, value in params.items() if name not in ("cursor_factory", "context", "pool")}


async def connect(realm: str) -> Connection:
    params = connection_params(realm)
    return await psycopg.AsyncConnection.connect(**{"connect_timeout": 5, **params}, autocommit=True)


async def sequence_batch(conn: Connection) -> int:
    """Move up to `BATCH` entries into the log, in one transaction. Returns how many.

    Two trips to the server when entries are few: what reads goes in one pipeline, what writes in another.
    """
    async with conn.transaction():
        async with conn.pipeline():
            found = await conn.execute(HEAD)
            taken = await conn.execute(_TAKE, [BATCH])
            head_row, rows = await found.fetchone(), await taken.fetchall()
        head = head_in(head_row) if head_row is not None else await _lock_head(conn)
        if not rows:
            return 0
        log = numbered(head, rows)
        if len(log) > _FEW:
            await _copy(conn, log)
            await conn.execute(MOVE, moved_to(log))
        else:
            now = timezone.now()
            async with conn.pipeline():
                for row in log:
                    await conn.execute(INSERT, (*row, now))
                await conn.execute(MOVE, moved_to(log))
    return len(rows)


async def _lock_head(conn: Connection) -> HeadOfLog:
    row = await (await conn.execute(HEAD)).fetchone()
    if row is None:
        await conn.execute(BEGIN, [*first_head(), timezone.now()])
        return await _lock_head(conn)
    return head_in(row)


async def _copy(conn: Connection, log: list[tuple[Any, ...]]) -> None:
    now = timezone.now()
    async with conn.cursor().copy(_STAGE) as copy:
        for row in log:
            await copy.write_row((*row, now))


async def sequence_all(realm: str) -> int:
    """Move everything that waits into the realm's log, now; for tests and tools. Returns how many."""
    moved = 0
    async with await connect(realm) as conn:
        while taken := await sequence_batch(conn):
            moved += taken
        if not moved:
            async with conn.transaction():
                await _lock_head(conn)
    if moved:
        await _nudge(realm)
    return moved


async def _nudge(realm: str) -> None:
    layer = get_channel_layer()
    if layer is not None:
        await asyncio.wait_for(layer.group_send(log_group(realm), {"type": "log.grown", "realm": realm}), 2)


class Sequencer:
    """Keeps one realm's log growing for as long as it runs."""

    def __init__(self, realm: str) -> None:
        self.realm = realm
        self.is_leading = False
        self._nudging: asyncio.Task[None] | None = None
        self._nudge_again = False
        self._trouble = ""

    async def run(self) -> None:
        """Until cancelled. Trouble is told once, tried again with back-off, and stops no other realm."""
        wait = 0.2
        while True:
            try:
                async with await connect(self.realm) as conn:
                    if await self._lead(conn):
                        wait = 0.2
                        await self._work(conn)
                await asyncio.sleep(1)  # another sequencer leads: stand by
            except (psycopg.Error, OSError) as error:
                self.is_leading = False
                self._tell(f"{error}".strip().splitlines()[0])
                await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311
                wait = min(5.0, wait * 2)

    async def _lead(self, conn: Connection) -> bool:
        row = await (await conn.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])).fetchone()
        self.is_leading = bool(row and row[0])
        return self.is_leading

    async def _work(self, conn: Connection) -> None:
        await conn.execute(f"LISTEN {WAKE_CHANNEL}")
        async with conn.transaction():
            await _lock_head(conn)
        self._tell("")
        while True:
            while await self._move(conn) == BATCH:
                pass
            asleep_at = time.monotonic() + AWAKE
            while not await self._is_woken(conn, LOOK if time.monotonic() < asleep_at else FLOOR):
                pass

    async def _move(self, conn: Connection) -> int:
        moved = await sequence_batch(conn)
        if moved:
            self._nudge_soon()
        return moved

    async def _is_woken(self, conn: Connection, patience: float) -> bool:
        async for _ in conn.notifies(timeout=patience, stop_after=1):
            return True
        return await self._is_waiting(conn)  # a look is cheaper than a turn, which would lock the head

    async def _is_waiting(self, conn: Connection) -> bool:
        row = await (await conn.execute("SELECT EXISTS (SELECT 1 FROM sync_central_outbox)")).fetchone()
        return bool(row and row[0])

    def _nudge_soon(self) -> None:
        # Never waited for: a Redis that hangs must not hold the log up.
        if self._nudging is not None and not self._nudging.done():
            self._nudge_again = True
            return
        self._nudging = asyncio.create_task(self._nudge())

    async def _nudge(self) -> None:
        while True:
            self._nudge_again = False
            with contextlib.suppress(Exception):  # droppable: who misses it pulls within 5 s
                await _nudge(self.realm)
            if not self._nudge_again:
                return

    def _tell(self, trouble: str) -> None:
        if trouble and not self._trouble:
            logger.warning("realm '%s': the sequencer waits for its database: %s", self.realm, trouble)
        elif self._trouble and not trouble:
            logger.warning("realm '%s': the sequencer works again", self.realm)
        self._trouble = trouble


async def run_periodic(task: periodic.Periodic) -> None:
    """Run one periodic hook at its interval, until cancelled."""
    while True:
        await asyncio.sleep(task.seconds)
        try:
            await asyncio.to_thread(_in_thread, task.run)
        except Exception:
            logger.exception("periodic %s failed", task.name)


def _in_thread(run: periodic.Hook) -> None:
    try:
        run()
    finally:
        connections.close_all()  # the thread may never come back


async def run_all(realms: Iterable[str] = CENTRAL_REALMS) -> None:
    """Sequencers of all `realms` and the periodic hooks, until cancelled."""
    from sync.discover import load_central

    load_central()
    async with asyncio.TaskGroup() as group:
        for realm in realms:
            group.create_task(Sequencer(realm).run(), name=f"sequencer:{realm}")
        for task in periodic.all_periodic():
            group.create_task(run_periodic(task), name=f"periodic:{task.name}")


def command() -> None:
    """Run the sequencers and sweepers of central until SIGTERM; `rialto run` starts this."""

    async def main() -> None:
        task = asyncio.ensure_future(run_all())
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    typer.echo("sequencers are running", err=True)
    asyncio.run(main())
