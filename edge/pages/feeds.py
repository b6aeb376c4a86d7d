"""Feeds of goods, `/feeds/<name>.xml`, made of this edge's documents while they are sent, cut off or not."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from edge.pages import documents
from edge.replica import shelves
from edge.replica import sites as shops
from edge.replica.reads import read, read_many
from node import clock
from sites import editions
from sites.feeds.items import Choice, items_of
from sites.feeds.writing import write
from sites.shelf import Cards
from sync.contracts.documents import FeedDoc, LevelDoc, ProductDoc, SiteDoc

_PREFIX: Final = "/feeds/"
_SUFFIX: Final = ".xml"
_HOUR: Final = 3_600 * 10**9
_BATCH: Final = 100

Goods = tuple[ProductDoc, Cards, frozenset[str]]


def name_of(path: str) -> str | None:
    """The name of the feed a path asks for, None for any other path."""
    name = path.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return name if name and path == f"{_PREFIX}{name}{_SUFFIX}" and "/" not in name else None


def open_feed(site: SiteDoc, name: str) -> tuple[str, Iterator[str] | None]:
    """The ETag of a feed and its pieces, None when the edition has no such feed. Off the event loop."""
    held = read(f"feed:{site.id}", name, FeedDoc)
    if held is None or not _is_of(site, held.doc):
        return "", None
    topics = [f"{topic}:{site.id}" for topic in ("product", "category", "level", "feed")]
    version = documents.version_of(site, [*topics, f"card:{site.group}", f"site:{site.group}"])
    # A feed says when it was made: to the hour, so that equal goods are equal bytes for that long
    hour = clock.time_ns() // _HOUR
    made_at = datetime.fromtimestamp(hour * 3_600, UTC).isoformat(timespec="minutes")
    tag = hashlib.sha256(f"{name}:{version}:{hour}".encode()).hexdigest()[:24]
    tree = shops.categories_of(site)
    items = items_of(site, Choice(held.doc, tree), tree, _goods(site))
    return tag, write(site, held.doc, tree, items, made_at)


def _is_of(site: SiteDoc, feed: FeedDoc) -> bool:
    """Whether a feed tells of this very edition: of its addresses, words and prices."""
    told = editions.of_feed(shops.all_editions(site)[0], feed)
    return told is not None and (told.language, told.region) == (site.language, site.region)


def _goods(site: SiteDoc) -> Iterator[Goods]:
    goods = documents.products_from(site)
    while batch := list(itertools.islice(goods, _BATCH)):
        cards, levels = shelves.cards_of(site, batch), _levels(site, batch)
        for each in batch:
            in_stock = frozenset(unit.id for unit in each.variants if levels.get(unit.id, "out") != "out")
            yield each, cards, in_stock


def _levels(site: SiteDoc, batch: Sequence[ProductDoc]) -> dict[str, str]:
    """Variant -> how much there is of it, in a word; one nobody has ever received has none."""
    keys = [unit.id for each in batch for unit in each.variants]
    return {key: held.doc.level for key, held in read_many(f"level:{site.id}", keys, LevelDoc).items()}
