"""The purge service beside an nginx: removes files of its `proxy_cache`. The standard library and nothing else.

    rialto purge-agent --cache /var/cache/nginx/rialto --key-file /etc/rialto/purge.key --listen 127.0.0.1:9180

It runs as nginx's own user, who alone may read and remove these files. A URL is found by its name (nginx names a file
by the MD5 of its key); tags and hosts by reading the head of each file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

#: nginx keeps one copy for each; the key in `nginx_cache.conf` ends with it
ENCODINGS: Final = ("", "gzip", "br")
#: bytes of a cache file in which its key and its headers stand
HEAD: Final = 65_536
MAX_BODY: Final = 1_000_000

_KEY = re.compile(rb"\nKEY: ([^\n]*)\n")
_TAGS = re.compile(rb"\r?\ncache-tag: *([^\r\n]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Cache:
    """The folder of a `proxy_cache_path`, and its `levels`."""

    folder: Path
    levels: tuple[int, ...] = (1, 2)

    def purge(self, kind: str, items: list[str]) -> int:
        """Returns how many files are gone. Raises `ValueError`."""
        if kind == "urls":
            return sum(_remove(self.file_of(url, encoding)) for url in items for encoding in ENCODINGS)
        if kind == "everything":
            return self._remove_where(lambda key, tags: True)
        wanted = {one.lower() for one in items}
        if kind == "hosts":
            return self._remove_where(lambda key, tags: _host_of(key) in wanted)
        if kind == "tags":
            return self._remove_where(lambda key, tags: not wanted.isdisjoint(tags))
        raise ValueError(f"nothing is purged by '{kind}'")

    def file_of(self, url: str, encoding: str = "") -> Path:
        """Where nginx keeps the answer to a URL, by the key `$scheme://$host$request_uri $encoding`."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not a whole address: {url[:200]}")
        uri = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        digest = hashlib.md5(f"{parts.scheme}://{parts.hostname}{uri} {encoding}".encode()).hexdigest()  # noqa: S324
        folder, end = self.folder, len(digest)
        for width in self.levels:
            folder, end = folder / digest[end - width : end], end - width
        return folder / digest

    def _remove_where(self, is_wanted: Callable[[str, frozenset[str]], bool]) -> int:
        return sum(_remove(file) for file in self._files() if is_wanted(*_head_of(file)))

    def _files(self) -> Iterator[Path]:
        pattern = "/".join("?" * width for width in self.levels)
        yield from self.folder.glob(f"{pattern}/{'?' * 32}")


def _remove(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def _head_of(file: Path) -> tuple[str, frozenset[str]]:
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
    except FileNotFoundError:
        return "", frozenset()
    key, tags = _KEY.search(head), _TAGS.search(head)
    listed = tags[1].decode("latin-1").lower().split(",") if tags else []
    return key[1].decode("latin-1") if key else "", frozenset(tag.strip() for tag in listed)


def _host_of(key: str) -> str:
    return (urlsplit(key.split(" ", 1)[0]).hostname or "").lower()


def server(cache: Cache, secret: str, address: tuple[str, int]) -> ThreadingHTTPServer:
    """The service, listening; call `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            if self._is_known():
                self._answer(200, {"ok": True})

        def do_POST(self) -> None:
            if not self._is_known():
                return
            try:
                kind, items = self._asked()
                self._answer(200, {"removed": cache.purge(kind, items)})
            except (ValueError, TypeError) as error:
                self._answer(400, {"error": str(error)[:300]})
            except OSError as error:
                self._answer(500, {"error": f"the cache cannot be changed: {error.strerror}"})

        def _asked(self) -> tuple[str, list[str]]:
            length = int(self.headers.get("content-length") or 0)
            if self.path != "/purge" or not 0 < length <= MAX_BODY:
                raise ValueError("POST /purge with a body of 1 MB at most")
            told: Any = json.loads(self.rfile.read(length))
            items = told.get("items") if isinstance(told, dict) else None
            if not isinstance(items, list) or not all(isinstance(one, str) for one in items):
                raise ValueError('{"kind": "urls", "items": ["https://..."]} is wanted')
            return str(told.get("kind")), items

        def _is_known(self) -> bool:
            given = self.headers.get("authorization") or ""
            if hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
                return True
            self._answer(401, {"error": "a wrong key"})
            return False

        def _answer(self, status: int, body: dict[str, object]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(address, Handler)
