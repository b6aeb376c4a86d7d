"""Where goods and shelves are shown: the rules that staff give, and what follows from them for each document.

`shown_in` is a row's own rule. Its `reach` is what its document says: a shelf is shown where it and all shelves above
it are, a product where it is itself and, when it stands on shelves, one of them is. It is kept beside the rule, so that
documents follow rows of this realm alone; `settle` brings it up to date after shelves, goods or regions have moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from central.catalog.actions import lock_goods, publish_card, refuse_stale, shop, touch_product
from central.catalog.errors import BadGoods, UnknownCategory, UnknownProduct
from central.catalog.following import THE_TREE, region_tree, settle_later
from central.catalog.models import Category, Listing, Offer, RegionTree
from central.catalog.rules import merged, reach_of, trimmed
from central.cluster.models import Region
from central.cluster.queries import regions_at
from central.cluster.trees import Parents
from node.realms import CATALOG, atomic
from sync.contracts.documents import Reach
from sync.outbox import record_state

#: goods that one transaction of `settle` looks through
BATCH: Final = 500


# --- what staff say ------------------------------------------------------------------------------------------------


def show_product(site: str, product: UUID, rule: Reach, *, by: str, seen_ver: int | None = None) -> None:
    """Give a product of a site its own rule; {} shows it everywhere. Its shelves may still hide it.

    Raises `UnknownSite`, `UnknownProduct`, `BadGoods` (a region the shop is not in), `StaleProduct`.
    """
    group, parents = shop(site).group, _checked(site, rule)
    with atomic(CATALOG):
        lock_goods()
        _note_tree(parents)
        listing = Listing.objects.select_for_update().filter(site=site, product_id=product).first()
        if listing is None:
            raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
        if seen_ver is not None:
            refuse_stale(seen_ver, listing.ver)
        if (said := trimmed(rule, parents)) == listing.shown_in:
            return
        listing.shown_in = said
        listing.save(update_fields=["shown_in"])
        if not _settle_listings(group, Listing.objects.filter(pk=listing.pk), parents):
            touch_product(listing)  # who still sees the old rule is told so


def show_category(site: str, category: UUID, rule: Reach, *, by: str) -> None:
    """Give a shelf its own rule; what stands on it and below it follows within seconds.

    Raises `UnknownSite`, `UnknownCategory`, `BadGoods` (a region the shop is not in).
    """
    shop(site)
    parents = _checked(site, rule)
    with atomic(CATALOG):
        _note_tree(parents)
        row = Category.objects.select_for_update().filter(site=site, pk=category).first()
        if row is None:
            raise UnknownCategory(f"there is no category {category.hex} in '{site}'")
        row.shown_in = trimmed(rule, parents)
        row.save(update_fields=["shown_in"])
        _settle_shelves(site, parents)
        settle_later(site)


def _checked(site: str, rule: Reach) -> Parents:
    """How regions lie in one another, when the rule names none but those of the site. Outside any transaction."""
    known = regions_at(site)
    for region in rule:
        if region and region not in known:
            raise BadGoods("region", f"the shop is not in '{region}'")
    return _tree_at_cluster()


# --- what follows --------------------------------------------------------------------------------------------------


def learn_regions() -> None:
    """How regions lie in one another, for the writers of this realm, as the cluster has it. Outside any transaction."""
    parents = _tree_at_cluster()
    with atomic(CATALOG):
        _note_tree(parents)


def note_regions(sites: Iterable[str]) -> None:
    """The regions of these shops, or how they lie in one another, have changed."""
    parents = _tree_at_cluster()
    with atomic(CATALOG):
        _note_tree(parents)
        for site in sites:
            settle_later(site)


def settle(site: str) -> int:
    """Bring the reach of all shelves and goods of a site up to date, and publish what changed; returns how many goods.

    Done again it does nothing. Raises `UnknownSite`.
    """
    group, parents = shop(site).group, region_tree()
    with atomic(CATALOG):
        _settle_shelves(site, parents)
    changed = 0
    for keys in _batches(Listing.objects.filter(site=site).order_by("pk").values_list("pk", flat=True)):
        with atomic(CATALOG):
            lock_goods()
            changed += _settle_listings(group, Listing.objects.filter(pk__in=keys), parents)
    return changed


def _batches(keys: Iterable[UUID]) -> Iterator[list[UUID]]:
    whole = list(keys)
    yield from (whole[at : at + BATCH] for at in range(0, len(whole), BATCH))


def _settle_shelves(site: str, parents: Parents) -> None:
    rows = {row.pk: row for row in Category.objects.select_for_update().filter(site=site).order_by("pk")}
    for row in rows.values():
        line = [row, *(rows[above] for above in _line(row, rows))]
        reach = merged([one.shown_in for one in line], all, parents)
        if reach != row.reach:
            row.reach = reach
            row.ver += 1
            row.save(update_fields=["reach", "ver"])
            if row.is_active:
                record_state(f"category:{site}", row.pk.hex, row.ver, realm=CATALOG)


def _line(row: Category, rows: Mapping[UUID, Category]) -> Iterator[UUID]:
    """The shelves above one, the nearest first."""
    seen = {row.pk}
    above = row.parent_id
    while above is not None and above not in seen:
        seen.add(above)
        yield above
        above = rows[above].parent_id


def _settle_listings(group: str, listings: QuerySet[Listing], parents: Parents) -> int:
    """The caller holds the goods; returns how many changed."""
    links = Listing.categories.through.objects.filter(listing__in=listings.values("pk"), category__is_active=True)
    shelves: dict[UUID, list[Reach]] = {}
    for listing, reach in links.values_list("listing_id", "category__reach"):
        shelves.setdefault(listing, []).append(reach)
    changed = []
    for row in listings.select_for_update().order_by("product_id"):
        reach = reach_of(row.shown_in, shelves.get(row.pk, ()), parents)
        if reach != row.reach:
            row.reach = reach
            row.ver += 1
            row.save(update_fields=["reach", "ver"])
            record_state(f"product:{row.site}", row.product_id.hex, row.ver, realm=CATALOG, deleted=not row.is_active)
            changed.append(row.pk)
    for offer in Offer.objects.filter(listing__in=changed).select_related("variant").order_by("card_key"):
        publish_card(group, offer)
    return len(changed)


# --- regions -------------------------------------------------------------------------------------------------------


def _tree_at_cluster() -> Parents:
    return dict(Region.objects.values_list("pk", "parent_id"))


def _note_tree(parents: Parents) -> None:
    if region_tree() != parents:
        RegionTree.objects.update_or_create(pk=THE_TREE, defaults={"parents": dict(parents)})
