"""A small HTTP/1.1 client for drivers.

It connects to 127.0.0.1 and sets Host and Cookie by hand: `*.localhost` is unknown to Python, and most clients drop
Secure cookies on plain http. One connection carries one request at a time, as a browser's does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec


@dataclass(frozen=True)
class Answer:
    """`headers` by lower-case name; a repeated header keeps its last value, cookies are gathered apart."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body, type=dict[str, object])


@dataclass
class Connection:
    """A keep-alive connection to one origin, opened at the first request and again when it was closed."""

    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.origin).netloc

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request and its answer; retried once when a kept connection turns out to be closed."""
        reused = self._streams is not None
        try:
            return await self._once(method, path, body, headers)
        except (ConnectionError, asyncio.IncompleteReadError):
            await self.close()
            if not reused:
                raise
            return await self._once(method, path, body, headers)

    async def post_json(self, path: str, value: object) -> Answer:
        """A POST as a page of this origin makes it."""
        return await self.request("POST", path, msgspec.json.encode(value), **self.as_page("application/json"))

    async def post_form(self, path: str, body: str) -> Answer:
        return await self.request(
            "POST", path, body.encode(), **self.as_page("application/x-www-form-urlencoded"), sec_fetch_mode="navigate"
        )

    def as_page(self, content_type: str) -> dict[str, str]:
        return {"content_type": content_type, "sec_fetch_site": "same-origin", "origin": self.origin}

    async def events(self, path: str) -> AsyncIterator[tuple[str, bytes]]:
        """Server-sent events of `path`: (event name, data)."""
        reader, writer = await self._open()
        try:
            writer.write(self._head("GET", path, b"", {"accept": "text/event-stream"}))
            await writer.drain()
            status, headers, _ = await _read_head(reader)
            if status != 200:
                raise ConnectionError(f"{path} answered {status}")
            chunked = headers.get("transfer-encoding") == "chunked"
            name, data = "message", b""
            async for line in _lines(reader, chunked):
                if line.startswith(b"event:"):
                    name = line[6:].strip().decode()
                elif line.startswith(b"data:"):
                    data += line[5:].strip()
                elif not line and data:
                    yield name, data
                    name, data = "message", b""
        finally:
            writer.close()

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", urlsplit(self.origin).port or 80)

    async def _once(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self._streams is None:
            self._streams = await self._open()
        reader, writer = self._streams
        writer.write(self._head(method, path, body, headers))
        await writer.drain()
        status, found, cookies = await _read_head(reader)
        self.cookies |= cookies
        content = await _read_body(reader, found) if status not in (204, 304) and method != "HEAD" else b""
        if found.get("connection") == "close":
            await self.close()
        return Answer(status, found, cookies, content)

    def _head(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if self.cookies:
            lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if body or method == "POST":
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], dict[str, str]]:
    block = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for line in block[1:]:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "set-cookie":
            key, _, rest = value.partition("=")
            cookies[key] = rest.split(";", 1)[0]
        elif name:
            headers[name] = value
    return int(block[0].split(" ", 2)[1]), headers, cookies


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        size = int(await reader.readline(), 16)
        chunk = await reader.readexactly(size)
        await reader.readline()
        if not size:
            return
        yield chunk


async def _lines(reader: asyncio.StreamReader, chunked: bool) -> AsyncIterator[bytes]:
    if not chunked:
        async for line in reader:
            yield line.rstrip(b"\r\n")
        return
    kept = b""
    async for chunk in _chunks(reader):
        *whole, kept = (kept + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
