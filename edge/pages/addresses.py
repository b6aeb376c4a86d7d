"""Every address of a shop's pages that the robot makes: those a visitor comes to by links of the shop's own order.

Off the event loop. Shelves in another order than the shop's are made when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.replica import sites as shops
from edge.replica import windows
from sites import editions, shelf
from sites.urls import Address
from sync.contracts.documents import SiteDoc
from sync.store.edge import sql


def addresses_of(site: SiteDoc) -> Iterator[str]:
    """Unquoted paths, the home page first, goods last."""
    yield "/"
    yield "/about"
    tree = shops.categories_of(site)
    for category in tree:
        ids = tuple(shelf.below(tree, category))
        [size] = windows.again(("size", (site.id, ids, "position", editions.scopes_of(site))))
        for page in range(1, shelf.page_count(int(size)) + 1):
            yield Address("category", category.slug, page=page).unquoted
    is_here, here = windows.shown_in(editions.scopes_of(site))
    goods = f"SELECT slug FROM edge_replica_shelfproduct WHERE site = ? AND {is_here} ORDER BY id"  # noqa: S608
    for (slug,) in sql.fetch(goods, [site.id, *here]):
        yield Address("product", slug).unquoted
