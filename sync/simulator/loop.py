"""An event loop whose time is virtual: production's coroutines run on it as they are, in one thread, in one order.

A step belongs to the life of a machine (`LIFE`, a context variable that tasks inherit). Before it runs, `on_switch`
puts that machine's memory in place; a step of a life that has ended never runs, one of a machine that sleeps waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

Context = contextvars.Context

#: a run has some twenty thousand
MOST_STEPS = 300_000


class TooManySteps(RuntimeError):
    """Machines keep each other busy without end."""


class Life:
    """One start of a machine, until it crashes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_over = False
        self.is_asleep = False
        #: steps that came while it slept
        self.missed: list[Step] = []


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


class Step:
    """A callback that waits for its turn; asyncio calls it a handle."""

    __slots__ = ("args", "call", "context", "is_cancelled", "when")

    def __init__(self, when: float, call: Callable[..., object], args: tuple[Any, ...], context: Context) -> None:
        self.when, self.call, self.args, self.context = when, call, args, context
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled


class Loop(asyncio.AbstractEventLoop):
    """`on_switch(life)` before the first step of another life; `after_step(life)` after each."""

    def __init__(self, on_switch: Callable[[Life | None], None], after_step: Callable[[Life | None], None]) -> None:
        self.now = 0.0
        self.steps = 0
        self._on_switch, self._after_step = on_switch, after_step
        self._ready: deque[Step] = deque()
        self._later: list[tuple[float, int, Step]] = []
        self._order = 0
        self._life: Life | None = None
        self.errors: list[str] = []
        #: what was begun and never ended must not be swept away in the middle of the run
        self._begun: list[asyncio.Task[Any]] = []

    # --- the run

    def run_until(self, moment: float, is_done: Callable[[], bool] | None = None) -> None:
        """Run all steps up to a moment, or until `is_done`, which is asked each time that the clock moves on."""
        asyncio._set_running_loop(self)
        try:
            while True:
                while self._ready:
                    self._run(self._ready.popleft())
                if is_done is not None and is_done():
                    return
                if not self._later or self._later[0][0] > moment:
                    self.now = max(self.now, moment)
                    return
                self.now = max(self.now, self._later[0][0])
                while self._later and self._later[0][0] <= self.now:
                    self._ready.append(heapq.heappop(self._later)[2])
        finally:
            asyncio._set_running_loop(None)

    def _run(self, step: Step) -> None:
        if step.is_cancelled:
            return
        life = step.context.get(LIFE)
        if life is not None:
            if life.is_over:
                return
            if life.is_asleep:
                life.missed.append(step)
                return
        if life is not self._life:
            self._life = life
            self._on_switch(life)
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooManySteps(f"{self.steps} steps by {self.now:.0f} s: something spins")
        step.context.run(step.call, *step.args)
        self._after_step(life)

    def wake(self, life: Life) -> None:
        """The machine goes on: what it missed happens now."""
        life.is_asleep = False
        missed, life.missed = life.missed, []
        self._ready.extend(missed)

    def forget_life(self) -> None:
        """Another memory may be in place now: switch before the next step."""
        self._life = None

    def end_all(self) -> None:
        """Close what never came to an end, while what it may still ask for is in place."""
        for task in self._begun:
            if not task.done() and (work := task.get_coro()) is not None:
                with contextlib.suppress(Exception):  # what its `finally` wants cannot be had any more
                    work.close()

    def start(self, life: Life | None, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine in a life; None: in none, as the world outside of all machines."""
        context = contextvars.Context()
        context.run(LIFE.set, life)
        return self.create_task(work, context=context)

    def call_in(self, life: Life | None, seconds: float, call: Callable[..., object], *args: Any) -> Step:
        context = contextvars.Context()
        context.run(LIFE.set, life)
        return self.call_later(seconds, call, *args, context=context)

    # --- what asyncio asks of a loop

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Step:  # type: ignore[override]
        step = Step(self.now, callback, args, context if context is not None else contextvars.copy_context())
        self._ready.append(step)
        return step

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Step:
        step = Step(when, callback, args, context if context is not None else contextvars.copy_context())
        self._order += 1
        heapq.heappush(self._later, (when, self._order, step))
        return step

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Step:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[T]:
        task = asyncio.Task(coro, loop=self, name=name or "task", context=context)
        self._begun.append(task)
        if len(self._begun) > 5_000:
            self._begun = [one for one in self._begun if not one.done()]
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            self.errors.append(f"{context.get('message')}: {type(error).__name__}: {error}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False
