"""Names of the lists that pages read. A page depends on a list's order, not on the documents it left out."""

from __future__ import annotations

import hashlib
from typing import Final

from sites.urls import Order

SITES: Final = "sites"
CATEGORIES: Final = "categories"

#: the facts of a product that an order may look at; a price change leaves the order by name alone
FACETS: Final = ("position", "price", "title")


def shelf(site: str, category: str, order: Order) -> str:
    return shelf_facet(site, category, order.removeprefix("-"))


def shelf_facet(site: str, category: str, facet: str) -> str:
    return f"shelf:{site}:{category}:{facet}"


def slug(site: str, slug: str) -> str:
    """Which product answers to a slug."""
    return f"slug:{site}:{slug}"


def categories(site: str) -> str:
    """The tree of a site's shelves: titles, slugs, parents, places."""
    return f"{CATEGORIES}:{site}"


def cards(site: str) -> str:
    """Which goods of a site have line cards on sale."""
    return f"cards:{site}"


def has_members(name: str) -> bool:
    """Whether a change of this list may be that a page came or went; another order by price or name is none."""
    return name == SITES or name.startswith((f"{CATEGORIES}:", "slug:")) or name.endswith(":position")


def rank_of(slug: str) -> int:
    """An order of goods that says nothing of them; the variants of one product stand together."""
    return int.from_bytes(hashlib.sha256(slug.encode()).digest()[:6], "big")
