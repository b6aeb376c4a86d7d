"""Static files of central: their addresses, and the part of the ASGI application that serves them.

An address carries its file's hash, so a browser keeps it for a year and still sees each new version. Behind nginx
these requests never arrive. WhiteNoise streams files in a way that Django must first read whole under ASGI; fifty
lines over Django's own finders do without it.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles import finders

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_TEXT = ("text/", "image/svg", "application/javascript", "application/json")


@dataclass(frozen=True)
class Asset:
    changed: float
    body: bytes
    zipped: bytes | None
    kind: str
    hash: str


_loaded: dict[str, Asset] = {}


def load(path: str) -> Asset | None:
    """The file `path` of any app's `static` folder, read again only when it has changed. None: there is none."""
    found = finders.find(path) if path else None
    if not isinstance(found, str) or not Path(found).is_file():
        return None
    changed = Path(found).stat().st_mtime
    asset = _loaded.get(path)
    if asset is None or asset.changed != changed:
        body = Path(found).read_bytes()
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        zipped = gzip.compress(body, 6) if kind.startswith(_TEXT) and len(body) > 500 else None
        asset = _loaded[path] = Asset(changed, body, zipped, kind, hashlib.sha256(body).hexdigest()[:10])
    return asset


#: seconds for which a file is taken to be as it was: a screen has a hundred icons, all of one file
_LOOK_S: Final = 1.0
_addresses: dict[str, tuple[float, str]] = {}


def address(path: str) -> str:
    """`/static/<path>?v=<hash>`."""
    known, now = _addresses.get(path), time.monotonic()
    if known is not None and now < known[0]:
        return known[1]
    asset = load(path)
    made = plain_address(path) + (f"?v={asset.hash}" if asset else "")
    if asset:  # a name that no file has comes from anybody
        _addresses[path] = (now + _LOOK_S, made)
    return made


def plain_address(path: str) -> str:
    """`/static/<path>`, as style sheets name their fonts."""
    return f"{settings.STATIC_URL}{path}"


def serve_static(application: Application) -> Application:
    """`application`, with everything under `STATIC_URL` answered from the apps' static folders."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(settings.STATIC_URL):
            await application(scope, receive, send)
            return
        path = unquote(scope["path"]).removeprefix(settings.STATIC_URL)
        asset = await sync_to_async(_load_safely)(path)
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, [], b"")
        elif asset is None:
            await _answer(send, 404, [(b"content-type", b"text/plain")], b"not found")
        else:
            await _answer(send, *_as_asked(asset, scope))

    return serve


def _load_safely(path: str) -> Asset | None:
    try:
        return load(path)
    except Exception:  # SuspiciousFileOperation: a path that climbs out of the folder is a file that is not there
        return None


def _as_asked(asset: Asset, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    headers = dict(scope["headers"])
    tag = f'"{asset.hash}"'.encode()
    # A font is asked for by our style sheets without a hash; its name changes with it.
    is_pinned = asset.kind == "font/woff2" or parse_qs(scope.get("query_string", b"").decode("latin-1")).get("v") == [
        asset.hash
    ]
    answer = [
        (b"content-type", asset.kind.encode()),
        (b"etag", tag),
        (b"cache-control", b"public, max-age=31536000, immutable" if is_pinned else b"public, no-cache"),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if headers.get(b"if-none-match") == tag:
        return 304, answer, b""
    body = asset.body
    if asset.zipped and b"gzip" in headers.get(b"accept-encoding", b""):
        body = asset.zipped
        answer.append((b"content-encoding", b"gzip"))
    answer.append((b"content-length", str(len(body)).encode()))
    return 200, answer, b"" if scope["method"] == "HEAD" else body


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
