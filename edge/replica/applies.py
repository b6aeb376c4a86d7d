"""What an edge does with the documents of shops and goods, beside keeping them: derived tables, caches, pictures.

Plain SQL where it runs for every product and card: thousands come at once, and a shopper's op waits behind them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edge.replica import changes, lists, pictures, sites, words
from edge.replica.models import CategoryRow
from edge.replica.reads import Dep
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, VariantDoc, WordsDoc
from sync.replica import after_apply, applies
from sync.store.edge import sql

_STANDING = """
    SELECT slug, title_key, price, position, prices, titles, shown,
           (SELECT group_concat(category) FROM edge_replica_placing WHERE row_id = shelf.id)
    FROM edge_replica_shelfproduct AS shelf WHERE site = ? AND product = ?
"""
_STAND = """
    INSERT INTO edge_replica_shelfproduct (site, product, slug, title_key, price, position, prices, titles, shown)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, product) DO UPDATE SET slug = excluded.slug,
    title_key = excluded.title_key, price = excluded.price, position = excluded.position, prices = excluded.prices,
    titles = excluded.titles, shown = excluded.shown RETURNING id
"""
_UNPLACE = """
    DELETE FROM edge_replica_placing
    WHERE row_id = (SELECT id FROM edge_replica_shelfproduct WHERE site = ? AND product = ?)
"""
_PLACE = "INSERT INTO edge_replica_placing (row_id, category) VALUES (?, ?)"
_LEAVE = "DELETE FROM edge_replica_shelfproduct WHERE site = ? AND product = ?"
_CARD = "SELECT site, slug, shown FROM edge_replica_cardrow WHERE topic = ? AND key = ?"
_SELL = """
    INSERT INTO edge_replica_cardrow (topic, key, site, slug, rank, shown) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (topic, key) DO UPDATE SET site = excluded.site, slug = excluded.slug, rank = excluded.rank,
    shown = excluded.shown
"""
_SELL_NO_MORE = "DELETE FROM edge_replica_cardrow WHERE topic = ? AND key = ?"


def audience_of(topic: str) -> str:
    """`tea` of `product:tea`."""
    return topic.partition(":")[2]


@applies("site")
def apply_site(topic: str, key: str, ver: int, body: bytes | None) -> None:
    if body is not None:
        unpack(body, SiteDoc)  # one that cannot be read is parked here, not met by a shopper
    changes.announce_lists([lists.SITES])


@applies("words")
def apply_words(topic: str, key: str, ver: int, body: bytes | None) -> None:
    if body is not None:
        unpack(body, WordsDoc)


@applies("category")
def apply_category(topic: str, key: str, ver: int, body: bytes | None) -> None:
    site = audience_of(topic)
    category = None if body is None else unpack(body, CategoryDoc)
    place = [category.slug, category.title, category.parent, category.position, category.shown] if category else None
    before = CategoryRow.objects.filter(site=site, category=key).first()
    if (before.place if before else None) != place:
        if place is None:
            CategoryRow.objects.filter(site=site, category=key).delete()
        else:
            CategoryRow.objects.update_or_create(site=site, category=key, defaults={"place": place})
        changes.announce_lists([lists.categories(site)])
    pictures.need([category.picture] if category and category.picture else [])


@applies("product")
def apply_product(topic: str, key: str, ver: int, body: bytes | None) -> None:
    site = audience_of(topic)
    product = None if body is None else unpack(body, ProductDoc)
    before = _Standing.of_row(sql.fetch_one(_STANDING, [site, key]))
    after = _Standing.of_product(product)
    if before != after:
        _place(site, key, after)
    changes.announce_lists(_touched(site, before, after))
    pictures.need(product.pictures if product else [])


@dataclass(frozen=True)
class _Standing:
    """The facts of a product that lists look at."""

    slug: str
    categories: frozenset[str]
    title: str
    price: int
    position: int
    #: as columns of `ShelfProduct`
    prices: str
    titles: str
    shown: str

    @classmethod
    def of_row(cls, row: tuple[Any, ...] | None) -> _Standing | None:
        if row is None:
            return None
        slug, title, price, position, prices, titles, shown, categories = row
        shelves = frozenset(categories.split(",") if categories else ())
        return cls(slug, shelves, title, price, position, prices, titles, shown)

    @classmethod
    def of_product(cls, product: ProductDoc | None) -> _Standing | None:
        if product is None:
            return None
        titles = {each: _sorted_by(words.title) for each, words in product.translations.items() if words.title}
        price = min((variant.price for variant in product.variants), default=0)
        # A product with nothing to sell keeps its page and leaves the lists
        categories = frozenset(product.categories if product.variants else ())
        others = (_json(_regional(product.variants)), _json(titles), _json(product.shown))
        return cls(product.slug, categories, _sorted_by(product.title), price, product.position, *others)

    def looked_at(self, facet: str) -> tuple[Any, ...]:
        """What an order by a facet of `lists.FACETS` looks at, in any edition."""
        return {
            "position": (self.position,),
            "price": (self.price, self.prices),
            "title": (self.title, self.titles),
        }[facet]


def _sorted_by(title: str) -> str:
    return title.casefold().replace("ё", "е")


def _regional(variants: Sequence[VariantDoc]) -> dict[str, int]:
    """Region -> price of the cheapest unit there. Near enough for an order: what units cost further up is not asked."""
    regions = {region for variant in variants for region in variant.prices}
    return {region: min(each.prices.get(region, each.price) for each in variants) for region in sorted(regions)}


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _place(site: str, product: str, standing: _Standing | None) -> None:
    sql.execute(_UNPLACE, [site, product])
    if standing is None:
        sql.execute(_LEAVE, [site, product])
        return
    facts = [standing.slug, standing.title, standing.price, standing.position]
    facts += [standing.prices, standing.titles, standing.shown]
    row = sql.fetch_one(_STAND, [site, product, *facts])
    assert row is not None  # noqa: S101  it returns its id
    for category in sorted(standing.categories):
        sql.execute(_PLACE, [row[0], category])


def _touched(site: str, before: _Standing | None, after: _Standing | None) -> set[str]:
    """The lists whose members or order change when `before` becomes `after`."""
    if before is None or after is None:
        standing = before or after
        return _all_lists(site, standing, standing.categories) if standing else set()
    if before.shown != after.shown:
        return _all_lists(site, before, before.categories) | _all_lists(site, after, after.categories)
    names = _all_lists(site, None, before.categories ^ after.categories)
    if before.slug != after.slug:
        names |= {lists.slug(site, before.slug), lists.slug(site, after.slug)}
    for facet in lists.FACETS:
        if before.looked_at(facet) != after.looked_at(facet):
            names |= {lists.shelf_facet(site, each, facet) for each in before.categories | after.categories}
    return names


def _all_lists(site: str, standing: _Standing | None, categories: Iterable[str]) -> set[str]:
    names = {lists.shelf_facet(site, each, facet) for each in categories for facet in lists.FACETS}
    return names | ({lists.slug(site, standing.slug)} if standing else set())


@applies("card")
def apply_card(topic: str, key: str, ver: int, body: bytes | None) -> None:
    card = None if body is None else unpack(body, CardDoc)
    held = sql.fetch_one(_CARD, [topic, key])
    if card is None or not card.is_on_sale:
        if held is not None:
            sql.execute(_SELL_NO_MORE, [topic, key])
            changes.announce_lists([lists.cards(held[0])])
        return
    if held != (facts := (card.site, card.slug, _json(card.shown))):
        sql.execute(_SELL, [topic, key, *facts[:2], lists.rank_of(card.slug), facts[2]])
        changes.announce_lists([lists.cards(card.site)])
    pictures.need([card.picture] if card.picture else [])


@changes.listen
def lists_changed(deps: list[Dep]) -> None:
    """At once after the commit: a page made in the moment before `changed` must not be made of what was remembered."""
    sites.forget_lists([name for _, name in deps])


@after_apply
async def changed(entries: list[tuple[str, str]]) -> None:
    sites.forget(entries)
    pictures.fetcher.wake()
    await words.hear(entries)
