"""The links of pages, beside the book of pages: where each leads, whether that is anywhere, and which pages hold it."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from edge.pages.book import Book, PageKey
from sync.contracts.links import MOST_PAGES

#: broken links of one shop that are told; who has more has another trouble
MOST_BROKEN: Final = 2_000
_BOOK: Final = "links"
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class Link:
    """A link of a shop: a whole address without its fragment."""

    id: int
    shop: str
    url: str


@dataclass(frozen=True)
class LinkNews:
    """What is to be told of a link: `status` "" when it leads somewhere. `digest`: what it is told as."""

    id: int
    digest: str
    shop: str
    url: str
    status: str
    since: float
    seen: float
    pages: list[PageKey]
    count: int


class LinkBook:
    """Part of `Book`: its connection, its one writer, its `save`."""

    def __init__(self, book: Book) -> None:
        self._db = book.db
        if not (known := book.fact(_BOOK)):
            known = secrets.token_hex(8)
            book.set_fact(_BOOK, known)
        #: names this book, so that what an earlier one told is forgotten
        self.id: Final = known

    # --- what pages hold ---------------------------------------------------------------------------------------------

    def unread(self, limit: int) -> list[tuple[int, str, str, str, str]]:
        """Pages whose links were not read since they changed: (id, edition, path, host, hash)."""
        return self._db.execute(
            "SELECT id, site, path, host, hash FROM page WHERE looked <> hash LIMIT ?", [limit]
        ).fetchall()

    def read(self, page: int, hash: str, shop: str, links: Iterable[tuple[str, bool]]) -> None:
        """A page of these bytes holds these links: (address, whether it leads out of our shops)."""
        self._db.execute("DELETE FROM holds WHERE page = ?", [page])
        for url, is_outer in links:
            self._db.execute(
                "INSERT INTO link (shop, url, is_outer) VALUES (?, ?, ?) ON CONFLICT (shop, url) DO NOTHING",
                [shop, url, is_outer],
            )
            self._db.execute(
                "INSERT OR IGNORE INTO holds SELECT id, ? FROM link WHERE shop = ? AND url = ?", [page, shop, url]
            )
        self._db.execute("UPDATE page SET looked = ? WHERE id = ?", [hash, page])

    def drop_unheld(self) -> None:
        """Links that no page holds any more; one that was told of as broken stays until that is taken back."""
        unheld = "id NOT IN (SELECT link FROM holds)"
        self._db.execute(f"DELETE FROM link WHERE told = '' AND {unheld}")  # noqa: S608
        self._db.execute(f"UPDATE link SET status = '', fails = 0 WHERE status <> '' AND {unheld}")  # noqa: S608

    def has_page(self, key: PageKey) -> bool:
        return self._db.execute("SELECT 1 FROM page WHERE site = ? AND path = ?", key).fetchone() is not None

    # --- where they lead ---------------------------------------------------------------------------------------------

    def due(self, *, is_outer: bool, older_than_s: float, limit: int) -> list[Link]:
        """Links that were not looked at for so long, the longest first."""
        rows = self._db.execute(
            "SELECT id, shop, url FROM link WHERE is_outer = ? AND (checked_at IS NULL OR checked_at < ?) "
            "ORDER BY checked_at LIMIT ?",
            [is_outer, time.time() - older_than_s, limit],
        )
        return [Link(*row) for row in rows]

    def looked(self, link: int, status: str, *, fails_before: int = 1) -> None:
        """Where it leads: "" somewhere. It counts as broken when that many looks in a row said so."""
        now = time.time()
        if not status:
            self._db.execute(
                "UPDATE link SET status = '', fails = 0, since = NULL, checked_at = ? WHERE id = ?", [now, link]
            )
            return
        self._db.execute(
            "UPDATE link SET fails = fails + 1, checked_at = ?, since = coalesce(since, ?), "
            "status = CASE WHEN fails + 1 >= ? THEN ? ELSE status END WHERE id = ?",
            [now, now, fails_before, status, link],
        )

    # --- what central is told ----------------------------------------------------------------------------------------

    def news(self, said: set[tuple[int, str]], limit: int) -> list[LinkNews]:
        """Links that are not as central was told, without those that were `said` already.

        One that stays as it is is told of once a day: so central knows that it was seen.
        """
        rows = self._db.execute(
            "SELECT id, shop, url, status, coalesce(since, 0), coalesce(checked_at, 0), told FROM link "
            "WHERE status <> '' OR told <> '' ORDER BY id LIMIT ?",
            [MOST_BROKEN],
        ).fetchall()
        found = []
        for link, shop, url, status, since, seen, told in rows:
            pages, count = self._pages_of(link) if status else ([], 0)
            digest = _digest(status, pages, count, int(seen) // _DAY_S) if status else ""
            if digest != told and (link, digest) not in said:
                found.append(LinkNews(link, digest, shop, url, status, since, seen, pages, count))
        return found[:limit]

    def told(self, links: Iterable[tuple[int, str]]) -> None:
        """Central will hear this of them."""
        self._db.executemany("UPDATE link SET told = ? WHERE id = ?", [(digest, link) for link, digest in links])

    def _pages_of(self, link: int) -> tuple[list[PageKey], int]:
        rows = self._db.execute(
            "SELECT site, path FROM holds JOIN page ON page.id = holds.page WHERE link = ? ORDER BY length(path), path",
            [link],
        ).fetchall()
        return [(site, path) for site, path in rows[:MOST_PAGES]], len(rows)


def _digest(status: str, pages: list[PageKey], count: int, day: int) -> str:
    return hashlib.sha256(msgspec.json.encode([status, pages, count, day])).hexdigest()[:16]
