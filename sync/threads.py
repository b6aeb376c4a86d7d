"""Threads for the hub's database work: a few per realm, so that one realm's dead database holds nobody else up."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")

#: threads per lane; connection pools have 4 per alias, and views want some
PER_LANE = 3


def take_short_turns() -> None:
    """Let threads change places every half millisecond, for a process whose loop must answer while threads work.

    An op goes from the loop to a thread and back, and a thread that renders or encodes holds the interpreter for a
    whole turn: with Python's 5 ms these turns, not the work, were most of an op's time.
    """
    sys.setswitchinterval(0.0005)


def spare_the_collector() -> None:
    """Let the garbage collector pass over what start-up made, for a process that must answer at any moment.

    A full collection of an edge stops every thread for 38 ms, nearly all of it to look at code and templates.
    """
    gc.collect()
    gc.freeze()


class Lanes:
    """Named thread pools, made on first use."""

    def __init__(self, threads: int = PER_LANE) -> None:
        self._threads = threads
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()

    async def run(self, lane: str, work: Callable[[], T]) -> T:
        """Run `work` in a thread of `lane`; a cancelled caller does not stop it."""
        return await asyncio.shield(asyncio.wrap_future(self._pool(lane).submit(_with_connections, work)))

    def _pool(self, lane: str) -> ThreadPoolExecutor:
        with self._lock:
            if lane not in self._pools:
                self._pools[lane] = ThreadPoolExecutor(self._threads, thread_name_prefix=f"lane-{lane}")
            return self._pools[lane]

    def stop(self) -> None:
        """Finish, close every thread's connections, end the threads."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            stop_pool(pool)


def stop_pool(pool: ThreadPoolExecutor) -> None:
    """Close each thread's Django connections, then end the pool."""
    count = len(pool._threads)
    if count:
        barrier = threading.Barrier(count + 1)
        for _ in range(count):
            pool.submit(_close_connections, barrier)
        barrier.wait(timeout=60)
    pool.shutdown(wait=True)


def _close_connections(barrier: threading.Barrier) -> None:
    connections.close_all()
    barrier.wait(timeout=60)  # so that each thread takes exactly one of these


def _with_connections(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        give_back_connections()


def give_back_connections() -> None:
    """After a piece of work in a thread: a pooled connection returns to the pool, a broken one is closed."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict.get("OPTIONS", {}).get("pool"):
            connection.close()
        elif connection.errors_occurred and not connection.in_atomic_block:
            connection.close()
            connection.errors_occurred = False


lanes = Lanes()
