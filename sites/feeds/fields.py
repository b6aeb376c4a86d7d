"""The elements of a feed that are patterns: which there are, what is shipped, and how long each may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sites.feeds.items import FEED_TOKENS
from sites.seo.patterns import BadPattern, check
from sync.contracts.documents import FeedDoc

FeedKind = Literal["yml", "google"]
KINDS: Final[tuple[FeedKind, ...]] = ("yml", "google")


@dataclass(frozen=True)
class Element:
    """An element whose text is a pattern. `most`: signs the service takes."""

    shipped: str
    most: int
    is_required: bool = False


ELEMENTS: Final[dict[FeedKind, dict[str, Element]]] = {
    "yml": {
        "name": Element("{title}[ {options}]", 256, is_required=True),
        "vendor": Element("{brand}", 100),
        "vendorCode": Element("{sku}", 100),
        "model": Element("", 150),
        "typePrefix": Element("", 100),
        "description": Element("{text:3000}", 3_000),
        "sales_notes": Element("", 50),
        "country_of_origin": Element("", 60),
        "barcode": Element("{barcode}", 14),
        "manufacturer_warranty": Element("", 5),
        "adult": Element("", 5),
        "age": Element("", 3),
    },
    "google": {
        "title": Element("{title}[ {options}]", 150, is_required=True),
        "description": Element("{text|title:5000}", 5_000, is_required=True),
        "brand": Element("{brand}", 70),
        "gtin": Element("{barcode}", 14),
        "mpn": Element("{sku}", 70),
        "condition": Element("new", 12),
        "google_product_category": Element("", 750),
        "product_type": Element("{sections}", 750),
        "color": Element("", 100),
        "size": Element("", 100),
        "shipping_label": Element("", 100),
        "custom_label_0": Element("", 100),
        "custom_label_1": Element("", 100),
        "custom_label_2": Element("", 100),
        "custom_label_3": Element("", 100),
        "custom_label_4": Element("", 100),
    },
}
#: elements that take a few words alone
_WORDS: Final = {
    "condition": ("new", "refurbished", "used"),
    "manufacturer_warranty": ("true", "false"),
    "adult": ("true", "false"),
    "age": ("0", "6", "12", "16", "18"),
}


def elements(kind: str) -> Mapping[str, Element]:
    return ELEMENTS["google" if kind == "google" else "yml"]


def pattern_of(feed: FeedDoc, name: str) -> str:
    """The feed's own pattern, else what is shipped. "-" leaves an element out."""
    own = feed.fields.get(name, "")
    return "" if own == "-" else own or elements(feed.kind)[name].shipped


def check_fields(kind: str, fields: Mapping[str, str]) -> None:
    """Raises `BadPattern` that begins with the name of the element."""
    known = elements(kind)
    for name, pattern in fields.items():
        if name not in known:
            raise BadPattern(f"{name}: there is no such element; there are: {', '.join(known)}")
        if pattern == "-":
            if known[name].is_required:
                raise BadPattern(f"{name}: the service requires it, it cannot be left out")
            continue
        if pattern and name in _WORDS and pattern not in _WORDS[name]:
            raise BadPattern(f"{name}: takes one of: {', '.join(_WORDS[name])}")
        try:
            check(pattern, FEED_TOKENS)
        except BadPattern as error:
            raise BadPattern(f"{name}: {error}", **error.data) from error
