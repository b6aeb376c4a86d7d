"""What of a shop can be found, made from the documents this edge holds. Off the event loop.

The id of an entry says its document: `product-<id>`, `category-<id>`, `page-about`. Its mark says what it was made of,
so that an index is brought up to date by comparing marks, after whatever was missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from edge.replica import sites as shops
from edge.replica.reads import read_many
from infra.search import Entry
from sites import shelf
from sync.contracts.codec import unpack
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc, card_key
from sync.store.edge import sql

PRODUCT: Final = "product"
CATEGORY: Final = "category"
PAGE: Final = "page"
#: in the order in which they are shown
KINDS: Final = (CATEGORY, PRODUCT, PAGE)

ABOUT: Final = "page-about"
#: of a text; a novel would fill the index with words nobody looks for
_MOST_TEXT: Final = 20_000


def marks_wanted(site: SiteDoc, language: str, only: Collection[str] | None = None) -> dict[str, str]:
    """Entry id -> the mark it ought to have, for all that this shop has, or for those of `only`.

    A product with nothing to sell is among them, and makes no entry.
    """
    if only is None:
        found = _marks_of_all(site)
    else:
        found = {}
        for each in only:
            found |= _mark_of(site, *each.split("-", 1))
    if site.about and (only is None or ABOUT in only):
        found[ABOUT] = hashlib.sha256(f"{site.name}\n{site.tagline}\n{site.about}".encode()).hexdigest()[:12]
    return found


def _marks_of_all(site: SiteDoc) -> dict[str, str]:
    on_sale = {slug for (slug,) in sql.fetch("SELECT slug FROM edge_replica_cardrow WHERE site = ?", [site.id])}
    found = {
        f"{PRODUCT}-{key}": _mark(ver, slug in on_sale)
        for key, ver, slug in sql.fetch(
            "SELECT d.key, d.ver, p.slug FROM sync_edge_document d "
            "JOIN edge_replica_shelfproduct p ON p.site = ? AND p.product = d.key "
            "WHERE d.topic = ? AND d.body IS NOT NULL",
            [site.id, f"product:{site.id}"],
        )
    }
    rows = sql.fetch(
        "SELECT key, ver FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL", [f"category:{site.id}"]
    )
    return found | {f"{CATEGORY}-{key}": str(ver) for key, ver in rows}


def _mark_of(site: SiteDoc, kind: str, key: str) -> dict[str, str]:
    row = sql.fetch_one(
        "SELECT ver, body FROM sync_edge_document WHERE topic = ? AND key = ? AND body IS NOT NULL",
        [f"{kind}:{site.id}", key],
    )
    if row is None:
        return {}
    mark = _mark(row[0], _is_on_sale(site, unpack(row[1], ProductDoc))) if kind == PRODUCT else str(row[0])
    return {f"{kind}-{key}": mark}


def _is_on_sale(site: SiteDoc, product: ProductDoc) -> bool:
    return any(
        sql.fetch_one(
            "SELECT 1 FROM edge_replica_cardrow WHERE topic = ? AND key = ?",
            [f"card:{site.group}", card_key(site.id, each.sku, each.options)],
        )
        for each in product.variants
    )


def _mark(ver: int, is_on_sale: bool) -> str:
    return f"{ver}{'+' if is_on_sale else '-'}"


def entries(site: SiteDoc, language: str, ids: Iterable[str], marks: Mapping[str, str]) -> list[Entry]:
    """The entries of these ids; one whose document is gone, or has nothing to sell, is left out."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for each in ids:
        kind, _, key = each.partition("-")
        by_kind[kind].append(key)
    found = _products(site, by_kind[PRODUCT], marks) + _categories(site, by_kind[CATEGORY], marks)
    if by_kind[PAGE] and site.about:
        found.append(
            Entry(id=ABOUT, kind=PAGE, title=site.name, words=site.tagline, text=site.about, mark=marks[ABOUT])
        )
    return found


def _products(site: SiteDoc, keys: list[str], marks: Mapping[str, str]) -> list[Entry]:
    held = read_many(f"product:{site.id}", keys, ProductDoc)
    tree = shops.categories_of(site)
    return [_product(each.doc, tree, marks[f"{PRODUCT}-{key}"]) for key, each in held.items() if each.doc.variants]


def _product(product: ProductDoc, tree: tuple[CategoryDoc, ...], mark: str) -> Entry:
    shelves = [each for each in tree if each.id in product.categories]
    above = {one.id for each in shelves for one in shelf.path_to(tree, each)}
    words = [product.brand, *(value for _, value in product.attributes)]
    words += [word for variant in product.variants for word in (variant.sku, variant.options_title)]
    return Entry(
        id=f"{PRODUCT}-{product.id}",
        kind=PRODUCT,
        title=product.title,
        words=" ".join(dict.fromkeys(filter(None, words))),
        text=product.text[:_MOST_TEXT],
        facets={"brand": [product.brand] if product.brand else [], "shelf": sorted(above)},
        is_on_sale=mark.endswith("+"),
        position=product.position,
        mark=mark,
    )


def _categories(site: SiteDoc, keys: list[str], marks: Mapping[str, str]) -> list[Entry]:
    held = read_many(f"category:{site.id}", keys, CategoryDoc)
    return [
        Entry(
            id=f"{CATEGORY}-{key}",
            kind=CATEGORY,
            title=each.doc.title,
            text=each.doc.text[:_MOST_TEXT],
            position=each.doc.position,
            mark=marks[f"{CATEGORY}-{key}"],
        )
        for key, each in held.items()
    ]
