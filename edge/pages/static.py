"""Static files over plain ASGI: by today's version for ever, by an older one or none until they change.

`lay` puts them into the folder of pages too, packed as well as can be, for a web server in front of this edge.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import brotli

from edge.pages import files, wire
from sites import assets

FOR_EVER: Final = b"public, max-age=31536000, immutable"
ASK_AGAIN: Final = b"public, max-age=0, must-revalidate"
#: a page from a CDN may name the files of an earlier version
KEPT_S: Final = 30 * 86_400
#: where they lie in the folder of pages: no host's name begins with a dot
FOLDER: Final = Path(".files", "static")


async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        await wire.answer(scope, send, 405, b"", [(b"allow", b"GET, HEAD")])
        return
    found = assets.find(scope["path"].removeprefix("/static/"))
    if found is None:
        await wire.answer(scope, send, 404, b"no such file\n", [(b"content-type", b"text/plain"), *wire.NO_STORE])
        return
    asset, is_current = found
    body, zipped, brotlied = await asyncio.to_thread(_bytes_of, asset)
    headers = [(b"cache-control", FOR_EVER if is_current else ASK_AGAIN), (b"x-content-type-options", b"nosniff")]
    headers.append((b"access-control-allow-origin", b"*"))  # a module, a font from a CDN's host is asked for by CORS
    if asset.type == "image/svg+xml":
        headers.append((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    await wire.content(scope, send, 200, body, zipped, asset.etag.strip('"'), asset.type, headers, brotli=brotlied)


@lru_cache(maxsize=256)
def _bytes_of(asset: assets.Asset) -> tuple[bytes, bytes | None, bytes | None]:
    body = asset.read()
    if not _is_packable(asset):
        return body, None, None
    return body, gzip.compress(body, 6, mtime=0), brotli.compress(body, quality=5)


def _is_packable(asset: assets.Asset) -> bool:
    return asset.type.startswith(("text/", "image/svg"))


def lay(folder: Path) -> int:
    """Put every file under each of its names into `folder` of pages; returns how many were not there yet.

    Raises `OSError`. Versions that nobody has asked us to lay for a month go.
    """
    root, laid = folder / FOLDER, 0
    versions = set()
    for address, asset in assets.addresses():
        file = root / address
        versions.add(address.partition("/")[0])
        packs = _is_packable(asset)
        if not file.exists() or (packs and not files.is_packed(file)):
            files.write(file, asset.read(), "best", packs=packs)
            laid += 1
    for version in root.iterdir():
        if version.name in versions:
            os.utime(version)
        elif version.stat().st_mtime < time.time() - KEPT_S:
            shutil.rmtree(version)
    return laid
