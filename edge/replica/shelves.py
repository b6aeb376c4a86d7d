"""Goods as pages read them: by slug, by shelf, by sister shop. Off the event loop; every read is noted.

In plain SQL: a page asks a dozen times, and building those queries was half of what it cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from edge.replica import lists
from edge.replica.reads import note_list, read, read_many
from sites.shelf import HeldCard, SisterGood, sister_good
from sites.urls import Order
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, card_key
from sync.store.edge import sql

_COLUMNS: Final[dict[Order, str]] = {
    "position": "position",
    "price": "price",
    "-price": "price DESC",
    "title": "title_key",
}
_ON_SHELVES: Final = "FROM edge_replica_shelfproduct p JOIN edge_replica_placing ON row_id = p.id WHERE p.site = ?"


def product_by_slug(site: SiteDoc, slug: str) -> ProductDoc | None:
    note_list(lists.slug(site.id, slug))
    # While a slug moves from one product to another both may hold it: the newer has the greater key
    row = sql.fetch_one(
        "SELECT product FROM edge_replica_shelfproduct WHERE site = ? AND slug = ? ORDER BY product DESC",
        [site.id, slug],
    )
    held = read(f"product:{site.id}", row[0], ProductDoc) if row else None
    return held.doc if held else None


def category(site: SiteDoc, key: str) -> CategoryDoc | None:
    """The shelf's own text and picture."""
    held = read(f"category:{site.id}", key, CategoryDoc)
    return held.doc if held else None


def shelf(site: SiteDoc, categories: Sequence[str], order: Order, start: int, count: int) -> list[ProductDoc]:
    """`count` goods of these shelves from the `start`th on."""
    _note_shelves(site, categories, order)
    # A product may stand on several of the shelves
    rows = sql.fetch(
        f"SELECT DISTINCT product, title_key, price, position {_ON_SHELVES} AND category IN ({sql.marks(categories)}) "
        f"ORDER BY {_COLUMNS[order]}, product LIMIT ? OFFSET ?",
        [site.id, *categories, count, start],
    )
    return products(site, [row[0] for row in rows])


def shelf_size(site: SiteDoc, categories: Sequence[str], order: Order) -> int:
    _note_shelves(site, categories, order)
    [(count,)] = sql.fetch(
        f"SELECT count(DISTINCT product) {_ON_SHELVES} AND category IN ({sql.marks(categories)})",
        [site.id, *categories],
    )
    return int(count)


def _note_shelves(site: SiteDoc, categories: Sequence[str], order: Order) -> None:
    for each in categories:
        note_list(lists.shelf(site.id, each, order))


def products(site: SiteDoc, keys: Sequence[str]) -> list[ProductDoc]:
    """In the order of `keys`."""
    held = read_many(f"product:{site.id}", keys, ProductDoc)
    return [held[key].doc for key in keys if key in held]


def cards_of(site: SiteDoc, goods: Iterable[ProductDoc]) -> dict[str, HeldCard]:
    """The line cards of all units of `goods`, by card key."""
    keys = [card_key(site.id, unit.sku, unit.options) for each in goods for unit in each.variants]
    held = read_many(f"card:{site.group}", keys, CardDoc)
    return {key: HeldCard(each.doc, each.ver) for key, each in held.items()}


def sister_goods(sisters: Sequence[SiteDoc], seed: str, each: int) -> list[SisterGood]:
    """`each` goods of every sister, the shops taking turns. `seed` picks them: the same page always shows the same."""
    columns = [_goods_of(sister, seed, each) for sister in sisters]
    depth = max(map(len, columns), default=0)
    return [column[row] for row in range(depth) for column in columns if row < len(column)]


def _goods_of(sister: SiteDoc, seed: str, count: int) -> list[SisterGood]:
    note_list(lists.cards(sister.id))
    keys: dict[str, str] = {}
    # From the seed's place on, and round: every good of the sister has its turn on some page
    start = lists.rank_of(f"{seed}:{sister.id}")
    for part in (">=", "<"):
        rows = sql.fetch(
            "SELECT slug, key FROM edge_replica_cardrow "  # noqa: S608
            f"WHERE topic = ? AND site = ? AND rank {part} ? ORDER BY rank, key LIMIT ?",
            [f"card:{sister.group}", sister.id, start, count * 8],
        )
        for slug, key in rows:
            if len(keys) < count:
                keys.setdefault(slug, key)
    held = read_many(f"card:{sister.group}", list(keys.values()), CardDoc)
    return [sister_good(sister, held[key].doc) for key in keys.values() if key in held]
