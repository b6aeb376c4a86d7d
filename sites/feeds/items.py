"""Units of a shop as a feed tells of them: chosen, priced, with the values of their patterns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sites import urls
from sites.seo.facts import product as product_facts
from sites.seo.patterns import BadPattern, parse
from sites.seo.pictures import widely_taken
from sites.seo.rules import TOKENS
from sites.shelf import Cards, Unit, below, path_to, units_of
from sync.contracts.documents import CategoryDoc, FeedDoc, Picture, ProductDoc, SiteDoc, VariantDoc

#: tokens of a feed's patterns: those of a product's page, and those of the unit
FEED_TOKENS: Final = (*TOKENS["product"], "options", "barcode", "url", "id")
MOST_PICTURES: Final = 10
_PARTED: Final = " > "
_NOT_XML: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@dataclass(frozen=True)
class Item:
    """A unit of a feed. Prices are minor units of `currency`; `categories` go from the top down."""

    id: str
    group: str
    product: ProductDoc
    unit: Unit
    url: str
    price: int
    old_price: int
    currency: str
    is_in_stock: bool
    categories: Sequence[CategoryDoc]
    pictures: Sequence[str]
    barcode: str
    values: Mapping[str, str]

    def text(self, pattern: str) -> str:
        """What a pattern says of this unit; "" for one that cannot be read."""
        try:
            return clean(parse(pattern).fill(self.values))
        except BadPattern:
            return ""


class Choice:
    """Which goods a feed holds, its categories with all below them worked out once."""

    def __init__(self, feed: FeedDoc, tree: Sequence[CategoryDoc]) -> None:
        self.feed = feed
        self._with = _all_below(tree, feed.categories)
        self._without = _all_below(tree, feed.without_categories)
        self._only, self._not = frozenset(feed.only_products), frozenset(feed.without_products)

    def takes(self, product: ProductDoc) -> bool:
        """Goods named one by one are in whatever their category is; goods taken out are out."""
        if product.id in self._not or self._without.intersection(product.categories):
            return False
        if product.id in self._only:
            return True
        if self._with:
            return bool(self._with.intersection(product.categories))
        return not self._only

    def takes_unit(self, price: int, is_in_stock: bool) -> bool:
        feed = self.feed
        if price < feed.min_price or (feed.max_price and price > feed.max_price):
            return False
        return is_in_stock or not feed.in_stock_only


def _all_below(tree: Sequence[CategoryDoc], ids: Collection[str]) -> frozenset[str]:
    found = [each for each in tree if each.id in ids]
    return frozenset(id_ for each in found for id_ in below(tree, each))


def items_of(
    site: SiteDoc,
    choice: Choice,
    tree: Sequence[CategoryDoc],
    goods: Iterable[tuple[ProductDoc, Cards, Collection[str]]],
) -> Iterator[Item]:
    """The units of the chosen `goods`: a product, the line cards of its units, and its variants that are in stock."""
    for product, cards, in_stock in goods:
        if not choice.takes(product):
            continue
        place = next((each for each in tree if each.id in product.categories), None)
        path = path_to(tree, place) if place else []
        units = units_of(site, product, cards)
        facts = product_facts(site, product, path, units)
        for unit, variant in zip(units, product.variants, strict=True):
            is_in_stock = unit.is_on_sale and variant.id in in_stock
            if choice.takes_unit(unit.price, is_in_stock):
                yield _item(site, product, unit, variant, path, facts.values, is_in_stock)


def _item(
    site: SiteDoc,
    product: ProductDoc,
    unit: Unit,
    variant: VariantDoc,
    path: Sequence[CategoryDoc],
    values: Mapping[str, str],
    is_in_stock: bool,
) -> Item:
    url = urls.absolute(site, urls.product(product.slug))
    barcode = variant.barcode if is_gtin(variant.barcode) else ""
    own = {
        "sku": unit.sku,
        "options": unit.title,
        "barcode": barcode,
        "price": unit.price_text,
        "old_price": unit.old_price_text,
        "url": url,
        "sections": _PARTED.join(each.title for each in path),
        "text": product.text,
        "id": id_of(unit, variant),
    }
    return Item(
        id=own["id"],
        group=product.id if len(product.variants) > 1 else "",
        product=product,
        unit=unit,
        url=url,
        price=unit.price,
        old_price=variant.old_price if variant.old_price > unit.price else 0,
        currency=product.currency,
        is_in_stock=is_in_stock,
        categories=path,
        pictures=pictures_of(site, product.pictures),
        barcode=barcode,
        values={**values, **own},
    )


def id_of(unit: Unit, variant: VariantDoc) -> str:
    """At most twenty letters and digits, the same for ever: the sku where it is one, else the end of the unit's id."""
    if not unit.options and unit.sku.isascii() and unit.sku.isalnum() and len(unit.sku) <= 20:
        return unit.sku
    return variant.id[-20:]


def pictures_of(site: SiteDoc, pictures: Sequence[Picture]) -> list[str]:
    """The addresses of pictures that services take, at most ten."""
    fit = [found for each in pictures if (found := widely_taken(each))]
    return [f"{site.origin}{urls.picture(each)}" for each in fit[:MOST_PICTURES]]


def is_gtin(code: str) -> bool:
    """Whether a barcode is a GTIN of 8, 12, 13 or 14 digits whose check digit is right."""
    if len(code) not in (8, 12, 13, 14) or not (code.isascii() and code.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return total % 10 == 0


def clean(text: str) -> str:
    """Without the signs XML has no place for."""
    return _NOT_XML.sub("", text)


def category_number(id_: str) -> int:
    """A category as a whole number of at most seventeen digits, the same for ever."""
    return int(id_[-14:], 16) or 1
