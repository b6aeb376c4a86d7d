"""Making pages: which are dirty, what they look like now, and what has to be written because of it.

One process does this (`edge.pages.worker`), beside the one that serves; everything here is synchronous. A page is
written only when its bytes have changed; one that cannot be made keeps its last good version and is tried again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from edge.pages import files
from edge.pages.addresses import addresses_of
from edge.pages.book import Book, Entry, PageKey
from edge.pages.building import build
from edge.pages.cache import Page
from edge.replica import lists, windows
from edge.replica import sites as shops
from edge.replica.changes import lists_version
from edge.replica.reads import LIST, Dep
from sites import editions, urls
from sites.rendering import code_version
from sync.contracts.documents import PagesDoc, SiteDoc

logger = logging.getLogger(__name__)

#: facts of the book: pages that were audited, those that were wrong, when the last of them was found (s since 1970)
AUDITED: Final = "audited"
WRONG: Final = "wrong"
WRONG_AT: Final = "wrong_at"

Build = Callable[[SiteDoc, str], Page]

#: pages between two commits of the book: what a killed worker makes once more
BATCH: Final = 20
#: a page that failed is tried again after this; news that touch it do not make it sooner
RETRY_S: Final = 30.0
#: one that could never be made yet, after this
RETRY_FIRST_S: Final = 300.0
#: a page that has not changed for so long is packed as well as can be
SETTLED_S: Final = 60.0


class Maker:
    """`folder`: where the pages of all hosts lie. `database`: the edge's own, to find news that nobody told."""

    def __init__(self, book: Book, folder: Path, database: Path, *, render: Build = build) -> None:
        self._book, self._folder, self._database, self._build = book, folder, database, render
        self._missing: deque[PageKey] = deque()
        self.rendered = self.written = 0
        #: (shop, path within its edition, ms) of pages made since somebody took them
        self.renders: deque[tuple[str, str, float]] = deque(maxlen=1000)
        #: pages that were audited, and those of them that were not what they should have been
        self.audited = self.wrong = 0

    # --- news ------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """After a start: remove what was left half done, and find what changed while nobody looked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        files.sweep(self._folder)
        if self._book.fact("code") != code_version():
            self._book.soil_all()
            self._book.set_fact("code", code_version())
        self._judge(self._book.stale(self._database))
        self.look_for_missing()
        self._book.save()

    def hear(self, deps: Iterable[Dep]) -> None:
        """These have changed."""
        deps = list(deps)
        names = [key for topic, key in deps if topic == LIST]
        shops.forget([dep for dep in deps if dep[0] != LIST])
        shops.forget_lists(names)
        self._judge(self._book.users_of(deps))
        if any(lists.has_members(name) for name in names) or any(topic.startswith("site:") for topic, _ in deps):
            self.look_for_missing()  # a site's rules say which pages it wants
        self._book.save()

    def want(self, key: PageKey) -> None:
        """Somebody asked for a page that does not lie here."""
        if self._book.entry(key) is None and key not in self._missing:
            self._missing.appendleft(key)

    def remake(self, site: str, keys: Sequence[PageKey]) -> None:
        """Somebody wants these anew, or all of a site when none is named."""
        if keys:
            self._book.soil_again(keys)
            for key in keys:
                self.want(key)
        else:
            self._book.soil_site(site)
            self.look_for_missing()
        self._book.save()

    def _judge(self, touched: dict[int, set[Dep]]) -> None:
        """Soil what shows something else now. Where only lists changed, the parts of them that a page shows decide."""
        ver = lists_version()
        soiled = []
        for page, deps in touched.items():
            if all(topic == LIST for topic, _ in deps) and self._shows_the_same(self._book.by_id(page), deps):
                self._book.still(page, deps, ver)
            else:
                soiled.append(page)
        self._book.soil(soiled)

    def _shows_the_same(self, entry: Entry, deps: set[Dep]) -> bool:
        names = {name for _, name in deps}
        touched = [window for window in entry.windows if names & set(windows.lists_of(window))]
        if names - {name for window in touched for name in windows.lists_of(window)}:
            return False  # a list that was read whole
        return all(windows.again(window) == list(entry.windows[window]) for window in touched)

    # --- work ------------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Do the most urgent piece of work. Returns whether there was any."""
        return self.renew() or self.fill() or self.expire() or self.pack()

    def renew(self) -> bool:
        """Dirty pages, at most a batch."""
        dirty = self._book.dirty(BATCH, RETRY_S)
        for entry in dirty:
            self._renew(entry)
        self._book.save()
        return bool(dirty)

    def fill(self) -> bool:
        """Pages that have no file yet, at most a batch."""
        batch = [self._missing.popleft() for _ in range(min(BATCH, len(self._missing)))]
        batch = batch or self._book.never_made(BATCH, RETRY_FIRST_S)
        for key in batch:
            self._make(key)
        self._book.save()
        return bool(batch)

    def expire(self) -> bool:
        """Pages older than their site lets them be."""
        old = []
        for site in map(shops.edition_by_key, self._book.sites()):
            if site and site.pages.lifetime_minutes:
                old += self._book.older_than(editions.key_of(site), site.pages.lifetime_minutes * 60, BATCH)
        for entry in old:
            self._make(entry.key)
        self._book.save()
        return bool(old)

    def pack(self) -> bool:
        settled = self._book.unpacked(SETTLED_S, 4)
        for entry in settled:
            file = files.place(self._folder, entry.host, entry.path)
            body = files.read(file) if file else None
            if file is None or body is None or _hash(body) != entry.hash:
                self._book.soil([entry.id])  # somebody else has had a hand in it
                continue
            if _packs(entry.key):
                files.pack(file, body, entry.time)
            self._book.packed(entry.id)
        self._book.save()
        return bool(settled)

    def audit(self) -> bool | None:
        """Make a page that is held to be right once more and compare. None when there is none to look at."""
        entry = self._book.any_page()
        if entry is None or entry.dirty_at is not None:
            return None
        site, file = shops.edition_by_key(entry.site), files.place(self._folder, entry.host, entry.path)
        body = files.read(file) if file else None
        inner = editions.inside(site, entry.path) if site else None
        page = self._build(site, inner) if site and inner else None
        is_right = page is not None and page.body == body
        self.audited += 1
        self._book.count_up(AUDITED)
        self._book.note_audit(entry, is_right=is_right)
        if is_right:
            return True
        self.wrong += 1
        self._book.count_up(WRONG)
        self._book.set_fact(WRONG_AT, str(int(time.time())))
        logger.error("the page %s of %s was not what its documents say; it is made anew", entry.path, entry.site)
        self._book.soil([entry.id])
        self._book.save()
        return False

    def look_for_missing(self) -> None:
        """Pages that should lie here and do not; those of shops that are gone, or that no rule allows, go."""
        wanted: list[PageKey] = []
        sites = [site for site in map(shops.site, sorted(shops.own_ids())) if site is not None and site.is_active]
        self._book.keep_sites([site.id for site in sites])
        for site in sites:
            for edition in editions.editions_of(site):
                wanted += self._missing_of(edition)
        known = set(wanted)
        asked = [key for key in self._missing if key not in known]
        self._missing = deque(asked + wanted)

    def _missing_of(self, site: SiteDoc) -> list[PageKey]:
        """Pages of an edition to be made; what has no file, and why, is written down."""
        key, waiting, excluded = editions.key_of(site), list[str](), list[str]()
        if site.pages.making == "all":
            have = self._book.keys_of(key)
            for path in addresses_of(site):
                address = urls.at(site, path)
                if not allows(site, path):
                    excluded.append(address)
                elif address not in have:
                    waiting.append(address)
        self._book.absent_of(key, waiting, excluded)
        return [(key, address) for address in waiting]

    # --- one page --------------------------------------------------------------------------------------------------

    def _renew(self, entry: Entry) -> None:
        site = shops.edition_by_key(entry.site)
        if site is not None and site.pages.renewal == "asked":
            self._take_away(entry.key, entry)
        else:
            self._make(entry.key)

    def _make(self, key: PageKey) -> None:
        entry = self._book.entry(key)
        site = shops.edition_by_key(key[0])
        path = editions.inside(site, key[1]) if site else None
        if site is None or path is None or not _is_served(site) or not allows(site, path):
            self._take_away(key, entry)
            self._book.no_longer_absent(key)
            if site is not None and path is not None and _is_served(site) and not allows(site, path):
                self._book.absent(key, "excluded")
            return
        ver, began = lists_version(), time.perf_counter()
        try:
            page = self._build(site, path)
        except Exception as error:
            logger.exception("page %s of %s cannot be made", key[1], key[0])
            self._book.failed(key, f"{type(error).__name__}: {error}"[:500])
            return
        took_ms = (time.perf_counter() - began) * 1000
        self.rendered += 1
        self.renders.append((site.id, path, took_ms))
        file = files.place(self._folder, editions.host_of(site), key[1])
        is_excluded = bool(set(page.sections) & set(site.pages.excluded_sections))
        if page.status != 200 or file is None or is_excluded:
            self._take_away(key, entry)
            self._book.no_longer_absent(key)
            if page.status == 200 and is_excluded:
                self._book.absent(key, "excluded")
            return
        try:
            self._lay(key, entry, editions.host_of(site), file, page, took_ms, ver)
        except OSError as error:
            logger.error("page %s of %s cannot be written: %s", key[1], key[0], error)
            self._book.failed(key, f"{type(error).__name__}: {error}"[:500])

    def _lay(
        self, key: PageKey, entry: Entry | None, host: str, file: Path, page: Page, took_ms: float, ver: int
    ) -> None:
        digest = _hash(page.body)
        is_same = entry is not None and (entry.hash, entry.host) == (digest, host) and files.read(file) == page.body
        packs = _packs(key)
        if entry is not None and is_same:
            when, is_packed = entry.time, entry.is_packed and (not packs or files.is_packed(file))
            if not packs:
                files.unpack(file)
        else:
            if entry is not None and entry.host != host:
                self._take_away(key, entry)
            when, is_packed = files.write(file, page.body, packs=packs), False
            self.written += 1
            self._book.note_change(key, page.tags)
        uses = {dep: ver if dep[0] == LIST else held for dep, held in page.reads.items()}
        self._book.record(
            key,
            host,
            hash=digest,
            size=len(page.body),
            time=when,
            took_ms=took_ms,
            is_packed=is_packed,
            uses=uses,
            windows=page.windows,
        )

    def _take_away(self, key: PageKey, entry: Entry | None) -> None:
        if entry is None:
            return
        if file := files.place(self._folder, entry.host, entry.path):
            files.remove(file)
        self._book.forget(key)
        self._book.note_change(key, [])


def allows(site: SiteDoc, path: str) -> bool:
    """Whether the site's rules let a page lie as a file. A pattern covers the address and all below it.

    `path` is within the edition; a pattern may also begin with the edition's base, and is of that edition then.
    """
    rules: PagesDoc = site.pages
    return rules.is_on and not any(
        fnmatchcase(each, pattern) or _lies_below(each, pattern, urls.at(site, "/"))
        for each in {path, urls.at(site, path)}
        for pattern in rules.excluded
    )


def _lies_below(path: str, pattern: str, home: str) -> bool:
    """Of the home page only itself is meant: everything lies below it."""
    above = pattern.rstrip("/*")
    return above not in ("", home) and fnmatchcase(path, f"{above}/*")


def _is_served(site: SiteDoc) -> bool:
    return site.is_active and site.id in shops.own_ids()


def _packs(key: PageKey) -> bool:
    site = shops.edition_by_key(key[0])
    return site is not None and site.pages.packs_html


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
