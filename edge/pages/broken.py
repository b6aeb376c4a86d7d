"""Tells central which links of pages lead nowhere, and which do again. Never asked of a shopper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from edge.pages.linkbook import LinkNews
from edge.replica import sites as shops
from node.realms import STATS
from sites import editions
from sync.contracts.codec import pack
from sync.contracts.links import MOST_LINKS, BrokenLink, BrokenLinks
from sync.store.edge.outbox import enqueue

KIND: Final = "broken_links"


def queue_links(book: str, links: Sequence[LinkNews], sites: Sequence[str]) -> None:
    """News of links, by shop; for `sites` without news only which book counts. Inside the writer's transaction."""
    by_shop: dict[str, list[BrokenLink]] = {site: [] for site in sites}
    for link in links:
        by_shop.setdefault(link.shop, []).append(_told(link))
    for shop, told in by_shop.items():
        for start in range(0, max(1, len(told)), MOST_LINKS):
            enqueue(STATS, KIND, pack(BrokenLinks(site=shop, book=book, links=told[start : start + MOST_LINKS])))


def _told(link: LinkNews) -> BrokenLink:
    of_site, source = redirectable(link.url) if link.status else ("", "")
    return BrokenLink(
        url=link.url,
        status=link.status,
        since=int(link.since * 1000),
        seen=int(link.seen * 1000),
        of_site=of_site,
        source=source,
        pages=link.pages,
        count=link.count,
    )


def redirectable(url: str) -> tuple[str, str]:
    """The shop of ours and the path within its edition at which a redirect would mend a link; ("", "") for others."""
    parts = urlsplit(url)
    address = unquote(parts.path) or "/"
    edition = shops.site_of(parts.netloc.rpartition("@")[2], address)
    inner = editions.inside(edition, address) if edition else None
    if edition is None or not inner or inner == "/" or inner.startswith(("/static/", "/_m/")):
        return "", ""
    return edition.id, f"{inner}?{parts.query}" if parts.query else inner
