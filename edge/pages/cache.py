"""Rendered pages in memory, and which news makes each of them stale."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.replica.reads import Dep, Window

#: (site id, path)
PageKey = tuple[str, str]

#: forgotten dirtyings are treated as "everything may be stale" by renders that began before them
_REMEMBERED: Final = 20_000


@dataclass(frozen=True)
class Page:
    """A rendered page. `etag` is a hash of `body`, without quotes; `reads` says which versions it was made of.

    `windows`: the parts of lists it shows; `sections`: slugs of the shelves it stands on, the nearest first. `zipped`
    and `brotli`: `body` packed, where somebody has done so.
    """

    status: int
    body: bytes
    zipped: bytes | None
    etag: str
    reads: Mapping[Dep, int] = field(default_factory=dict)
    windows: Mapping[Window, Sequence[str]] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    brotli: bytes | None = None

    @property
    def size(self) -> int:
        return sum(len(form or b"") for form in (self.body, self.zipped, self.brotli)) + 100 * len(self.reads)


class PageCache:
    """At most `max_bytes` of pages, the least lately used going first. Safe to call from any thread."""

    def __init__(self, max_bytes: int = 24_000_000) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[PageKey, Page] = OrderedDict()
        self._by_dep: dict[Dep, set[PageKey]] = defaultdict(set)
        self._bytes = 0
        self._lock = threading.Lock()
        self._clock = 0
        #: dependency -> when it was last dirtied; a render that began before that must not be kept
        self._dirtied: OrderedDict[Dep, int] = OrderedDict()
        self._floor = 0

    def __len__(self) -> int:
        return len(self._pages)

    @property
    def size(self) -> int:
        """Bytes of all pages that are kept."""
        return self._bytes

    def get(self, key: PageKey) -> Page | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def now(self) -> int:
        """Take it before a render reads anything, and give it to `keep`."""
        with self._lock:
            return self._clock

    def keep(self, key: PageKey, page: Page, began: int) -> bool:
        """Keep a page unless what it read has changed since `began`. Returns whether it was kept."""
        with self._lock:
            if began < self._floor or any(self._dirtied.get(dep, 0) > began for dep in page.reads):
                return False
            self._drop(key)
            self._pages[key] = page
            self._bytes += page.size
            for dep in page.reads:
                self._by_dep[dep].add(key)
            while self._bytes > self._max_bytes and self._pages:
                self._drop(next(iter(self._pages)))
            return key in self._pages

    def dirty(self, deps: Iterable[Dep]) -> list[PageKey]:
        """These have a newer version: forget exactly the pages that read them. Returns which those were."""
        with self._lock:
            self._clock += 1
            gone: set[PageKey] = set()
            for dep in deps:
                self._dirtied[dep] = self._clock
                self._dirtied.move_to_end(dep)
                gone |= self._by_dep.get(dep, set())
            while len(self._dirtied) > _REMEMBERED:
                self._floor = max(self._floor, self._dirtied.popitem(last=False)[1])
            for key in gone:
                self._drop(key)
            return sorted(gone)

    def clear(self) -> None:
        """Forget everything, renders under way included."""
        with self._lock:
            self._clock += 1
            self._floor = self._clock
            for key in list(self._pages):
                self._drop(key)

    def _drop(self, key: PageKey) -> None:
        page = self._pages.pop(key, None)
        if page is None:
            return
        self._bytes -= page.size
        for dep in page.reads:
            keys = self._by_dep[dep]
            keys.discard(key)
            if not keys:
                del self._by_dep[dep]


pages = PageCache()
