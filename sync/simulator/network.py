"""Wires between edges and central: frames arrive in order, late, or not at all.

A wire carries one session, as a TCP connection does: a partition holds frames back, a closed end is not heard of while
the other way is cut. Beyond what TCP may do, single frames are lost, repeated and swapped, of the kinds that the
protocol guards by number: a hole must be seen, a repeat must not count.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import websockets

from sync.simulator.loop import Life, Loop

UP, DOWN = "up", "down"

#: least and most
LATENCY_S = (0.002, 0.03)
#: kinds of frames that carry a number, or are asked for again
GUARDED = ("batch", "ops", "opsack", "ack", "head", "pull", "expected", "request", "reply", "tell", "ping", "pong")


class Weather:
    """How the network is, for one edge: changed by faults, perfect again at the heal."""

    def __init__(self) -> None:
        self.cut: set[str] = set()
        self.slow_s = 0.0  # a reader that takes so long for each frame
        self.lose = self.repeat = self.swap = 0.0
        self.strange = 0.0  # frames and fields of another version

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


@dataclass(eq=False)
class _Frame:
    """Text on its way, or None: the other end has closed. `is_late`: it waits behind others, or for a slow reader."""

    text: str | None
    is_late: bool
    has_come: bool = False


class Wire:
    """One connection. `deliver_up` and `deliver_down` hand a frame to an end, None = the other end has closed."""

    def __init__(
        self,
        loop: Loop,
        rng: Random,
        weather: Weather,
        edge: Life,
        count: Callable[[str], None],
        note: Callable[[str, str], None],
    ) -> None:
        self._loop, self._rng, self.weather, self.edge = loop, rng, weather, edge
        self._count, self._note = count, note
        self.hub_life: Life | None = None
        self.deliver: dict[str, Callable[[str | None], object]] = {}
        self.is_closed = {UP: False, DOWN: False}  # this way says nothing more
        self._free_at = {UP: 0.0, DOWN: 0.0}
        self._under_way: dict[str, deque[_Frame]] = {UP: deque(), DOWN: deque()}
        self._held: dict[str, list[str | None]] = {UP: [], DOWN: []}

    def send(self, way: str, text: str | None) -> None:
        """None: this end closes."""
        if self.is_closed[way]:
            return
        self.is_closed[way] = text is None
        if text is not None and (text := self._fate(way, text)) is None:
            return
        if way in self.weather.cut or self._held[way]:
            self._held[way].append(text)
        else:
            self._carry(way, text)

    def _fate(self, way: str, text: str) -> str | None:
        weather = self.weather
        kind = text[6 : text.index('"', 6)]
        self._note(f"{self.edge.name} {way}", text)
        if weather.strange and self._rng.random() < weather.strange:
            self._count("other_version")
            self._carry(way, '{"t":"newer","what":[1,2]}')
            text = text[:-1] + ',"new_field":{"a":1}}'
        if kind in GUARDED and (weather.lose or weather.repeat or weather.swap):
            drawn = self._rng.random()
            if drawn < weather.lose:
                self._count("drop")
                return None
            if drawn < weather.lose + weather.repeat:
                self._count("duplicate")
                self._carry(way, text)
            elif drawn < weather.lose + weather.repeat + weather.swap:
                self._count("reorder")
                self._loop.call_in(self._life(way), self._rng.uniform(0.1, 0.4), self._arrive, way, text)
                return None
        return text

    def _life(self, way: str) -> Life | None:
        return self.hub_life if way == UP else self.edge

    def _carry(self, way: str, text: str | None) -> None:
        latency = self._rng.uniform(*LATENCY_S) + (self.weather.slow_s if way == DOWN else 0.0)
        # One after another: a frame never overtakes the one before it.
        begin = max(self._loop.now, self._free_at[way]) if self.weather.slow_s else self._loop.now
        at = max(begin + latency, self._free_at[way])
        self._free_at[way] = at
        frame = _Frame(text, is_late=at - self._loop.now > LATENCY_S[1])
        self._under_way[way].append(frame)
        self._loop.call_in(self._life(way), at - self._loop.now, self._due, way, frame)

    def _due(self, way: str, frame: _Frame) -> None:
        if frame.has_come:
            return
        waiting = self._under_way[way]
        self._come(way, waiting.popleft())
        # Who is slow no more reads at once what has piled up before him.
        while waiting and waiting[0].is_late and not self.weather.slow_s:
            self._free_at[way] = self._loop.now
            self._come(way, waiting.popleft())

    def _come(self, way: str, frame: _Frame) -> None:
        frame.has_come = True
        self._arrive(way, frame.text)

    def _arrive(self, way: str, text: str | None) -> None:
        if way in self.weather.cut or (self._held[way] and text is not None):
            self._held[way].append(text)
        else:
            self.deliver[way](text)

    def release(self) -> None:
        """A partition has ended: TCP sends again what it held."""
        for way, held in self._held.items():
            if way not in self.weather.cut:
                self._held[way] = []
                for text in held:
                    self._carry(way, text)

    def reset(self) -> None:
        """Both ends hear that it is gone, whatever the weather."""
        for way in (UP, DOWN):
            if way in self.deliver:
                self.is_closed[way] = True
                self._loop.call_in(self._life(way), 0.001, self.deliver[way], None)


class EdgeSocket:
    """What `websockets` gives to `sync.link`, as far as it is used."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._in: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_closed = False
        wire.deliver[DOWN] = self._in.put_nowait

    async def send(self, text: str) -> None:
        if self._is_closed:
            raise websockets.ConnectionClosedError(None, None)
        self._wire.send(UP, text)

    def __aiter__(self) -> EdgeSocket:
        return self

    async def __anext__(self) -> str:
        text = await self._in.get()
        if text is None:
            self._is_closed = True
            raise StopAsyncIteration
        return text


class Dialling:
    """`async with connect(...)`: what stands in the place of `websockets.connect` in `sync.link`."""

    def __init__(self, dial: Callable[[], Any]) -> None:
        self._dial = dial
        self._wire: Wire | None = None

    async def __aenter__(self) -> EdgeSocket:
        self._wire = await self._dial()
        return EdgeSocket(self._wire)

    async def __aexit__(self, *error: object) -> None:
        if self._wire is not None:
            self._wire.send(UP, None)
