"""Goods as pages read them: by slug, by shelf, by sister shop, in the words and at the prices of the edition.

Off the event loop; every read is noted.

In plain SQL: a page asks a dozen times, and building those queries was half of what it cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge.replica import lists, windows
from edge.replica.reads import note_list, read, read_many
from sites import editions
from sites.shelf import HeldCard, SisterGood, sister_good
from sites.urls import Order
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, card_key
from sync.store.edge import sql


def product_by_slug(site: SiteDoc, slug: str) -> ProductDoc | None:
    note_list(lists.slug(site.id, slug))
    # While a slug moves from one product to another both may hold it: the newer has the greater key. The plus keeps
    # SQLite from reading all goods of the site in that order to find one of them.
    row = sql.fetch_one(
        "SELECT product FROM edge_replica_shelfproduct WHERE site = ? AND slug = ? ORDER BY +product DESC",
        [site.id, slug],
    )
    held = read(f"product:{site.id}", row[0], ProductDoc) if row else None
    return editions.product_in(site, held.doc) if held and editions.is_shown(site, held.doc) else None


def category(site: SiteDoc, key: str) -> CategoryDoc | None:
    """The shelf's own text and picture."""
    held = read(f"category:{site.id}", key, CategoryDoc)
    return editions.category_in(site, held.doc) if held else None


def shelf(site: SiteDoc, categories: Sequence[str], order: Order, start: int, count: int) -> list[ProductDoc]:
    """`count` goods of these shelves from the `start`th on."""
    return products(site, _on_shelves(site, categories, order, start, count))


def _on_shelves(site: SiteDoc, categories: Sequence[str], order: Order, start: int, count: int) -> list[str]:
    is_translated = any(each.code == site.language for each in site.languages)
    edition = (editions.scopes_of(site), site.language if is_translated else "")
    return windows.look(("shelf", (site.id, tuple(categories), order, start, count, *edition)))


def neighbours(site: SiteDoc, category: str, product: str, count: int) -> list[ProductDoc]:
    """The first `count` goods of a shelf beside this one. The page reads those it shows, no others."""
    keys = _on_shelves(site, [category], "position", 0, count + 1)
    return products(site, [key for key in keys if key != product][:count])


def shelf_size(site: SiteDoc, categories: Sequence[str], order: Order) -> int:
    [size] = windows.look(("size", (site.id, tuple(categories), order, editions.scopes_of(site))))
    return int(size)


def products(site: SiteDoc, keys: Sequence[str]) -> list[ProductDoc]:
    """In the order of `keys`; what this edition does not show is left out."""
    held = read_many(f"product:{site.id}", keys, ProductDoc)
    docs = (held[key].doc for key in keys if key in held)
    return [editions.product_in(site, doc) for doc in docs if editions.is_shown(site, doc)]


def cards_of(site: SiteDoc, goods: Iterable[ProductDoc]) -> dict[str, HeldCard]:
    """The line cards of all units of `goods`, by card key."""
    keys = [card_key(site.id, unit.sku, unit.options) for each in goods for unit in each.variants]
    held = read_many(f"card:{site.group}", keys, CardDoc)
    return {key: HeldCard(editions.card_in(site, each.doc), each.ver) for key, each in held.items()}


def sister_goods(sisters: Sequence[SiteDoc], seed: str, each: int) -> list[SisterGood]:
    """`each` goods of every sister, the shops taking turns. `seed` picks them: the same page always shows the same."""
    columns = [_goods_of(sister, seed, each) for sister in sisters]
    depth = max(map(len, columns), default=0)
    return [column[row] for row in range(depth) for column in columns if row < len(column)]


def _goods_of(sister: SiteDoc, seed: str, count: int) -> list[SisterGood]:
    keys = windows.look(("cards", (sister.group, sister.id, seed, count, editions.scopes_of(sister))))
    held = read_many(f"card:{sister.group}", keys, CardDoc)
    return [sister_good(sister, editions.card_in(sister, held[key].doc)) for key in keys if key in held]
