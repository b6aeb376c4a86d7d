"""Tells central which addresses have new bytes, so that it purges them at the CDN. Never asked of a shopper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import quote

from edge.pages.book import Change
from edge.replica import sites as shops
from node import clock
from node.realms import CLUSTER
from sites import editions, urls
from sync.contracts.codec import pack
from sync.contracts.pages import MOST_CHANGES, PageChange, PagesChanged
from sync.store.edge.outbox import enqueue

KIND: Final = "pages_changed"


@dataclass(frozen=True)
class Changed:
    """A page whose file was replaced. `path` as in the address, quoted: `sites.urls` makes it so.

    `tags`: `sites.tags.page_tags`, those its answers carry. `is_urgent`: it shows a price or whether goods are there.
    `hits`: how often it was asked for of late.
    """

    path: str
    tags: Sequence[str] = ()
    is_urgent: bool = False
    hits: int = 0


def announce(site_id: str, changes: Iterable[Changed]) -> int:
    """These pages of a site have new bytes: central will purge them, also after a cut, a crash or a repeat.

    Call it inside the writer's transaction (`writer.run`), after the files were replaced: a CDN that fetches a page
    between the purge and the file would keep the old one. Many pages in one call are few ops. Returns how many ops.
    """
    told = [PageChange(path=one.path, tags=list(one.tags), is_urgent=one.is_urgent, hits=one.hits) for one in changes]
    at, ops = clock.time_ms(), 0
    for start in range(0, len(told), MOST_CHANGES):
        enqueue(CLUSTER, KIND, pack(PagesChanged(site=site_id, changes=told[start : start + MOST_CHANGES], at=at)))
        ops += 1
    return ops


def queue_changes(changes: Sequence[Change]) -> None:
    """What the maker of pages has replaced or taken away, on its way to central. Inside the writer's transaction."""
    by_shop = sorted(changes, key=lambda one: editions.shop_of(one.site))
    for site, of_site in groupby(by_shop, key=lambda one: editions.shop_of(one.site)):
        announce(site, [_changed(one) for one in of_site])


def _changed(change: Change) -> Changed:
    site = shops.edition_by_key(change.site)
    inner = editions.inside(site, change.path) if site else None
    found = urls.parse(inner or change.path)
    sells = found is not None and found.kind in ("home", "category", "product")
    return Changed(quote(change.path), change.tags, is_urgent=sells, hits=change.hits)
