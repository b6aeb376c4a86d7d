"""Goods as pages read them: by slug, by shelf, by sister shop. Off the event loop; every read is noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import QuerySet

from edge.replica import lists
from edge.replica.models import CardRow, ShelfProduct
from edge.replica.reads import note_list, read, read_many
from sites.shelf import HeldCard, SisterGood, sister_good
from sites.urls import Order
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, card_key

_COLUMNS: Final[dict[Order, str]] = {
    "position": "position",
    "price": "price",
    "-price": "-price",
    "title": "title_key",
}


def product_by_slug(site: SiteDoc, slug: str) -> ProductDoc | None:
    note_list(lists.slug(site.id, slug))
    # While a slug moves from one product to another both may hold it: the newer has the greater key
    row = ShelfProduct.objects.filter(site=site.id, slug=slug).order_by("-product").first()
    held = read(f"product:{site.id}", row.product, ProductDoc) if row else None
    return held.doc if held else None


def category(site: SiteDoc, key: str) -> CategoryDoc | None:
    """The shelf's own text and picture."""
    held = read(f"category:{site.id}", key, CategoryDoc)
    return held.doc if held else None


def shelf(site: SiteDoc, categories: Sequence[str], order: Order, start: int, count: int) -> list[ProductDoc]:
    """`count` goods of these shelves from the `start`th on."""
    rows = _on_shelves(site, categories, order)
    keys = list(rows.order_by(_COLUMNS[order], "product").values_list("product", flat=True)[start : start + count])
    return products(site, keys)


def shelf_size(site: SiteDoc, categories: Sequence[str], order: Order) -> int:
    return _on_shelves(site, categories, order).count()


def _on_shelves(site: SiteDoc, categories: Sequence[str], order: Order) -> QuerySet[ShelfProduct]:
    for each in categories:
        note_list(lists.shelf(site.id, each, order))
    # A product may stand on several of the shelves
    return ShelfProduct.objects.filter(site=site.id, placings__category__in=categories).distinct()


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
    rows = CardRow.objects.filter(topic=f"card:{sister.group}", site=sister.id).order_by("rank", "key")
    keys: dict[str, str] = {}
    # From the seed's place on, and round: every good of the sister has its turn on some page
    start = lists.rank_of(f"{seed}:{sister.id}")
    for part in (rows.filter(rank__gte=start), rows.filter(rank__lt=start)):
        for slug, key in part.values_list("slug", "key")[: count * 8]:
            if len(keys) < count:
                keys.setdefault(slug, key)
    held = read_many(f"card:{sister.group}", list(keys.values()), CardDoc)
    return [sister_good(sister, held[key].doc) for key in keys.values() if key in held]
