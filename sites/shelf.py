"""From documents to what a page shows: goods with prices in words and the fields of their add button.

Plain functions over documents, so that central can preview what the edge will serve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from sites import urls
from sites.money import format_money
from sync.contracts.documents import CardDoc, CategoryDoc, Picture, ProductDoc, SiteDoc, VariantDoc, card_key

#: goods on one page of a category
PAGE_SIZE: Final = 24


@dataclass(frozen=True)
class HeldCard:
    """A line card and its version, which a cart op names as `price_ref`."""

    doc: CardDoc
    ver: int


Cards = Mapping[str, HeldCard]


@dataclass(frozen=True)
class Unit:
    """A sellable unit as a page offers it: what its add button sends, and its price in words."""

    site: str
    sku: str
    options: str
    title: str
    price: int
    price_ref: int
    price_text: str
    old_price_text: str
    is_on_sale: bool


@dataclass(frozen=True)
class Good:
    """A product on a list. `unit` is set when there is just one to add; else its page has the choice."""

    title: str
    url: str
    picture: Picture | None
    brand: str
    price_text: str
    old_price_text: str
    has_range: bool
    choices: int
    unit: Unit | None


@dataclass(frozen=True)
class SisterGood:
    """A product of a sister shop: a link that hops."""

    site: SiteDoc
    title: str
    url: str
    picture: Picture | None
    price_text: str


@dataclass(frozen=True)
class Crumb:
    title: str
    url: str = ""


@dataclass(frozen=True)
class OrderLink:
    """A way to sort a list: a page of its own."""

    order: urls.Order
    url: str
    is_current: bool


@dataclass(frozen=True)
class PageLink:
    """A number under a list; `number` 0 stands for the pages left out."""

    number: int
    url: str = ""
    is_current: bool = False


def units_of(site: SiteDoc, product: ProductDoc, cards: Cards) -> list[Unit]:
    """The product's units in the shop's order. The card's price is shown, because the cart will name its version."""
    return [_unit(site, product, variant, cards) for variant in product.variants]


def _unit(site: SiteDoc, product: ProductDoc, variant: VariantDoc, cards: Cards) -> Unit:
    held = cards.get(card_key(site.id, variant.sku, variant.options))
    price = held.doc.price if held else variant.price
    currency = held.doc.currency if held else product.currency
    return Unit(
        site=site.id,
        sku=variant.sku,
        options=variant.options,
        title=variant.options_title,
        price=price,
        price_ref=held.ver if held else 0,
        price_text=format_money(price, currency, site.language),
        old_price_text=_struck(variant.old_price, price, currency, site.language),
        # A unit without a card cannot be shown in a cart yet: its card is on its way
        is_on_sale=held is not None and held.doc.is_on_sale,
    )


def _struck(old: int, price: int, currency: str, language: str) -> str:
    return format_money(old, currency, language) if old > price else ""


def good(site: SiteDoc, product: ProductDoc, cards: Cards) -> Good:
    units = units_of(site, product, cards)
    cheapest = min(units, key=lambda unit: unit.price, default=None)
    return Good(
        title=product.title,
        url=urls.at(site, urls.product(product.slug)),
        picture=product.pictures[0] if product.pictures else None,
        brand=product.brand,
        price_text=cheapest.price_text if cheapest else "",
        old_price_text=cheapest.old_price_text if cheapest else "",
        has_range=len({unit.price for unit in units}) > 1,
        choices=len(units),
        unit=units[0] if len(units) == 1 and units[0].is_on_sale else None,
    )


def sister_good(site: SiteDoc, card: CardDoc) -> SisterGood:
    """`site` is the sister. The price is written in the sister's way, as the shopper will find it there."""
    return SisterGood(
        site=site,
        title=card.title,
        url=urls.absolute(site, urls.product(card.slug)),
        picture=card.picture,
        price_text=format_money(card.price, card.currency, site.language),
    )


def page_count(goods: int) -> int:
    return max(1, ceil(goods / PAGE_SIZE))


def order_links(site: SiteDoc, category: CategoryDoc, order: urls.Order) -> list[OrderLink]:
    return [OrderLink(each, urls.at(site, urls.category(category.slug, each)), each == order) for each in urls.WORDS]


def page_links(site: SiteDoc, category: CategoryDoc, order: urls.Order, page: int, pages: int) -> list[PageLink]:
    """The first, the last and the neighbours of the current page; [] when there is one page."""
    if pages < 2:
        return []
    shown = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    links: list[PageLink] = []
    for number in shown:
        if links and number - links[-1].number > 1:
            links.append(PageLink(0))
        address = urls.at(site, urls.category(category.slug, order, number))
        links.append(PageLink(number, address, number == page))
    return links


def children_of(categories: Sequence[CategoryDoc], parent: str) -> tuple[CategoryDoc, ...]:
    """The shelves right below `parent` ("" = the top), in the shop's order."""
    found = (each for each in categories if each.parent == parent)
    return tuple(sorted(found, key=lambda each: (each.position, each.title.casefold(), each.id)))


def path_to(categories: Sequence[CategoryDoc], category: CategoryDoc) -> list[CategoryDoc]:
    """From the top shelf down to `category`. A ring of parents, which only a mistake makes, ends the walk."""
    by_id = {each.id: each for each in categories}
    path = [category]
    while (parent := by_id.get(path[0].parent)) and parent not in path:
        path.insert(0, parent)
    return path


def below(categories: Sequence[CategoryDoc], category: CategoryDoc) -> list[str]:
    """The ids of `category` and of every shelf under it."""
    found = [category.id]
    for id_ in found:
        found += [each.id for each in categories if each.parent == id_ and each.id not in found]
    return found
