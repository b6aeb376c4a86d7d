"""What `bench pages` asks of central: a shop of thousands of pages, a price, and a CDN that hears of changed pages.

Used by `central.setup.load`, which has set Django up.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from central.catalog.actions import Goods, Shop, Unit, save_goods, set_price, shop, upsert_category
from central.catalog.models import Listing
from central.cdn import accounts, queue
from central.cdn.models import StalePage
from central.cluster.actions import edit_site
from node.realms import CATALOG, atomic, on_commit
from sync.contracts.documents import PagesDoc
from sync.contracts.pages import PageChange

BY = "bench"
BATCH = 500
TEXT = "Made to be counted, shown, priced anew and looked at once more by whoever measures it. "


def page_goods(site: str, like: str, count: int, a_shelf: int, unfiled: int) -> dict[str, Any]:
    """Make `count` goods, `a_shelf` of them on each shelf, with the pictures of the good whose slug is `like`.

    Beside them `unfiled` goods of the same looks whose pages do not lie as files: each ask for one is a render.
    """
    rules = msgspec.to_builtins(PagesDoc(excluded=["/p/unfiled*"]))
    edit_site(site, by=BY, pages=rules)
    where = shop(site)
    rows = Listing.objects.get(site=site, slug=like).product.picture_rows.order_by("position")
    pictures = list(rows.values_list("media_id", flat=True))
    above = upsert_category(site, "Measured", slug="measured", position=90)
    for shelf in range(0, count + unfiled, a_shelf):
        name = f"Measured shelf {shelf // a_shelf}"
        slug = f"measured-{shelf // a_shelf}"
        category = upsert_category(site, name, slug=slug, parent=above.pk, position=shelf)
        numbers = range(shelf, min(shelf + a_shelf, count + unfiled))
        made = [_good(where, number, number >= count, category.pk, pictures) for number in numbers]
        with atomic(CATALOG):
            save_goods(where, made, by=BY)
    return {}


def _good(where: Shop, number: int, is_unfiled: bool, category: Any, pictures: list[str]) -> Goods:
    unit = Unit(f"PAGE-{number:05d}", price=100_000 + number, currency=where.currency)
    return Goods(
        [unit],
        title=f"Measured thing {number:05d}",
        slug=f"{'unfiled' if is_unfiled else 'measured'}-{number:05d}",
        text=TEXT * 6,
        brand="Bench",
        attributes=[("Number", str(number)), ("Made of", "figures")],
        categories=[category],
        pictures=pictures,
        position=number,
    )


def reprice(site: str, number: int, price: int) -> dict[str, Any]:
    """Give a good of `page_goods` a price; returns the moment of the commit."""
    committed: list[float] = []
    with atomic(CATALOG):
        on_commit(lambda: committed.append(time.monotonic()), realm=CATALOG)
        set_price(site, f"PAGE-{number:05d}", "", price, by=BY)
    return {"at": committed[0]}


# --- a CDN -------------------------------------------------------------------------------------------------------


def join_cdn(site: str, base_url: str, key: str, zone: str) -> dict[str, Any]:
    """Put a site behind an account on Cloudflare's Free plan."""
    account = accounts.add_account(
        title="Bench", provider="cloudflare", plan="free", secret=key, base_url=base_url, by=BY
    )
    row = accounts.add_zone(account.pk, key=zone, name="localhost", by=BY)
    accounts.edit_zone(row.pk, seen_ver=row.ver, sites=[site], by=BY)
    return {}


def pages_changed(site: str, paths: list[str]) -> dict[str, Any]:
    """What central does when an edge has told that these pages have new bytes."""
    queue.put(site, [PageChange(path=path, is_urgent=True) for path in paths])
    return {}


def waiting_purges() -> dict[str, Any]:
    """Pages that have still to be purged, for the first or for the second time."""
    return {"waiting": StalePage.objects.count()}
