"""Pictures: fetched from central by content hash, kept as files, served from here also when central is gone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import httpx

from edge.replica.models import NeededPicture
from node.config import config
from sync.contracts.documents import Picture
from sync.join import joined
from sync.store.edge import sql
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

TYPES: Final = {
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "avif": "image/avif",
}
NAME: Final = re.compile(r"^([0-9a-f]{64})\.(svg|webp|jpe?g|png|gif|avif)$")

#: at once; a cold edge must not keep central from its work
CONCURRENCY: Final = 4
#: no picture of a product is larger; a larger answer is not one
MAX_BYTES: Final = 20_000_000
#: how long a shopper's request waits for a picture that is being fetched
PATIENCE_S: Final = 3.0
_RETRY_FIRST_S, _RETRY_LAST_S = 0.5, 15.0


def need(pictures: Iterable[Picture]) -> None:
    """Inside the writer's transaction: these pictures are named by a document."""
    names = [name for each in pictures for name in each.names if NAME.match(name)]
    name_again(names)
    missing = [name for name in names if not file_of(name).exists()]
    if not missing:
        return
    have = set(NeededPicture.objects.filter(name__in=missing).values_list("name", flat=True))
    NeededPicture.objects.bulk_create(NeededPicture(name=name) for name in dict.fromkeys(missing) if name not in have)


def name_again(names: list[str]) -> None:
    """Inside the writer's transaction: what some document names is not to be forgotten (`forgetting.py`)."""
    if names:
        sql.execute(f"DELETE FROM edge_replica_unnamedpicture WHERE name IN ({', '.join('?' * len(names))})", names)  # noqa: S608


def file_of(name: str) -> Path:
    """Two levels, because one folder of 100,000 files is slow to list and to back up."""
    return config().media_dir / name[:2] / name


def _central() -> str:
    """Where central is: the setting (the demo's proxy, a tunnel), else what the join token said."""
    node = joined(config().home)
    return config().link_url or (node.central_url if node else "")


class Wrong(Exception):
    """Central answered, but not with this picture."""


class Fetcher:
    """Fetches what `NeededPicture` names until nothing is missing. One per process, on the event loop."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._waiting: dict[str, list[asyncio.Future[bool]]] = {}

    def wake(self) -> None:
        """There may be something to fetch. The first call starts the task."""
        if self._task is None or self._task.done():
            self._woken = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run(), name="pictures")
        self._woken.set()

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def wait_for(self, name: str, seconds: float) -> bool:
        """Whether a needed picture came within `seconds`; it is fetched before the others."""
        self.wake()
        here: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append(here)
        try:
            return await asyncio.wait_for(here, seconds)
        except TimeoutError:
            return False

    async def _run(self) -> None:
        pause = _RETRY_FIRST_S
        async with httpx.AsyncClient(
            base_url=_central(),
            transport=self._transport,
            trust_env=False,
            timeout=httpx.Timeout(10.0, connect=3.0),
            limits=httpx.Limits(max_connections=CONCURRENCY),
        ) as client:
            while True:
                self._woken.clear()
                names = await reader.run(lambda: list(NeededPicture.objects.values_list("name", flat=True)))
                if not names:
                    await self._woken.wait()
                    continue
                came = await self._fetch_all(client, names)
                # Central is away, or has not got it either: patient, but never for ever
                pause = _RETRY_FIRST_S if came else min(pause * 2, _RETRY_LAST_S)
                if came < len(names):
                    await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        """Until news come (the link is back), but not less than the first pause."""
        await asyncio.sleep(_RETRY_FIRST_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    async def _fetch_all(self, client: httpx.AsyncClient, names: list[str]) -> int:
        """How many came. The shoppers' own come first; `CONCURRENCY` workers share the rest."""
        queue = sorted(names, key=lambda name: name not in self._waiting, reverse=True)
        came: list[str] = []

        async def work() -> None:
            while queue:
                name = queue.pop()
                if await self._fetch(client, name):
                    came.append(name)
                    self._tell(name)
                    if len(came) % 50 == 0:
                        await self._forget(came[-50:])

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
        await self._forget(came)
        return len(came)

    async def _forget(self, names: list[str]) -> None:
        if names:
            await writer.run(lambda: NeededPicture.objects.filter(name__in=list(names)).delete())

    def _tell(self, name: str) -> None:
        for here in self._waiting.pop(name, []):
            if not here.done():
                here.set_result(True)

    async def _fetch(self, client: httpx.AsyncClient, name: str) -> bool:
        try:
            async with client.stream("GET", f"/_media/{name}") as answer:
                if answer.status_code != 200:
                    raise Wrong(f"status {answer.status_code}")
                await self._keep(name, answer)
        except (httpx.HTTPError, OSError, Wrong) as error:
            logger.debug("picture %s did not come: %s", name, error)
            return False
        return True

    async def _keep(self, name: str, answer: httpx.Response) -> None:
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MAX_BYTES:
                raise Wrong(f"larger than {MAX_BYTES} bytes")
        if hashlib.sha256(body).hexdigest() != name.partition(".")[0]:
            raise Wrong("its bytes have another hash")
        await asyncio.to_thread(store, name, bytes(body))


def store(name: str, body: bytes) -> None:
    """Write a picture so that a reader finds it whole or not at all."""
    file = file_of(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


fetcher = Fetcher()

#: a quiet grey frame, shown while the picture is on its way: a broken-image sign would say that the shop is broken
PLACEHOLDER: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3" width="800" height="600">'
    b'<rect width="4" height="3" fill="#8886" opacity=".35"/></svg>'
)


async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Plain ASGI: GET and HEAD of `/_m/<hash>.<ext>`."""
    name = scope["path"].removeprefix("/_m/")
    match = NAME.match(name)
    if scope["method"] not in ("GET", "HEAD"):
        await _answer(scope, send, 405, b"", [(b"allow", b"GET, HEAD")])
    elif match is None:
        await _answer(scope, send, 404, b"", [(b"content-type", b"text/plain")])
    elif (body := await _body(name)) is not None:
        await _answer(scope, send, 200, body, _headers(match[2]))
    else:
        await _answer(scope, send, 404, PLACEHOLDER, _placeholder_headers())


async def _body(name: str) -> bytes | None:
    file = file_of(name)
    body = await asyncio.to_thread(_read, file)
    if body is None and await reader.run(lambda: NeededPicture.objects.filter(name=name).exists()):
        await fetcher.wait_for(name, PATIENCE_S)
        body = await asyncio.to_thread(_read, file)
    return body


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _headers(ext: str) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", TYPES[ext].encode()),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if ext == "svg":
        # Opened by itself an SVG is a document of our origin: it may draw, never run or load
        headers.append((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    return headers


def _placeholder_headers() -> list[tuple[bytes, bytes]]:
    return [*_headers("svg")[:1], (b"cache-control", b"no-store"), *_headers("svg")[2:]]


async def _answer(
    scope: dict[str, Any], send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
