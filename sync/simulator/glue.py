"""What stands in the place of threads: production's writer, reader and hub run their own code over these."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from django.db import connections

from node.realms import atomic
from sync.simulator.loop import Life, Loop
from sync.store import writer as store

T = TypeVar("T")


class SimulatedWriter(store.Writer):
    """The one writer without its thread: jobs that wait are a group, and the loop runs it a moment later."""

    loop: Loop
    rng: Random
    life: Life

    def _put(self, job: Any) -> None:
        waiting: list[Any] = self.__dict__.setdefault("_waiting", [])
        waiting.append(job)
        if len(waiting) == 1:
            self.loop.call_in(self.life, self.rng.uniform(0.0005, 0.008), self._turn)

    def _turn(self) -> None:
        waiting: list[Any] = self.__dict__["_waiting"]
        group, waiting[:] = waiting[: store.GROUP], waiting[store.GROUP :]
        self._thread = threading.current_thread()
        try:
            self._commit(group)
        finally:
            self._thread = None
        if waiting:
            self.loop.call_in(self.life, 0.0005, self._turn)

    def run_sync(self, work: Callable[[], T]) -> T:
        if connections["edge"].in_atomic_block:
            return super().run_sync(work)
        with atomic("edge"):
            return work()

    def stop(self) -> None:
        pass


class SimulatedReader(store.Reader):
    """Reads between two transactions of the writer."""

    rng: Random

    async def run(self, work: Callable[[], T]) -> T:
        if self.rng.random() < 0.3:
            await asyncio.sleep(self.rng.uniform(0.0002, 0.004))
        return work()

    def run_sync(self, work: Callable[[], T]) -> T:
        return work()

    def stop(self) -> None:
        pass


class SimulatedLanes:
    """The hub's database work: each piece takes a moment, then happens at once."""

    def __init__(self, rng: Random, after: Callable[[], None]) -> None:
        self._rng, self._after = rng, after

    async def run(self, lane: str, work: Callable[[], T]) -> T:
        await asyncio.sleep(self._rng.uniform(0.0005, 0.006))
        try:
            result: Any = work()
            while isinstance(result, NotYet):
                await asyncio.sleep(0.45)
                result = result.ask_again()
        finally:
            self._after()
        return result  # type: ignore[no-any-return]


class NotYet:
    """An answer that waits for units recalled from other edges."""

    def __init__(
        self, ask: Callable[[bool], tuple[bytes, bool]], answer: bytes, until: float, now: Callable[[], float]
    ) -> None:
        self._ask, self._answer, self._until, self._now = ask, answer, until, now

    def ask_again(self) -> Any:
        answer, is_final = self._ask(True)
        return answer if is_final or self._now() >= self._until else self
