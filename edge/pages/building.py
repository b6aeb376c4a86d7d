"""An address of a shop -> the page, from the documents in this edge's own database. Off the event loop."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.pages import heads
from edge.pages.cache import Page
from edge.replica import shelves, words
from edge.replica import sites as shops
from edge.replica.reads import recording
from sites import shelf, tags, urls
from sites.rendering import language_of, render_page
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc

#: goods of every shelf on the home page, and at most how many shelves
HOME_SHELVES: Final = 6
HOME_EACH: Final = 4
SISTER_GOODS: Final = 3
ALSO_GOODS: Final = 4


def build(site: SiteDoc, path: str) -> Page:
    """The page at an unquoted `path`: a 404 page when there is none."""
    with recording() as reads:
        shops.note_site(site)
        words.note(language_of(site))
        found = _content(site, path)
        if found is None:
            status, html = 404, render_page(site, "not_found", {})
        else:
            name, context = found
            status, html = 200, render_page(site, name, {**context, "head": heads.head_of(site, name, context)})
    address = urls.parse(path)
    page_tags = tags.of_address(site.id, address) if found and address else ()
    sections = found[1].get("sections", ()) if found else ()
    return replace(
        page_of(status, html), reads=dict(reads), windows=dict(reads.windows), sections=sections, tags=page_tags
    )


def page_of(status: int, html: str) -> Page:
    body = html.encode()
    # mtime=0: equal pages are equal bytes
    return Page(status, body, gzip.compress(body, 6, mtime=0), etag_of(body))


def etag_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:24]


def _content(site: SiteDoc, path: str) -> tuple[str, Mapping[str, Any]] | None:
    match urls.parse(path):
        case urls.Address(kind="home"):
            return "home", _home(site)
        case urls.Address(kind="about"):
            return "about", {"path": urls.about()}
        case urls.Address(kind="product", slug=slug):
            product = shelves.product_by_slug(site, slug)
            return None if product is None else ("product", _product(site, product))
        case urls.Address(kind="category") as address:
            context = _category(site, address)
            return None if context is None else ("category", context)
    return None


def _goods(site: SiteDoc, products: list[ProductDoc]) -> list[shelf.Good]:
    cards = shelves.cards_of(site, products)
    return [shelf.good(site, product, cards) for product in products]


def _home(site: SiteDoc) -> Mapping[str, Any]:
    tree = shops.categories_of(site)
    rows = []
    for top in shelf.children_of(tree, ""):
        ids = shelf.below(tree, top)
        goods = _goods(site, shelves.shelf(site, ids, "position", 0, HOME_EACH))
        category = shelves.category(site, top.id) or top
        if goods:
            rows.append({"category": category, "goods": goods, "picture": category.picture or goods[0].picture})
    return {
        "path": urls.home(),
        "shelves": rows,
        "featured": _taking_turns([row["goods"] for row in rows], HOME_SHELVES * HOME_EACH // 2),
        "sister_goods": shelves.sister_goods(shops.sister_sites(site), "home", SISTER_GOODS),
    }


def _taking_turns(rows: list[Any], count: int) -> list[shelf.Good]:
    """One of each shelf, then the second of each: a shop window shows its breadth."""
    depth = max((len(row) for row in rows), default=0)
    turns = [row[at] for at in range(depth) for row in rows if at < len(row)]
    return list({good.url: good for good in turns}.values())[:count]


def _category(site: SiteDoc, address: urls.Address) -> Mapping[str, Any] | None:
    tree = shops.categories_of(site)
    place = next((each for each in tree if each.slug == address.slug), None)
    if place is None:
        return None
    category = shelves.category(site, place.id) or place
    ids = shelf.below(tree, category)
    total = shelves.shelf_size(site, ids, address.order)
    pages = shelf.page_count(total)
    if address.page > pages:
        return None
    start = (address.page - 1) * shelf.PAGE_SIZE
    products = shelves.shelf(site, ids, address.order, start, shelf.PAGE_SIZE)
    return {
        "path": address.path,
        "category": category,
        "sections": _sections(tree, category),
        "place": shelf.path_to(tree, category),
        "address": address,
        "current_top": shelf.path_to(tree, category)[0].id,
        "children": shelf.children_of(tree, category.id),
        "goods": _goods(site, products),
        "total": total,
        "page": address.page,
        "order": address.order,
        "orders": shelf.order_links(site, category, address.order),
        "pages": shelf.page_links(site, category, address.order, address.page, pages),
        "previous": _nearby(site, address, -1) if address.page > 1 else "",
        "next": _nearby(site, address, 1) if address.page < pages else "",
    }


def _nearby(site: SiteDoc, address: urls.Address, steps: int) -> str:
    return urls.at(site, urls.category(address.slug, address.order, address.page + steps))


def _sections(tree: Sequence[CategoryDoc], place: CategoryDoc) -> tuple[str, ...]:
    return tuple(each.slug for each in reversed(shelf.path_to(tree, place)))


def _product(site: SiteDoc, product: ProductDoc) -> Mapping[str, Any]:
    tree = shops.categories_of(site)
    place = next((each for each in tree if each.id in product.categories), None)
    also = shelves.neighbours(site, place.id, product.id, ALSO_GOODS) if place else []
    units = shelf.units_of(site, product, shelves.cards_of(site, [product]))
    return {
        "path": urls.product(product.slug),
        "product": product,
        "sections": _sections(tree, place) if place else (),
        "units": units,
        "is_on_sale": any(unit.is_on_sale for unit in units),
        "picture": product.pictures[0] if product.pictures else None,
        "place": shelf.path_to(tree, place) if place else [],
        "also": _goods(site, also),
        "also_from": place,
        "sister_goods": shelves.sister_goods(shops.sister_sites(site), product.id, SISTER_GOODS),
    }
