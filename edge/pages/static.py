"""Static files over plain ASGI: by today's version for ever, by an older one or none until they change."""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache
from typing import Any, Final

from edge.pages import wire
from sites import assets

FOR_EVER: Final = b"public, max-age=31536000, immutable"
ASK_AGAIN: Final = b"public, max-age=0, must-revalidate"


async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        await wire.answer(scope, send, 405, b"", [(b"allow", b"GET, HEAD")])
        return
    found = assets.find(scope["path"].removeprefix("/static/"))
    if found is None:
        await wire.answer(scope, send, 404, b"no such file\n", [(b"content-type", b"text/plain"), *wire.NO_STORE])
        return
    asset, is_current = found
    body, zipped = await asyncio.to_thread(_bytes_of, asset)
    headers = [(b"cache-control", FOR_EVER if is_current else ASK_AGAIN), (b"x-content-type-options", b"nosniff")]
    headers.append((b"access-control-allow-origin", b"*"))  # a module, a font from a CDN's host is asked for by CORS
    if asset.type == "image/svg+xml":
        headers.append((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    await wire.content(scope, send, 200, body, zipped, asset.etag.strip('"'), asset.type, headers)


@lru_cache(maxsize=256)
def _bytes_of(asset: assets.Asset) -> tuple[bytes, bytes | None]:
    body = asset.read()
    return body, gzip.compress(body, 6, mtime=0) if asset.type.startswith(("text/", "image/svg")) else None
