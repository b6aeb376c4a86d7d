"""What a service would complain of in an item, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sites.feeds.fields import elements, pattern_of
from sites.feeds.items import Item
from sync.contracts.documents import FeedDoc

#: "left_out": without it the item is not in the feed; "warning": the service may refuse or show it worse
Weight = Literal["left_out", "warning"]


@dataclass(frozen=True)
class Problem:
    """`code` is one of: no_price, no_title, no_category, no_picture, no_brand, no_code, cut, bad_currency."""

    code: str
    weight: Weight
    element: str = ""


#: what the Market takes prices in
YML_CURRENCIES = ("RUR", "RUB", "USD", "EUR", "UAH", "KZT", "BYN")


def problems_of(feed: FeedDoc, item: Item) -> Iterator[Problem]:
    if item.price <= 0:
        yield Problem("no_price", "left_out", "price")
    title = "title" if feed.kind == "google" else "name"
    if not item.text(pattern_of(feed, title)):
        yield Problem("no_title", "left_out", title)
    if feed.kind == "yml":
        if not item.categories:
            yield Problem("no_category", "left_out", "categoryId")
        if item.currency not in YML_CURRENCIES:
            yield Problem("bad_currency", "left_out", "currencyId")
    if not item.pictures:
        yield Problem("no_picture", "warning", "image_link" if feed.kind == "google" else "picture")
    if not item.product.brand:
        yield Problem("no_brand", "warning", "brand" if feed.kind == "google" else "vendor")
    if not item.barcode:
        yield Problem("no_code", "warning", "gtin" if feed.kind == "google" else "barcode")
    for name, element in elements(feed.kind).items():
        if len(item.text(pattern_of(feed, name))) > element.most:
            yield Problem("cut", "warning", name)


def is_left_out(feed: FeedDoc, item: Item) -> bool:
    return any(problem.weight == "left_out" for problem in problems_of(feed, item))
