"""A TCP proxy that can be cut like a cable: the demo puts one before central for each edge."""

from __future__ import annotations

import asyncio
import contextlib

CHUNK = 65536


class CuttableProxy:
    """Listens on 127.0.0.1:`port` and carries bytes to `target_port`. Cut, it refuses and drops every connection."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port, self.target_port = port, target_port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def is_cut(self) -> bool:
        return self._server is None

    async def heal(self) -> None:
        """Listen; harmless when it does already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Refuse new connections and drop the open ones, with data on the way, as a torn cable would."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            self._open.discard(writer)
            writer.transport.abort()
            return
        self._open.add(onward_writer)
        try:
            if self.is_cut:  # while we were dialling
                return
            await asyncio.gather(_pump(reader, onward_writer), _pump(onward_reader, writer))
        finally:
            for each in (writer, onward_writer):
                self._open.discard(each)
                each.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()  # one side may end before the other
