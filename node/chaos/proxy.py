"""A TCP proxy that spoils a link as networks do: cut, deaf in one direction, slow, reset, half open.

TCP loses no byte of a connection that stands: what a hole swallows is sent again. So a direction that is deaf holds
its bytes, and gives them on when it hears again, unless an end has hung up meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from random import Random

from node.proxy import CHUNK, CuttableProxy

UP, DOWN = "up", "down"


@dataclass(eq=False)
class _Line:
    """One connection: the edge's end and central's."""

    edge: asyncio.StreamWriter
    central: asyncio.StreamWriter
    #: central's end is gone and the edge has not been told
    is_half: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class FaultProxy(CuttableProxy):
    """`cut` and `heal` as the demo's; the rest is undone by `mend`, but for `reset`, which is done at once."""

    def __init__(self, port: int, target_port: int, *, seed: int = 0) -> None:
        super().__init__(port, target_port)
        self._lines: set[_Line] = set()
        self._hears = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        self._delay = self._jitter = 0.0
        self._chance = Random(seed)  # noqa: S311 - jitter
        self.carried = {UP: 0, DOWN: 0}
        self._hear_all()

    # --- faults --------------------------------------------------------------------------------------------------

    def deafen(self, *directions: str) -> None:
        """Nothing arrives in these directions: `up` to central, `down` to the edge; new connections hang too."""
        for direction in directions:
            self._hears[direction].clear()

    def slow(self, delay: float, jitter: float) -> None:
        """Each chunk comes `delay` seconds later, and up to `jitter` more."""
        self._delay, self._jitter = delay, jitter

    def reset(self) -> None:
        """Every connection is reset, at both ends; new ones pass."""
        for line in list(self._lines):
            _reset(line.edge)
            _reset(line.central)

    def half_open(self) -> None:
        """Central's ends are reset and the edge hears nothing of it, until `mend`."""
        for line in list(self._lines):
            line.is_half = True
            _reset(line.central)

    def mend(self) -> None:
        """Packets pass again. An edge that then writes to a connection central has forgotten is told by a reset."""
        self._delay = self._jitter = 0.0
        for line in list(self._lines):
            if line.is_half:
                _reset(line.edge)
        self._hear_all()

    def _hear_all(self) -> None:
        for hears in self._hears.values():
            hears.set()

    # --- carrying ------------------------------------------------------------------------------------------------

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        onward: asyncio.StreamWriter | None = None
        line: _Line | None = None
        try:
            # A connection through a hole is not made before it is mended.
            await self._hears[UP].wait()
            await self._hears[DOWN].wait()
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self.target_port)
            self._open.add(onward)
            if self.is_cut:  # while we were dialling
                return
            line = _Line(writer, onward)
            self._lines.add(line)
            await asyncio.gather(self._pump(reader, onward, UP, line), self._pump(onward_reader, writer, DOWN, line))
        except OSError:
            pass
        finally:
            if line is not None:
                self._lines.discard(line)
            for each in (writer, onward):
                if each is not None:
                    self._open.discard(each)
                    each.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str, line: _Line
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay + self._chance.random() * self._jitter)
                await self._hears[direction].wait()
                if not line.is_half:
                    writer.write(chunk)
                    await writer.drain()
                    self.carried[direction] += len(chunk)
        if line.is_half and direction == DOWN:
            return  # central's end is gone: the edge is not told
        with contextlib.suppress(OSError, RuntimeError):
            await self._hears[direction].wait()
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST in place of FIN."""
    if (line := writer.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
