"""What of a shop can be found, made from the documents this edge holds. Off the event loop.

The mark of an entry says what it was made of, so that an index is brought up to date by comparing marks, after whatever
was missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from edge.replica import sites as shops
from edge.replica.reads import read_many
from infra.search import Entry
from sites import editions
from sites.searching import ABOUT, CATEGORY, KINDS, PAGE, PRODUCT, about_entry, category_entry, product_entry
from sync.contracts.codec import unpack
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc, card_key
from sync.store.edge import sql


def marks_wanted(site: SiteDoc, only: Collection[str] | None = None) -> dict[str, str]:
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
    tree = _tree_of(site)
    found = {
        f"{PRODUCT}-{key}": _mark(ver, slug in on_sale, tree if shown != "{}" else "")
        for key, ver, slug, shown in sql.fetch(
            "SELECT d.key, d.ver, p.slug, p.shown FROM sync_edge_document d "
            "JOIN edge_replica_shelfproduct p ON p.site = ? AND p.product = d.key "
            "WHERE d.topic = ? AND d.body IS NOT NULL",
            [site.id, f"product:{site.id}"],
        )
    }
    rows = sql.fetch(
        "SELECT key, ver FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL", [f"category:{site.id}"]
    )
    return found | {f"{CATEGORY}-{key}": f"{ver}{tree}" for key, ver in rows}


def _mark_of(site: SiteDoc, kind: str, key: str) -> dict[str, str]:
    row = sql.fetch_one(
        "SELECT ver, body FROM sync_edge_document WHERE topic = ? AND key = ? AND body IS NOT NULL",
        [f"{kind}:{site.id}", key],
    )
    if row is None:
        return {}
    tree = _tree_of(site)
    if kind == CATEGORY:
        return {f"{kind}-{key}": f"{row[0]}{tree}"}
    product = unpack(row[1], ProductDoc)
    return {f"{kind}-{key}": _mark(row[0], _is_on_sale(site, product), tree if product.shown else "")}


def _tree_of(site: SiteDoc) -> str:
    """A tag of the regions: where something is hidden follows from how they lie in one another."""
    regions = sorted((each.id, each.parent) for each in site.regions)
    return f"/{hashlib.sha256(repr(regions).encode()).hexdigest()[:6]}" if regions else ""


def _is_on_sale(site: SiteDoc, product: ProductDoc) -> bool:
    return any(
        sql.fetch_one(
            "SELECT 1 FROM edge_replica_cardrow WHERE topic = ? AND key = ?",
            [f"card:{site.group}", card_key(site.id, each.sku, each.options)],
        )
        for each in product.variants
    )


def _mark(ver: int, is_on_sale: bool, tree: str) -> str:
    return f"{ver}{'+' if is_on_sale else '-'}{tree}"


def entries(site: SiteDoc, ids: Iterable[str], marks: Mapping[str, str]) -> list[Entry]:
    """The entries of these ids in the language of an edition.

    One whose document is gone, or has nothing to sell, is left out.
    """
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for each in ids:
        kind, _, key = each.partition("-")
        by_kind[kind].append(key)
    products = read_many(f"product:{site.id}", by_kind[PRODUCT], ProductDoc)
    categories = read_many(f"category:{site.id}", by_kind[CATEGORY], CategoryDoc)
    tree = shops.categories_of(site) if products else ()
    found: list[Entry | None] = [
        category_entry(site, editions.category_in(site, one.doc), mark=marks[f"{CATEGORY}-{key}"])
        for key, one in categories.items()
    ]
    for key, held in products.items():
        mark = marks[f"{PRODUCT}-{key}"]
        goods, is_on_sale = editions.product_in(site, held.doc), "+" in mark
        found.append(product_entry(site, goods, tree, is_on_sale=is_on_sale, mark=mark))
    if by_kind[PAGE]:
        found.append(about_entry(site, mark=marks[ABOUT]))
    return [each for each in found if each is not None]
