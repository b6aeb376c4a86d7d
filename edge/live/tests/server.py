"""The edge's application behind a real server, and a tab that listens to its stream."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import msgspec
import uvicorn

from edge.cart.tests.world import Browser

WAIT_S = 20


class _Announced(uvicorn.Server):
    """Says when it takes requests, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


class Server:
    """Uvicorn in a thread of its own, as the node runs it."""

    def __init__(self) -> None:
        from edge.asgi import application

        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            application, lifespan="on", log_config=None, server_header=False, timeout_graceful_shutdown=1
        )
        self._server = _Announced(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="test-edge")

    def start(self) -> Server:
        self._thread.start()
        assert self._server.is_ready.wait(WAIT_S)
        return self

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()

    async def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run on the server's own loop, where the link would."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    async def call(self, work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return work()

        return await self.run(run())


class Event(NamedTuple):
    name: str
    id: str
    data: dict[str, Any]

    @property
    def units(self) -> dict[str, int]:
        return {line["key"][1]: line["qty"] for line in self.data["lines"]}


class Stream:
    """What an EventSource makes of the answer's lines."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self) -> Event:
        return await asyncio.wait_for(self._next(), WAIT_S)

    async def until(self, is_it: Callable[[Event], bool]) -> Event:
        while not is_it(event := await self.next()):
            pass
        return event

    async def is_over(self) -> bool:
        """Wait for the end of the answer; events on the way are passed over."""
        try:
            while True:
                await self.next()
        except (StopAsyncIteration, httpx.RemoteProtocolError):
            return True

    async def _next(self) -> Event:
        fields: dict[str, str] = {}
        while True:
            line = await anext(self._lines)
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Event(fields["event"], fields.get("id", ""), msgspec.json.decode(fields["data"]))
            else:
                fields = {}


@asynccontextmanager
async def listening(browser: Browser, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    """An open tab."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        browser.client() as client,
        client.stream("GET", f"/_r/live{query}", headers=browser.headers(more), timeout=WAIT_S) as answer,
    ):
        assert answer.status_code == 200
        yield Stream(answer)
