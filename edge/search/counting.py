"""What is searched for, counted: words and how often, each minute told to central. Never who, and nothing personal.

What looks like an e-mail, a phone or a number of some document is dropped before it is counted. The counts of a day
are kept as they stand, so that telling them again changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Final

from infra.search.personal import countable
from node import clock
from node.realms import CATALOG
from sync.contracts.codec import pack
from sync.contracts.search import SearchCount, SearchCounts
from sync.store.edge import outbox, sql
from sync.store.writer import writer

logger = logging.getLogger(__name__)

#: seconds between two tellings
EVERY: Final = 60.0
#: different words of a shop in one day; who makes words up fills nobody's disk
MOST_A_DAY: Final = 2_000
Key = tuple[str, str, str, str]  # day, site, language, words


class Counting:
    """One per edge process: `counting`."""

    def __init__(self) -> None:
        self._times: Counter[Key] = Counter()
        self._in_vain: Counter[Key] = Counter()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="search-counts")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            await self.tell()

    def note(self, site: str, language: str, query: str, *, found: bool) -> None:
        words = countable(query)
        if not words:
            return
        day = datetime.fromtimestamp(clock.time_ms() / 1000, UTC).date().isoformat()
        key = (day, site, language, words)
        if key not in self._times and len(self._times) >= MOST_A_DAY:
            return
        self._times[key] += 1
        self._in_vain[key] += not found

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.tell()
            except Exception:
                logger.exception("counts of searches could not be told; trying again")

    async def tell(self) -> None:
        """Put the counts of the last minute into the outbox."""
        times, self._times = self._times, Counter()
        in_vain, self._in_vain = self._in_vain, Counter()
        if not times:
            return
        try:
            await writer.run(lambda: _write(times, in_vain))
        except Exception:
            self._times += times
            self._in_vain += in_vain
            raise


def _write(times: Counter[Key], in_vain: Counter[Key]) -> None:
    today = max(day for day, *_ in times)
    sql.execute("DELETE FROM edge_search_searchcount WHERE day < ?", [today])
    counts = []
    for key, more in times.items():
        [(whole, vain)] = sql.fetch(
            "INSERT INTO edge_search_searchcount (day, site, language, words, times, in_vain) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (day, site, language, words) DO UPDATE SET times = times + excluded.times, "
            "in_vain = in_vain + excluded.in_vain RETURNING times, in_vain",
            [*key, more, in_vain[key]],
        )
        day, site, language, words = key
        counts.append(SearchCount(site=site, language=language, day=day, words=words, times=whole, in_vain=vain))
    outbox.enqueue(CATALOG, "search_counts", pack(SearchCounts(counts=counts)))


counting = Counting()
