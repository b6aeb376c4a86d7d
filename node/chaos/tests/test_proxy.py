"""The link's faults on a real connection to a server that answers what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from node.chaos.proxy import DOWN, UP, FaultProxy

SOON, LONG = 0.3, 5.0


class Echo:
    """Says what it heard, and remembers it."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(100):
                self.heard += chunk
                writer.write(chunk)
        except OSError:
            pass
        finally:
            self.ended += 1
            writer.close()


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[FaultProxy, Echo, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A proxy, the server behind it, and a connection that works."""
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    proxy = FaultProxy(0, server.sockets[0].getsockname()[1])
    await proxy.heal()
    assert proxy._server is not None
    proxy.port = proxy._server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        assert await said(reader, writer, b"hello") == b"hello"
        yield proxy, echo, reader, writer
    finally:
        writer.close()
        await proxy.cut()
        server.close()


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes, within: float = LONG) -> bytes:
    """What comes back, b"" when nothing does in time."""
    writer.write(words)
    try:
        return await asyncio.wait_for(reader.read(100), within)
    except TimeoutError:
        return b""


@pytest.mark.parametrize(("direction", "is_heard"), [(UP, False), (DOWN, True)])
async def test_a_deaf_direction_holds_what_was_said_until_it_hears_again(direction: str, is_heard: bool) -> None:
    async with linked() as (proxy, echo, reader, writer):
        proxy.deafen(direction)

        assert await said(reader, writer, b"again", SOON) == b""
        assert (echo.heard == b"helloagain") is is_heard

        proxy.mend()
        assert await asyncio.wait_for(reader.read(100), LONG) == b"again"


async def test_no_connection_is_made_through_a_hole_before_it_is_mended() -> None:
    async with linked() as (proxy, echo, *_):
        proxy.deafen(UP, DOWN)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)

        assert await said(reader, writer, b"there?", SOON) == b"" and echo.heard == b"hello"

        proxy.mend()
        assert await asyncio.wait_for(reader.read(100), LONG) == b"there?"
        writer.close()


async def test_slow_is_late_and_in_order() -> None:
    async with linked() as (proxy, _, reader, writer):
        proxy.slow(0.2, 0.0)
        began = asyncio.get_running_loop().time()

        assert await said(reader, writer, b"slowly") == b"slowly"
        assert asyncio.get_running_loop().time() - began >= 0.4  # there and back


async def test_a_reset_is_heard_at_both_ends_and_new_connections_pass() -> None:
    async with linked() as (proxy, echo, reader, _):
        proxy.reset()

        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.readexactly(1), LONG)
        fresh = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await said(*fresh, b"anew") == b"anew" and echo.ended == 1
        fresh[1].close()


async def test_of_a_half_open_connection_only_centrals_end_knows_until_it_is_mended() -> None:
    async with linked() as (proxy, echo, reader, writer):
        proxy.half_open()

        assert await said(reader, writer, b"hello?", SOON) == b""
        assert not reader.at_eof() and echo.ended == 1 and echo.heard == b"hello"

        proxy.mend()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.readexactly(1), LONG)


async def test_cut_refuses_and_heal_lets_pass() -> None:
    async with linked() as (proxy, *_):
        await proxy.cut()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", proxy.port)

        await proxy.heal()
        fresh = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await said(*fresh, b"back") == b"back"
        fresh[1].close()
