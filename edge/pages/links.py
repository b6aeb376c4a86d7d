"""The robot that finds links which lead nowhere: of pages, pictures and files of our own without HTTP, of others by it.

It has the maker's process while there are no pages to make. Others' hosts are asked politely, by a thread beside it:
one link at a time, each once a day at most, never an address of a private network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import httpx

from edge.pages import feeds, files, redirects
from edge.pages.book import Book
from edge.pages.building import build
from edge.pages.linkbook import Link, LinkBook
from edge.replica import pictures
from edge.replica import sites as shops
from infra.http.outgoing import NotCalled, pinned, trouble_of
from sites import assets, editions
from sites.seo import robots, sitemap
from sync.contracts.documents import SiteDoc
from sync.contracts.links import MOST_URL
from sync.store.edge import sql

#: pages read, and links of our own looked at, in one step: between two of them a page may have to be made
READ: Final = 20
LOOK: Final = 100
#: a link of our own is looked at so often, one of others'
OWN_S: Final = 1800.0
OUTER_S: Final = 86_400.0
#: between two questions to others
PAUSE_S: Final = 2.0
PATIENCE_S: Final = 10.0
MOST_REDIRECTS: Final = 5
#: what is there and says that it is not for us: no robot can know more
_CLOSED: Final = frozenset({401, 402, 403, 405, 407, 429, 451, 999})
#: these are no mishap of the moment
_AT_ONCE: Final = frozenset({"404", "410", "unknown_host"})
#: addresses of every shop that are no pages
_ROUTES: Final = ("/cart", "/checkout", "/account", "/search", "/_r", "/order", "/favicon.ico")

#: what a page's head names that has to be there
_RELS: Final = frozenset({"stylesheet", "icon", "alternate", "canonical"})
_METAS: Final = frozenset({"og:image", "original-source"})

#: what is wrong with a link of others', "" nothing; None: it cannot be known
Ask = Callable[[str], "str | None"]


class Links:
    """`folder`: where the pages lie. `ask` looks at a link of others'."""

    def __init__(self, book: Book, folder: Path, *, ask: Ask | None = None) -> None:
        self.book = LinkBook(book)
        self._folder, self._ask = folder, ask or look_at
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="links")
        self._asked: tuple[Link, Future[str | None]] | None = None
        self._next_at = 0.0

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def step(self) -> bool:
        """A little of the work. Returns whether there is more for now."""
        has_read = self._read_pages()
        own = self.book.due(is_outer=False, older_than_s=OWN_S, limit=LOOK)
        for link in own:
            self.book.looked(link.id, self._where(link))
        self._look_outside()
        if not has_read and not own:
            self.book.drop_unheld()
        return has_read or len(own) == LOOK

    # --- what pages hold ---------------------------------------------------------------------------------------------

    def _read_pages(self) -> bool:
        unread = self.book.unread(READ)
        for page, key, path, host, hash in unread:
            edition, file = shops.edition_by_key(key), files.place(self._folder, host, path)
            body = files.read(file) if file else None
            found = dict(self._links_of(edition, path, body.decode("utf-8", "replace"))) if edition and body else {}
            self.book.read(page, hash, editions.shop_of(key), found.items())
        return bool(unread)

    def _links_of(self, edition: SiteDoc, path: str, text: str) -> Iterator[tuple[str, bool]]:
        base = f"{edition.origin}{path}"
        # What a page shows of a sister shop comes of its line cards; her pages are her own node's to look at
        sisters = {
            urlsplit(origin).netloc for each in shops.sister_sites(edition) for origin in editions.origins_of(each)
        }
        for link in Holds(text).links:
            try:
                url = urldefrag(urljoin(base, link))[0]
                parts = urlsplit(url)
            except ValueError:
                continue
            if parts.netloc in sisters and not self._is_own(url):
                continue
            if parts.scheme in ("http", "https") and parts.hostname and len(url) <= MOST_URL and url.isprintable():
                yield url, not self._is_own(url)

    def _is_own(self, url: str) -> bool:
        parts = urlsplit(url)
        return shops.site_of(parts.netloc.rpartition("@")[2], unquote(parts.path) or "/") is not None

    # --- our own -----------------------------------------------------------------------------------------------------

    def _where(self, link: Link) -> str:
        """What is wrong with a link of our own: "404", "" nothing."""
        parts = urlsplit(link.url)
        address = unquote(parts.path) or "/"
        edition = shops.site_of(parts.netloc.rpartition("@")[2], address)
        inner = editions.inside(edition, address) if edition else None
        if edition is None or inner is None:
            return ""  # the host is another's by now: it is looked at as such when its page is read again
        is_there = self.book.has_page((editions.key_of(edition), address))
        return "" if is_there or leads_somewhere(edition, inner, parts.query) else "404"

    # --- others' -----------------------------------------------------------------------------------------------------

    def _look_outside(self) -> None:
        if self._asked is not None:
            link, answer = self._asked
            if not answer.done():
                return
            self._asked = None
            status = answer.result() if answer.exception() is None else None
            self.book.looked(link.id, status or "", fails_before=1 if status in _AT_ONCE else 2)
        if time.monotonic() < self._next_at:
            return
        for link in self.book.due(is_outer=True, older_than_s=OUTER_S, limit=1):
            self._asked = link, self._pool.submit(self._ask, link.url)
            self._next_at = time.monotonic() + PAUSE_S


def leads_somewhere(edition: SiteDoc, path: str, query: str = "") -> bool:
    """Whether a path of an edition is answered: by a page, a file, a picture, a route, or a redirect."""
    if path.startswith("/static/"):
        return assets.find(path.removeprefix("/static/")) is not None
    if path.startswith("/_m/"):
        return _is_picture(path.removeprefix("/_m/"))
    if any(path == route or path.startswith(f"{route}/") for route in _ROUTES) or feeds.name_of(path):
        return True
    if path in ("/robots.txt", robots.SITEMAP) or sitemap.part_of(path) is not None:
        return True
    if len(path) > 1 and path.endswith("/"):
        path = path.rstrip("/")
    return build(edition, path).status == 200 or redirects.leads(edition, path, query)


def _is_picture(name: str) -> bool:
    """Whether a picture lies here, or is on its way."""
    if not pictures.NAME.match(name):
        return False
    known = sql.fetch_one("SELECT 1 FROM edge_replica_neededpicture WHERE name = ?", [name])
    return pictures.file_of(name).exists() or known is not None


def look_at(url: str) -> str | None:
    """Ask another host for an address, for its head first. What is wrong, "" nothing, None: it cannot be known."""
    with httpx.Client(timeout=PATIENCE_S, follow_redirects=False, trust_env=False) as client:
        try:
            status = _status(client, url, "HEAD")
            if status >= 400:
                status = _status(client, url, "GET")  # many answer a HEAD by what is nearest to no
        except NotCalled as error:
            return error.code if error.code == "unknown_host" else None
        except (httpx.HTTPError, ValueError, UnicodeError) as error:
            return trouble_of(error)
    return "" if status < 400 or status in _CLOSED else str(status)


def _status(client: httpx.Client, url: str, method: str) -> int:
    """At the end of its redirects, each of them looked up anew; nothing of a body is read."""
    for _ in range(MOST_REDIRECTS + 1):
        answer = client.send(pinned(client, url, method), stream=True)
        answer.close()
        if not answer.is_redirect:
            return answer.status_code
        url = urljoin(url, answer.headers.get("location", ""))
    raise httpx.TooManyRedirects("it redirects too often")


class Holds(HTMLParser):
    """The links of a page: where one may go from it, and what it shows or runs."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value.strip() for name, value in attrs if value}
        if tag in ("a", "area") or (tag == "link" and values.get("rel") in _RELS):
            self._note(values.get("href"))
        elif tag == "meta" and (values.get("property") or values.get("name")) in _METAS:
            self._note(values.get("content"))
        elif tag in ("img", "script", "source", "iframe"):
            self._note(values.get("src"))
            for each in values.get("srcset", "").split(","):
                self._note(each.split()[0] if each.split() else None)

    def _note(self, link: str | None) -> None:
        if link and not link.startswith(("#", "data:", "mailto:", "tel:", "javascript:")):
            self.links.append(link)
