"""The pages that lie as files at an edge, looked at from outside: the files, and the maker's book beside them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from node.bench.shopper import Failed

BOOK = ".book.sqlite3"
#: between two looks at a file; adds half of it to what is measured
LOOK = 0.002
#: the maker is done when it has nothing dirty, and has made nothing, for so long
STILL_S = 1.0


@dataclass(frozen=True)
class Laid:
    """A file as it lies there. Another `place` (inode and time): it was replaced, with other bytes or not."""

    place: tuple[int, int]
    digest: bytes


class Filed:
    """Pages of one host name below `folder`, the edge's folder of pages."""

    def __init__(self, folder: Path, host: str) -> None:
        self.root = folder / host
        self._book = sqlite3.connect(f"file:{folder / BOOK}?mode=ro", uri=True, check_same_thread=False)

    def close(self) -> None:
        self._book.close()

    def file(self, path: str) -> Path:
        return self.root / f"{path.strip('/') or 'index'}.html"

    def scan(self) -> dict[str, Laid]:
        """Every page's file, its bytes read and hashed. Half a second for 10,000."""
        found = {}
        for file in self.root.rglob("*.html"):
            if not file.name.startswith("."):
                found[str(file.relative_to(self.root))] = _laid(file)
        return found

    def made(self) -> int:
        """Pages the maker has made since it has this book, whether their bytes were new or not."""
        row = self._book.execute("SELECT value FROM fact WHERE name = 'made'").fetchone()
        return int(row[0]) if row else 0

    def took_s(self, like: str) -> list[float]:
        """Seconds each page whose path is `like` (SQL) took to be made, reading and packing included."""
        return [ms / 1000 for (ms,) in self._book.execute("SELECT took_ms FROM page WHERE path LIKE ?", [like])]

    def count(self, like: str) -> int:
        return int(self._book.execute("SELECT count(*) FROM page WHERE path LIKE ?", [like]).fetchone()[0])

    async def until_still(self, like: str, count: int, patience_s: float) -> None:
        """Wait until `count` pages `like` lie there and the maker has nothing more to do. Raises `Failed`."""
        until, state, since = time.monotonic() + patience_s, (-1, -1), time.monotonic()
        while time.monotonic() < until:
            dirty = int(self._book.execute("SELECT count(dirty_at) FROM page").fetchone()[0])
            now = (self.made(), dirty)
            if now != state:
                state, since = now, time.monotonic()
            elif not dirty and time.monotonic() > since + STILL_S and self.count(like) >= count:
                return
            await asyncio.sleep(0.05)
        raise Failed(f"after {patience_s:.0f} s {self.count(like)} of {count} pages lie there, {state[1]} are dirty")

    async def until_packed(self, patience_s: float) -> None:
        """Wait until every page has been packed as well as can be, which the maker does when nothing changes."""
        until = time.monotonic() + patience_s
        while self._book.execute("SELECT count(*) FROM page WHERE NOT is_packed").fetchone()[0]:
            if time.monotonic() > until:
                raise Failed(f"pages still wait to be packed after {patience_s:.0f} s")
            await asyncio.sleep(1)

    async def until_shown(self, path: str, words: bytes, patience_s: float) -> float:
        """The moment the file of `path` holds `words`. Raises `Failed`."""
        file, until, seen = self.file(path), time.monotonic() + patience_s, (0, 0)
        while time.monotonic() < until:
            with contextlib.suppress(FileNotFoundError):  # it has never been made
                state = file.stat()
                if (state.st_ino, state.st_mtime_ns) != seen:
                    moment = time.monotonic()
                    if words in file.read_bytes():
                        return moment
                    seen = state.st_ino, state.st_mtime_ns
            await asyncio.sleep(LOOK)
        raise Failed(f"{path} does not show {words.decode()} after {patience_s:.0f} s")


def _laid(file: Path) -> Laid:
    with file.open("rb") as opened:  # opened once: a page may be replaced meanwhile
        state, body = os.fstat(opened.fileno()), opened.read()
    return Laid((state.st_ino, state.st_mtime_ns), hashlib.sha256(body).digest())


async def opened(folder: Path, host: str, patience_s: float = 60.0) -> Filed:
    """`Filed`, as soon as the maker has begun its book. Raises `Failed`."""
    until = time.monotonic() + patience_s
    while not (folder / BOOK).exists():
        if time.monotonic() > until:
            raise Failed("the edge makes no pages")
        await asyncio.sleep(0.1)
    return Filed(folder, host)


def differences(before: dict[str, Laid], after: dict[str, Laid]) -> tuple[int, int]:
    """How many files have other bytes (new and gone ones too), and how many were replaced."""
    names = before.keys() | after.keys()
    changed = sum(_digest(before.get(name)) != _digest(after.get(name)) for name in names)
    replaced = sum(before.get(name) != after.get(name) for name in names)
    return changed, replaced


def _digest(laid: Laid | None) -> bytes:
    return laid.digest if laid else b""
