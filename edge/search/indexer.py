"""Keeps the index of each shop and language as the documents are: one task, one thread, a little at a time.

News are only a hint. What an index lacks is found by comparing marks (`entries.marks_wanted`), at start, after news and
after whatever was missed; so a killed process goes on where it was. News of a few documents compare those alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.replica import sites as shops
from edge.search import entries as made
from edge.search import tuning
from infra.search.embedded import EmbeddedEngine
from infra.search.errors import NoIndex, Unavailable
from node.config import config
from sites.searching import PRODUCT, index_of
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, SiteDoc
from sync.store.edge import sql
from sync.store.writer import Reader

logger = logging.getLogger(__name__)

#: entries put in one transaction; a shopper's search waits for none, his page for the interpreter
BATCH: Final = 25
#: of a core's time that a long build takes
SHARE: Final = 0.4
#: above this many changed documents of a shop all of it is compared
MANY: Final = 500
#: seconds between two tries of what failed
AGAIN: Final = 30.0

#: queries and the pages made of them
searcher = Reader(2)


@dataclass(frozen=True)
class Progress:
    """A build under way."""

    done: int
    total: int


class Indexer:
    """One per edge process: `indexer`. Without `start` it hears news and does nothing."""

    def __init__(self) -> None:
        self._engine: EmbeddedEngine | None = None
        self._thread = Reader(1)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._at_work = asyncio.Lock()
        #: site -> entry ids that have news, None: look at all
        self._news: dict[str, set[str] | None] = {}
        self.progress: dict[str, Progress] = {}

    @property
    def engine(self) -> EmbeddedEngine:
        if self._engine is None:
            self._engine = EmbeddedEngine(config().home / "search")
        return self._engine

    async def start(self) -> None:
        self._wake, self._at_work = asyncio.Event(), asyncio.Lock()
        self.look_at_all()
        self._task = asyncio.create_task(self._run(), name="search-index")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await asyncio.to_thread(self._thread.stop)
        await asyncio.to_thread(searcher.stop)
        self._engine = None
        self._news.clear()
        self.progress.clear()

    # --- news

    def look_at_all(self) -> None:
        for site in _sites():
            self._hear(site.id, None)

    def hear(self, documents: Iterable[tuple[str, str]]) -> None:
        """(full topic, key) of documents that have changed, on the event loop."""
        if self._task is None:
            return
        own = shops.own_ids()
        for topic, key in documents:
            name, _, audience = topic.partition(":")
            if name in ("product", "category") and audience in own:
                self._hear(audience, {f"{name}-{key}"})
            elif name == "card" and (site := key.partition("\x1f")[0]) in own:
                self._hear(site, {f"card-{key}"})
            elif name == "site" and key in own:
                self._hear(key, None)
            elif name == "search":
                self._hear(audience, None)

    def _hear(self, site: str, ids: set[str] | None) -> None:
        held = self._news.get(site, set())
        self._news[site] = None if held is None or ids is None or len(held) + len(ids) > MANY else held | ids
        self._wake.set()

    # --- work

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.catch_up()
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("the search index could not be brought up to date; trying again")
                asyncio.get_running_loop().call_later(AGAIN, self._again)

    def _again(self) -> None:
        if self._task is not None:
            self.look_at_all()

    async def catch_up(self) -> None:
        """Until there are no news."""
        async with self._at_work:
            while self._news:
                site_id, ids = self._news.popitem()
                for site in [each for each in _sites() if each.id == site_id]:
                    for spoken in tuning.spoken(site):
                        await self._bring_up(spoken, ids)

    async def _bring_up(self, site: SiteDoc, ids: set[str] | None) -> None:
        index = index_of(site.id, site.language)
        work = await self._thread.run(lambda: self._work_for(site, index, ids))
        if work is None:
            return
        done, parts = 0, [work.changed[at : at + BATCH] for at in range(0, len(work.changed), BATCH)]
        for part in parts:
            began = time.monotonic()
            await self._thread.run(lambda part=part: self._put(site, work, part))  # type: ignore[misc]
            done += len(part)
            if work.is_build:
                self.progress[index] = Progress(done, len(work.changed))
            if len(parts) > 4:
                await asyncio.sleep((time.monotonic() - began) * (1 / SHARE - 1))
        await self._thread.run(lambda: self._finish(index, work))
        self.progress.pop(index, None)

    def _work_for(self, site: SiteDoc, index: str, ids: set[str] | None) -> _Work | None:
        settings, build = tuning.settings_of(site.id, site.language), tuning.tuning_of(site.id).build
        looked = None if ids is None else _resolved(site, ids)
        try:
            if self.engine.note(index, "build") != str(build):
                raise NoIndex("it is to be made anew")
            held, into, is_build = self.engine.marks(index, looked), index, False
        except (NoIndex, Unavailable):
            into, is_build, looked = self.engine.make(index, settings), True, None
            held = self.engine.marks(into)
        wanted = made.marks_wanted(site, looked)
        changed = [each for each, mark in wanted.items() if held.get(each) != mark]
        gone = [each for each in held if each not in wanted]
        return _Work(into, is_build, wanted, changed, gone, build) if changed or gone or is_build else None

    def _put(self, site: SiteDoc, work: _Work, part: Sequence[str]) -> None:
        found = made.entries(site, part, work.wanted)
        self.engine.put(work.into, tuning.settings_of(site.id, site.language), found)
        # What has nothing to sell any more is found no more
        self.engine.delete(work.into, set(part) - {each.id for each in found})

    def _finish(self, index: str, work: _Work) -> None:
        self.engine.delete(work.into, work.gone)
        if work.is_build:
            self.engine.keep_note(work.into, "build", str(work.build))
            self.engine.swap(index, work.into)

    def figures(self) -> dict[str, Any]:
        """Index -> documents, bytes, when it was built, and how far a build is."""
        found: dict[str, Any] = {}
        for site in _sites() if self._task else ():
            for spoken in tuning.spoken(site):
                index = index_of(site.id, spoken.language)
                state, under_way = self.engine.state(index), self.progress.get(index)
                found[index] = {
                    "documents": state.documents if state else 0,
                    "built_at": int(state.built_at) if state else 0,
                    "bytes": self.engine.size(index),
                    "build": int(self.engine.note(index, "build") or 0) if state else 0,
                    "done": under_way.done if under_way else 0,
                    "total": under_way.total if under_way else 0,
                }
        return found


@dataclass(frozen=True)
class _Work:
    """What an index lacks."""

    into: str
    is_build: bool
    wanted: Mapping[str, str]
    changed: list[str]
    gone: list[str]
    build: int


def _sites() -> list[SiteDoc]:
    own = shops.own_ids()
    return [site for each in sorted(own) if (site := shops.site(each)) is not None]


def _resolved(site: SiteDoc, ids: set[str]) -> set[str]:
    """Entry ids; of line cards those of the products they sell, found by the slug they share."""
    cards = [each.removeprefix("card-") for each in ids if each.startswith("card-")]
    found = {each for each in ids if not each.startswith("card-")}
    slugs: set[str] = set()
    for at in range(0, len(cards), MANY):
        part = cards[at : at + MANY]
        rows = sql.fetch(
            f"SELECT body FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL AND key IN ({sql.marks(part)})",  # noqa: S608
            [f"card:{site.group}", *part],
        )
        slugs |= {unpack(body, CardDoc).slug for (body,) in rows}
    for slug in slugs:
        rows = sql.fetch("SELECT product FROM edge_replica_shelfproduct WHERE site = ? AND slug = ?", [site.id, slug])
        found |= {f"{PRODUCT}-{key}" for (key,) in rows}
    return found


indexer = Indexer()
