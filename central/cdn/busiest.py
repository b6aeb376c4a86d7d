"""Which pages of a site were asked for most of late, as its node counts them, and where a page is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

from central.cluster.models import Site
from central.cluster.queries import light_of
from sites import editions, urls
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import SiteDoc
from sync.contracts.pages import MOST_PATH, MOST_ROWS, PageRow, PagesAsk, PagesTold
from sync.questions import NodeAway, ask

#: pages of a site that a purge of all of it is followed by
MOST: Final = 1_000


def busiest_of(site: Site) -> Counter[str]:
    """Path, quoted -> how often all editions were asked for it in the last week. Raises `NodeAway`, `NodeRefused`."""
    found: Counter[str] = Counter()
    for start in range(0, MOST, MOST_ROWS):
        rows = _rows(site, start)
        for row in rows:
            path = quote(row.path)
            if path.startswith("/") and not path.startswith("//") and len(path) <= MOST_PATH and row.asked > 0:
                found[path] += row.asked
        if len(rows) < MOST_ROWS or rows[-1].asked <= 0:
            break
    return found


def _rows(site: Site, start: int) -> list[PageRow]:
    if site.node is None or light_of(site.node) != "green":
        raise NodeAway(f"the node of the site '{site.pk}' is cut off")
    asked = PagesAsk(site=site.pk, states=["fresh", "waits"], sort="-asked", start=start, count=MOST_ROWS)
    return unpack(ask(site.node.pk, "pages", pack(asked)), PagesTold).rows


def addresses(site: SiteDoc, path: str) -> Iterator[str]:
    """Where the page at a path, quoted, is found: at each origin of the shop's editions that has such an address."""
    by_origin: dict[str, list[SiteDoc]] = {}
    for each in editions.editions_of(site):
        by_origin.setdefault(each.origin, []).append(each)
    plain = unquote(path.partition("?")[0])
    for origin, there in by_origin.items():
        edition = editions.at(there, plain)
        inner = editions.inside(edition, plain) if edition else None
        if inner and urls.parse(inner):
            yield f"{origin}{path}"
