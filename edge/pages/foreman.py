"""The edge's end of its maker of pages (`edge.pages.worker`): starts it when there are news, hears what it made.

Nothing here waits for it: an edge whose pages cannot be made serves each from its documents. What the maker missed
(it died, it was never started) it finds by itself at its next start, by comparing versions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from edge.pages.book import Change, Hits, PageKey
from edge.pages.linkbook import LinkNews
from edge.pages.orders import Asked, Done, Heard, LinksTold, Order, Remake, Told, Want
from edge.pages.speed import speed
from edge.replica.reads import Dep
from node.config import config
from sites import urls
from sync.store.writer import writer

logger = logging.getLogger("edge.pages")

#: rounds of the robot, of lifetimes and of packing, when there are no news that start a maker
ROUND_S: Final = 600.0
#: counts of asks are told so often while there is a maker
COUNT_S: Final = 60.0
#: a maker that dies at once is not started again at once
_REST_S: Final = 5.0
#: a line of the maker's: 500 changes with long addresses
_LONGEST_LINE: Final = 4 * 1024 * 1024

#: pages that shoppers asked for while no maker runs: the rest is asked for again
_ASKED: Final = 1000
#: pages whose asks are counted between two tellings: made-up addresses fill no memory
_COUNTED: Final = 50_000

#: `(changes)`, inside the writer's transaction: to queue what a CDN must forget
QueueChanges = Callable[[Sequence[Change]], None]
#: `(book, links, sites)`, the same for links; `sites`: those of which central was not told yet whose book counts
QueueLinks = Callable[[str, Sequence[LinkNews], Sequence[str]], None]


class Foreman:
    """One a process, on the event loop. Until `start` it does nothing: a test, a simulator has no maker."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: list[Order] = []
        self._woken = asyncio.Event()
        self._queue: QueueChanges | None = None
        self._queue_links: QueueLinks | None = None
        self._known: set[tuple[str, str]] = set()
        #: asks for pages that the maker was not told of yet
        self._served: Counter[PageKey] = Counter()
        self._viewed: Counter[PageKey] = Counter()
        #: as the maker said last, in all and site by site
        self.figures: dict[str, float] = {}
        self.sites: dict[str, dict[str, float]] = {}

    def start(self, queue: QueueChanges | None = None, queue_links: QueueLinks | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken, self._news = asyncio.Event(), []
        self._queue, self._queue_links = queue, queue_links
        self._task = self._loop.create_task(self._run(), name="pages")

    async def stop(self) -> None:
        task, self._task, self._loop = self._task, None, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def hear(self, deps: Sequence[Dep]) -> None:
        """These have changed. From any thread."""
        self._say(Heard(list(deps)))

    def want(self, site: str, path: str) -> None:
        """A page was asked for that does not lie as a file. On the event loop."""
        self._say(Want(site, path))

    def remake(self, site: str, keys: Sequence[PageKey]) -> None:
        """Somebody wants these pages anew, all of the site when none is named. From any thread."""
        self._say(Remake(site, list(keys)))

    def served(self, site: str, path: str) -> None:
        """A page that exists was handed out. On the event loop; told when there is a maker, it starts none."""
        self._count(self._served, (site, path), 1)

    def viewed(self, site: str, path: str, times: int) -> None:
        """Browsers showed a page so many times. On the event loop."""
        self._count(self._viewed, (site, path), times)

    def _count(self, counter: Counter[PageKey], key: PageKey, times: int) -> None:
        if self._loop is not None and (key in counter or len(counter) < _COUNTED):
            counter[key] += times

    def _take_hits(self) -> list[Hits]:
        served, viewed = self._served, self._viewed
        self._served, self._viewed = Counter(), Counter()
        return [Hits(site, path, served[site, path], viewed[site, path]) for site, path in {*served, *viewed}]

    def _say(self, order: Order) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(self._put, order)

    def _put(self, order: Order) -> None:
        self._news.append(order)
        self._woken.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._employ()
            except Exception:  # a maker that cannot be started or understood must not end the pages of a shop
                logger.exception("the maker of pages failed")
            await asyncio.sleep(_REST_S)
            if not self._news:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), ROUND_S)

    async def _employ(self) -> None:
        """Start a maker, hand it the news as they come, until it ends by itself.

        What changed before its start it finds by itself; only what was asked for is told.
        """
        asked: list[Order] = [order for order in self._news if isinstance(order, Want | Remake)]
        self._news = asked[-_ASKED:]
        maker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edge.pages.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            env={**os.environ, "RIALTO_HOME": str(config().home)},
        )
        assert maker.stdin is not None  # noqa: S101
        assert maker.stdout is not None  # noqa: S101
        teller = asyncio.create_task(self._hand_on(maker.stdin))
        try:
            async for line in maker.stdout:
                await self._took(msgspec.json.decode(line, type=Done))
        finally:
            teller.cancel()
            with contextlib.suppress(ProcessLookupError):
                maker.terminate()
            await asyncio.shield(_ended(maker, maker.stdout))
        if maker.returncode:
            logger.error("the maker of pages ended with %s", maker.returncode)

    async def _hand_on(self, pipe: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                news, self._news = self._news, []
                if hits := self._take_hits():
                    news.append(Asked(hits))
                self._woken.clear()
                for order in news:
                    pipe.write(msgspec.json.encode(order) + b"\n")
                await pipe.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), COUNT_S)

    async def _took(self, done: Done) -> None:
        self.figures, self.sites = done.figures, done.sites
        for site, path, took_ms in done.renders:
            address = urls.parse(path)
            speed.note(site, address.kind if address else "other", "render", took_ms)
        queue, queue_links = self._queue, self._queue_links
        if done.changes:
            if queue is not None:
                await writer.run(lambda: queue(done.changes))
            self._put(Told(done.changes[-1].id))
        sites = [site for site in done.sites if (done.book, site) not in self._known]
        if queue_links is not None and (done.links or sites):
            await writer.run(lambda: queue_links(done.book, done.links, sites))
            self._known.update((done.book, site) for site in sites)
        if done.links:
            self._put(LinksTold([(link.id, link.digest) for link in done.links]))


async def _ended(maker: asyncio.subprocess.Process, said: asyncio.StreamReader) -> None:
    """Wait until it has gone and its pipe is at its end: only then does asyncio let go of both.

    A loop that is closed earlier leaves them to the garbage, which can no longer close them.
    """
    while await said.read(_LONGEST_LINE):
        pass
    await maker.wait()


foreman = Foreman()
