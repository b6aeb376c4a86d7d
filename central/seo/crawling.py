"""Walks through an old site: its own host only, as its robots.txt allows, one page after another, within bounds."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

import httpx
from lxml import etree

from central.catalog.errors import ImportRefused
from central.catalog.importing.fetching import pinned
from central.seo.errors import WalkRefused
from infra.http.address import is_loopback

AGENT: Final = "Rialto"
MOST_BYTES: Final = 2_000_000
SILENCE_S: Final = 10.0
#: between two pages of one site; its robots.txt may ask for more
PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
MOST_REDIRECTS: Final = 5
MOST_SITEMAPS: Final = 20
_FILES: Final = re.compile(
    r"\.(jpe?g|png|gif|webp|svg|ico|css|js|mjs|json|xml|pdf|zip|rar|7z|docx?|xlsx?|csv|mp[34]|avi|woff2?|ttf|eot)$",
    re.I,
)
_MARKS: Final = re.compile(r"^(utm_\w+|gclid|yclid|fbclid|_openstat|from|ref|sort|order|PHPSESSID|sid)$", re.I)


@dataclass(frozen=True)
class Met:
    """A page of the old site: `source` is its path and query, `answered` its status, `title` its title or heading."""

    source: str
    answered: int
    title: str = ""


@dataclass
class Walk:
    """One walk. `known` holds what was met before, when it goes on after a break."""

    start: str
    most_pages: int
    until: float
    known: set[str] = field(default_factory=set)
    left: int = 0

    def pages(self) -> Iterator[Met]:
        """The pages one after another. Raises `WalkRefused` when the site cannot be walked through at all."""
        base = urlsplit(self.start)
        if base.scheme not in ("http", "https") or not base.hostname:
            raise WalkRefused("an address begins with http:// or https:// and names a host")
        with httpx.Client(timeout=SILENCE_S, follow_redirects=False, trust_env=False) as client:
            self._client = client
            self._home = urlunsplit((base.scheme, base.netloc, "/", "", ""))
            rules = self._robots()
            pause = (
                0.0 if is_loopback(base.hostname) else min(float(rules.crawl_delay(AGENT) or PAUSE_S), LONGEST_PAUSE_S)
            )
            yield from self._walk(rules, pause)

    def _walk(self, rules: RobotFileParser, pause: float) -> Iterator[Met]:
        waiting = deque(dict.fromkeys([self._clean(self.start) or self._home, *self._mapped(rules)]))
        seen = set(waiting)
        asked = 0
        waiter = threading.Event()
        while waiting and asked < self.most_pages and time.monotonic() < self.until:
            url = waiting.popleft()
            if not rules.can_fetch(AGENT, url):
                continue
            self.left = len(waiting)
            answer = self._get(url)
            asked += 1
            if answer is None:
                yield Met(source_of(url), 0)
                continue
            status, final, text = answer
            page = Page(text)
            if status == httpx.codes.OK:
                for link in page.links:
                    clean = self._clean(urljoin(final, link))
                    if clean and clean not in seen and len(seen) < self.most_pages * 20:
                        seen.add(clean)
                        waiting.append(clean)
            if source_of(url) not in self.known:
                yield Met(source_of(url), status, page.name[:300])
            waiter.wait(pause)
        self.left = len(waiting)

    def _clean(self, url: str) -> str:
        """The address in one spelling when it is a page of this very site, else ""."""
        try:
            parts = urlsplit(urldefrag(url)[0])
        except ValueError:
            return ""
        home = urlsplit(self._home)
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != home.netloc.lower():
            return ""
        if _FILES.search(parts.path) or len(url) > 480:
            return ""
        query = "&".join(one for one in parts.query.split("&") if one and not _MARKS.match(one.partition("=")[0]))
        return urlunsplit((home.scheme, home.netloc, parts.path or "/", query, ""))

    def _get(self, url: str) -> tuple[int, str, str] | None:
        """Status, final address and text; None when it does not answer, or leads to another site."""
        try:
            for _ in range(MOST_REDIRECTS):
                request = pinned(self._client, url)
                answer = self._client.send(request, stream=True)
                try:
                    if answer.is_redirect:
                        url = self._clean(urljoin(url, answer.headers.get("location", "")))
                        if not url:
                            return None
                        continue
                    return answer.status_code, url, self._text(answer)
                finally:
                    answer.close()
        except ImportRefused as error:
            raise WalkRefused(str(error)) from error
        except (httpx.HTTPError, ValueError, UnicodeError):
            return None
        return None

    def _text(self, answer: httpx.Response) -> str:
        kind = answer.headers.get("content-type", "")
        if not any(word in kind for word in ("html", "xml", "text/plain")):
            return ""
        whole, size = [], 0
        for piece in answer.iter_bytes(1 << 16):
            whole.append(piece)
            size += len(piece)
            if size > MOST_BYTES or time.monotonic() > self.until:
                break
        return b"".join(whole).decode(answer.charset_encoding or "utf-8", "replace")

    def _robots(self) -> RobotFileParser:
        rules = RobotFileParser()
        answer = self._get(urljoin(self._home, "/robots.txt"))
        if answer is None:
            raise WalkRefused("it does not answer")
        rules.parse(answer[2].splitlines() if answer[0] == httpx.codes.OK else [])
        return rules

    def _mapped(self, rules: RobotFileParser) -> Iterator[str]:
        """What the maps of the site name, which may be more than its links lead to."""
        waiting = deque(self._same_host([*(rules.site_maps() or []), urljoin(self._home, "/sitemap.xml")]))
        for _ in range(MOST_SITEMAPS):
            if not waiting:
                return
            answer = self._get(waiting.popleft())
            if answer is None or answer[0] != httpx.codes.OK:
                continue
            pages, parts = read_map(answer[2])
            waiting.extend(self._same_host(parts))
            yield from filter(None, map(self._clean, pages[: self.most_pages]))

    def _same_host(self, urls: list[str]) -> list[str]:
        home = urlsplit(self._home).netloc.lower()
        return list(dict.fromkeys(url for url in urls if urlsplit(url).netloc.lower() == home))


def read_map(text: str) -> tuple[list[str], list[str]]:
    """The pages and the parts a map of a site names; nothing of one that cannot be read."""
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:  # whatever an old shop calls a map
        return [], []
    found: dict[str, list[str]] = {"url": [], "sitemap": []}
    for each in root.iterchildren(etree.Element):
        name = str(each.tag).rpartition("}")[2]
        place = next((one.text for one in each if str(one.tag).rpartition("}")[2] == "loc"), None)
        if name in found and place:
            found[name].append(place.strip())
    return found["url"], found["sitemap"]


def source_of(url: str) -> str:
    """An address as the source of a redirect."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Page(HTMLParser):
    """What a walk takes from a page: its links, and its name."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._names = {"title": "", "h1": ""}
        self._in = ""
        self.feed(text)

    @property
    def name(self) -> str:
        """The first heading, else the title."""
        return " ".join((self._names["h1"] or self._names["title"]).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        elif tag in self._names and not self._names[tag]:
            self._in = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self._names[self._in] += data
