"""Pictures that no document names any more leave the disk, some days later.

A new profile, a new photo, a product taken off: its files stay for pages and caches that still show them, then go.
What is named is found in the documents' bytes, whatever kind they are, and kept in two megabytes: a picture that
stays by mistake costs a little disk, one that goes by mistake would be a hole in a shop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from edge.replica import pictures
from edge.replica.models import NeededPicture, UnnamedPicture
from node.config import config
from node.realms import EDGE, on_commit
from sync.store.edge import sql
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

FIRST_S: Final = 900.0
EVERY_S: Final = 6 * 3_600.0
#: how long a page that shows it may lie in a cache or an open tab
GRACE_S: Final = 3 * 86_400
#: documents read at a time: a page of a shopper waits behind them
_PAGE: Final = 200
#: files looked for at a time
_BATCH: Final = 500

_HASH: Final = re.compile(rb"[0-9a-f]{64}")
_DOCUMENTS: Final = "SELECT id, body FROM sync_edge_document WHERE id > ? AND body IS NOT NULL ORDER BY id LIMIT ?"


class Named:
    """Hashes that were added, and one in two hundred that were not (with a million added)."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << 21)

    def add(self, sha256: str) -> None:
        for place in self._places(sha256):
            self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, sha256: str) -> bool:
        return all(self._bits[place >> 3] & 1 << (place & 7) for place in self._places(sha256))

    @staticmethod
    def _places(sha256: str) -> Iterator[int]:
        # A sha256 is as random as any hash of it would be: its own digits say where.
        return (int(sha256[at : at + 6], 16) for at in (0, 6, 12))


async def forget_unnamed(now: float | None = None) -> int:
    """Look through documents and files once; returns how many files went."""
    now = time.time() if now is None else now
    named = await _named()
    gone = 0
    for names in _held():
        unnamed = [name for name in names if name[:64] not in named]
        gone += await writer.run(partial(_settle, names, unnamed, int(now)))
        await asyncio.sleep(0)
    needed = await reader.run(lambda: list(NeededPicture.objects.values_list("name", flat=True)))
    if dropped := [name for name in needed if name[:64] not in named]:
        await writer.run(lambda: NeededPicture.objects.filter(name__in=dropped).delete())
    return gone


async def _named() -> Named:
    named, last = Named(), 0
    while rows := await reader.run(partial(sql.fetch, _DOCUMENTS, [last, _PAGE])):
        last = rows[-1][0]
        for _, body in rows:
            for found in _HASH.findall(body):
                named.add(found.decode())
        await asyncio.sleep(0)
    return named


def _held() -> Iterator[list[str]]:
    """The names of the pictures on this disk."""
    batch: list[str] = []
    for folder in sorted(config().media_dir.glob("[0-9a-f][0-9a-f]")):
        batch += [file.name for file in os.scandir(folder) if pictures.NAME.match(file.name)]
        while len(batch) >= _BATCH:
            yield batch[:_BATCH]
            del batch[:_BATCH]
    if batch:
        yield batch


def _settle(names: list[str], unnamed: list[str], now: int) -> int:
    """In the writer: whatever was named again since the documents were read has left the table (`name_again`)."""
    pictures.name_again([name for name in names if name not in set(unnamed)])
    known = dict(UnnamedPicture.objects.filter(name__in=unnamed).values_list("name", "since"))
    UnnamedPicture.objects.bulk_create(UnnamedPicture(name=name, since=now) for name in unnamed if name not in known)
    over = [name for name, since in known.items() if since <= now - GRACE_S]
    UnnamedPicture.objects.filter(name__in=over).delete()
    on_commit(partial(_unlink, over), realm=EDGE)
    return len(over)


def _unlink(names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):
            pictures.file_of(name).unlink(missing_ok=True)


class Forgetter:
    """Forgets at intervals, on the event loop. One per process."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="forget-pictures")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        pause = FIRST_S
        while True:
            await asyncio.sleep(pause)
            pause = EVERY_S
            try:
                await forget_unnamed()
            except Exception:
                logger.exception("pictures could not be forgotten")


forgetter = Forgetter()
