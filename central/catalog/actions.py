"""Every change of goods. Each is one transaction of realm `catalog`, under the product's row lock; nothing else writes.

What an edge holds is named by pointers in the same transaction: `product:<site>` for the page, `card:<group>` for the
line card. A version goes up exactly when the document's bytes may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.db import connections
from django.utils import timezone

from central.catalog import addresses
from central.catalog.errors import BadGoods, StaleProduct, UnitTaken, UnknownCategory, UnknownProduct, UnknownUnit
from central.catalog.feeding import refuse_fed
from central.catalog.following import settle_later
from central.catalog.galleries import tell_placed
from central.catalog.keys import MAX_SLUG, name_key, slug_of
from central.catalog.models import Category, Listing, Media, Offer, PriceChange, RegionalPrice
from central.cluster.models import Site
from central.cluster.queries import regions_at
from central.cluster.queries import site as site_row
from infra.storage.inspect import inspect_picture
from infra.storage.media import media_store, sha256_of
from node.realms import CATALOG, alias_of, atomic
from sync.contracts.documents import Reach
from sync.outbox import record_state

#: 10 milliards of minor units: above it a price is a typing mistake
MAX_PRICE = 10**12
#: advisory lock of this realm; never reuse or renumber
GOODS_LOCK = 7_201

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class Unit:
    """A sellable unit as it should be. None leaves what is there; a new unit needs a price."""

    sku: str
    options: str = ""  # canonical
    options_title: str | None = None
    price: int | None = None  # minor units
    old_price: int | None = None
    currency: str | None = None  # None: what it has, the site's for a new one
    is_active: bool | None = None  # False: not sold, its line cards say so
    private_prices: Mapping[str, int] | None = None  # kind of PrivatePrice -> minor units; never published
    barcode: str | None = None  # names one unit of all; stays at central
    words: Mapping[str, str] | None = None  # further language -> options as one reads them; "": none
    regional: Mapping[str, int | None] | None = None  # region -> price there; None: as around

    @property
    def key(self) -> tuple[str, str]:
        return self.sku, self.options


@dataclass(frozen=True)
class Goods:
    """A product as one site should show it. None leaves what is there; units not named are left alone."""

    units: Sequence[Unit]
    title: str | None = None
    slug: str | None = None
    text: str | None = None
    brand: str | None = None
    attributes: Sequence[tuple[str, str]] | None = None
    categories: Sequence[UUID] | None = None
    pictures: Sequence[str] | None = None  # sha256 of kept pictures, the main one first
    position: int | None = None
    is_listed: bool | None = None  # False: taken off the site
    shown_in: Reach | None = None  # its own rule of the regions in which it is shown; {} shows it everywhere
    #: further language -> what is said of "title", "text", "attributes" (pairs); what is empty takes it away
    words: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Importing:
    """A write by an import: it leaves alone what another source is master of. `source` None: one without a name."""

    source: UUID | None = None
    is_master: bool = False


#: field -> (what it was, what it becomes)
Changes = dict[str, tuple[Any, Any]]


@dataclass
class Saved:
    """What `save_goods` did, by unit key; `refused` holds the reason.

    `changes` of a unit include those of its product; `kept` are the fields another source is master of, and its title.
    """

    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    variants: dict[tuple[str, str], UUID] = field(default_factory=dict)
    products: dict[tuple[str, str], UUID] = field(default_factory=dict)
    changes: dict[tuple[str, str], Changes] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[list[str], str]] = field(default_factory=dict)
    #: the fields left because people took them over from their source
    taken: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    #: all that people took over of a unit's product, whether it was to change or not
    taken_fields: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    #: the fields a foreign master or people hold of a unit's product, whether they were to change or not
    held: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shop:
    """What the catalogue has to know of a site; read before a transaction, because it lives in another realm."""

    id: str
    currency: str
    groups: Mapping[str, str]  # site -> cart group, of every site
    language: str = ""

    @property
    def group(self) -> str:
        return self.groups[self.id]


def shop(site: str) -> Shop:
    """Raises `UnknownSite`."""
    row = site_row(site)
    return Shop(row.id, row.currency, dict(Site.objects.values_list("id", "cart_group")), row.language)


# --- pictures -----------------------------------------------------------------------------------------------------


def keep_picture(data: bytes) -> str:
    """Keep a picture's bytes and its row; returns its sha256. Raises `BadPicture`."""
    return keep_pictures([data])[0]


def keep_pictures(files: Sequence[bytes], *, only_rows: bool = False) -> list[str]:
    """Keep many pictures at once; their sha256 in the order given. Raises `BadPicture` for the first bad one.

    `only_rows`: for a transaction that will be undone; the bytes are not stored.
    """
    store, rows = media_store(), []
    for data in files:
        seen = inspect_picture(data)
        sha256 = sha256_of(data) if only_rows else store.put(data, seen.ext)
        rows.append(Media(sha256=sha256, ext=seen.ext, width=seen.width, height=seen.height, size=len(data)))
    with atomic(CATALOG):
        # Equal content is the same picture: a row that another has written becomes the same row.
        Media.objects.bulk_create(
            {row.sha256: row for row in rows}.values(),
            update_conflicts=True,
            unique_fields=["sha256"],
            update_fields=["ext", "width", "height", "size"],
        )
    return [row.sha256 for row in rows]


# --- categories ---------------------------------------------------------------------------------------------------


def upsert_category(
    site: str,
    title: str,
    *,
    slug: str | None = None,
    parent: UUID | None = None,
    position: int | None = None,
    text: str | None = None,
    picture: str | None = None,
) -> Category:
    """Make a category, or change the one with this slug (by default the title's). None leaves what is there.

    Raises `UnknownSite`, `UnknownCategory` (the parent), `BadGoods`.
    """
    shop(site)
    with atomic(CATALOG):
        return write_category(site, title, slug=slug, parent=parent, position=position, text=text, picture=picture)


def write_category(
    site: str,
    title: str,
    *,
    slug: str | None = None,
    parent: UUID | None = None,
    position: int | None = None,
    text: str | None = None,
    picture: str | None = None,
) -> Category:
    """`upsert_category` inside the caller's `atomic("catalog")`."""
    title = " ".join(title.split())
    if not title or len(title) > 200:
        raise BadGoods("category", "its title is empty or longer than 200 signs")
    if slug is None:
        above = Category.objects.filter(pk=parent).values_list("title", flat=True).first() if parent else ""
        shelves = [parent] if parent else []
        slug = addresses.alias(site, "category")({"title": title, "section": above or ""}, shelves)
    known = Category.objects.select_for_update().filter(site=site, slug=slug).first()
    row = known or Category(site=site, slug=slug, ver=0)
    wanted: dict[str, object] = {"title": title, "title_key": name_key(title), "parent_id": parent, "is_active": True}
    wanted |= {"position": position, "text": text, "picture_id": picture}
    if parent is not None:
        _check_parent(site, row.pk, parent)
    before = (row.parent_id, row.is_active)
    if not _assign(row, wanted) and known:
        return row
    row.ver += 1
    row.save()
    record_state(f"category:{site}", row.pk.hex, row.ver, realm=CATALOG)
    tell_placed([picture] if picture else [])
    if known and not before[1]:
        _touch_listings(site, list(row.listings.values_list("product_id", flat=True)))  # they stand on it again
    if not known or before != (row.parent_id, row.is_active):
        settle_later(site)
    return row


def _check_parent(site: str, category: UUID, parent: UUID) -> None:
    """A parent is of the same site, and no category is above itself."""
    above: UUID | None = parent
    while above is not None:
        row = Category.objects.filter(site=site, pk=above).first()
        if row is None:
            raise UnknownCategory(f"there is no category {above.hex} in '{site}'")
        if row.pk == category:
            raise BadGoods("category", "cannot lie inside itself")
        above = row.parent_id


def category_path(site: str, titles: Sequence[str]) -> Category:
    """The category at the end of a path of titles ("Tea", "Green"), made where it is missing.

    For the caller's `atomic("catalog")`. A title that another branch already uses gets a slug of its own.
    """
    parent: Category | None = None
    for title in titles:
        parent = _child(site, parent, " ".join(title.split()))
    if parent is None:
        raise BadGoods("category", "the path is empty")
    return parent


def known_category(site: str, titles: Sequence[str]) -> UUID | None:
    """The category at the end of a path of titles, None when it is not there yet."""
    found: UUID | None = None
    for title in titles:
        rows = Category.objects.filter(site=site, parent=found, title_key=name_key(title), is_active=True)
        found = rows.values_list("pk", flat=True).first()
        if found is None:
            return None
    return found


def _child(site: str, parent: Category | None, title: str) -> Category:
    found = Category.objects.filter(site=site, parent=parent, title_key=name_key(title), is_active=True).first()
    if found:
        return found
    base = slug_of(f"{parent.slug} {title}") if _slug_taken(site, slug_of(title)) and parent else slug_of(title)
    slug = _free_slug(base, lambda one: _slug_taken(site, one))
    position = Category.objects.filter(site=site, parent=parent).count()
    return write_category(site, title, slug=slug, parent=parent.pk if parent else None, position=position)


def _slug_taken(site: str, slug: str) -> bool:
    return Category.objects.filter(site=site, slug=slug).exists()


def _free_slug(base: str, is_taken: Callable[[str], bool]) -> str:
    slug, n = base, 1
    while is_taken(slug):
        n += 1
        slug = f"{base[:MAX_SLUG]}-{n}"
    return slug


def rename_address(site: str, category: UUID, slug: str) -> str:
    """Give a category another slug, with a suffix where it is taken; returns it. Whoever keeps redirects is told.

    Raises `UnknownCategory`.
    """
    with atomic(CATALOG):
        row = Category.objects.select_for_update().filter(site=site, pk=category).first()
        if row is None:
            raise UnknownCategory(f"there is no category {category.hex} in '{site}'")
        wanted = slug_of(slug)
        if wanted == row.slug:
            return row.slug
        was, row.slug = row.slug, _free_slug(wanted, lambda one: _slug_taken(site, one) and one != row.slug)
        if row.slug == was:
            return was
        row.ver += 1
        row.save()
        record_state(f"category:{site}", row.pk.hex, row.ver, realm=CATALOG)
        addresses.tell_moved(site, "category", [(was, row.slug)])
        return row.slug


def hide_category(site: str, slug: str) -> None:
    """Take a category off the site; its goods stay. Raises `UnknownCategory`."""
    with atomic(CATALOG):
        row = Category.objects.select_for_update().filter(site=site, slug=slug, is_active=True).first()
        if row is None:
            raise UnknownCategory(f"there is no category '{slug}' in '{site}'")
        row.is_active = False
        row.ver += 1
        row.save()
        record_state(f"category:{site}", row.pk.hex, row.ver, realm=CATALOG, deleted=True)
        _touch_listings(site, list(row.listings.values_list("product_id", flat=True)))
        settle_later(site)


def _touch_listings(site: str, products: Sequence[UUID]) -> None:
    for listing in (
        Listing.objects.select_for_update().filter(site=site, product_id__in=products).order_by("product_id")
    ):
        touch_product(listing)


# --- products -----------------------------------------------------------------------------------------------------


def save_product(site: str, goods: Goods, *, by: str, seen_ver: int | None = None) -> UUID:
    """Make or change one product of a site; returns its id. `seen_ver`: the listing's version as it was shown.

    Raises `UnknownSite`, `BadGoods`, `StaleProduct`.
    """
    where = shop(site)
    with atomic(CATALOG):
        if seen_ver is not None:
            lock_goods()
            refuse_stale(seen_ver, _lock_offer(site, *goods.units[0].key)[0].ver)
        return save_one(where, goods, by)


def create_product(site: str, goods: Goods, *, by: str) -> UUID:
    """Make a product of a site; returns its id. Raises `UnknownSite`, `BadGoods`, `UnitTaken`."""
    where = shop(site)
    with atomic(CATALOG):
        lock_goods()
        sold = Offer.objects.filter(site=site, variant__sku__in={unit.sku for unit in goods.units})
        taken = set(sold.values_list("variant__sku", "variant__options")) & {unit.key for unit in goods.units}
        if taken:
            raise UnitTaken(site, *min(taken))
        return save_one(where, goods, by)


def save_one(where: Shop, goods: Goods, by: str) -> UUID:
    saved = save_goods(where, [goods], by=by)
    for reason in saved.refused.values():
        # Leaving the transaction by an error undoes the units that were fine.
        raise BadGoods("product", reason)
    return saved.products[goods.units[0].key]


def save_goods(
    where: Shop, batch: Sequence[Goods], *, by: str, importing: Importing | None = None, is_dry: bool = False
) -> Saved:
    """Make or change many products of a site, inside the caller's `atomic("catalog")`.

    A product is known by any of its units. Units that cannot be kept are named in `refused` and change nothing.
    `importing`: what another source is master of stays. `is_dry`: only say what would change; nothing is locked.
    """
    from central.catalog.writing import GoodsWriter

    return GoodsWriter(where, by, importing, is_dry=is_dry).save(batch)


def set_price(
    site: str,
    sku: str,
    options: str,
    price: int,
    *,
    by: str,
    old_price: int | None = None,
    seen_ver: int | None = None,
) -> Offer:
    """Set what a site asks for a unit, in minor units of its currency. Touches one product document and one card.

    `seen_ver`: the unit's version as it was shown. Raises `UnknownSite`, `UnknownUnit`, `BadGoods`, `StaleProduct`,
    `FieldFed`.
    """
    check_price(price)
    where = shop(site)
    with atomic(CATALOG):
        listing, offer = _lock_offer(site, sku, options)
        if seen_ver is not None:
            refuse_stale(seen_ver, offer.ver)
        struck = offer.old_price if old_price is None else old_price
        check_price(struck)
        if (offer.price, offer.old_price) == (price, struck):
            return offer
        names = (("price", price != offer.price), ("old_price", struck != offer.old_price))
        refuse_fed(listing.product_id, site, [name for name, differs in names if differs])
        PriceChange.objects.create(offer=offer, by=by, was=offer.price, became=price)
        offer.price, offer.old_price = price, struck
        publish_card(where.group, offer)
        touch_product(listing)
    return offer


def set_regional_prices(
    site: str, prices: Mapping[tuple[str, str], Mapping[str, int | None]], *, by: str, seen_ver: int | None = None
) -> None:
    """Set what a site asks for units in regions: (sku, options) -> region -> minor units.

    None: as in the region around, or in the shop; regions not named are left alone. `seen_ver`: the version of the
    units as they were shown. Raises `UnknownSite`, `UnknownUnit`, `BadGoods`, `StaleProduct`.
    """
    where, known = shop(site), regions_at(site)
    for told in prices.values():
        for region, price in told.items():
            if price is not None:
                check_price(price)
                if region not in known:
                    raise BadGoods("region", f"the shop is not in '{region}'")
    with atomic(CATALOG):
        lock_goods()
        for (sku, options), told in sorted(prices.items()):
            listing, offer = _lock_offer(site, sku, options)
            if seen_ver is not None:
                refuse_stale(seen_ver, offer.ver)
            _price_in_regions(where.group, listing, offer, told, by)


def _price_in_regions(group: str, listing: Listing, offer: Offer, told: Mapping[str, int | None], by: str) -> None:
    before = dict(offer.regional_prices.values_list("region", "price"))
    changed = {region: price for region, price in told.items() if price != before.get(region)}
    for region, price in sorted(changed.items()):
        was, became = before.get(region, offer.price), offer.price if price is None else price
        PriceChange.objects.create(offer=offer, region=region, by=by, was=was, became=became)
        if price is None:
            offer.regional_prices.filter(region=region).delete()
        else:
            RegionalPrice.objects.update_or_create(offer=offer, region=region, defaults={"price": price})
    if changed:
        publish_card(group, offer)
        touch_product(listing)


def refuse_stale(seen: int, now: int) -> None:
    if seen != now:
        raise StaleProduct(seen, now)


def lock_goods() -> None:
    """One writer of batches at a time: two that make the same sku would else fail one another half way."""
    with connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GOODS_LOCK])


def _lock_offer(site: str, sku: str, options: str) -> tuple[Listing, Offer]:
    """The listing first and then its offer, as every action locks them."""
    listing = (
        Listing.objects.select_for_update(of=("self",))
        .filter(offers__site=site, offers__variant__sku=sku, offers__variant__options=options)
        .first()
    )
    if listing is None:
        raise UnknownUnit(site, sku, options)
    offer = Offer.objects.select_related("variant").get(listing=listing, variant__sku=sku, variant__options=options)
    return listing, offer


def delist(site: str, product: UUID, *, by: str) -> None:
    """Take a product off a site: its page is gone, its cards stay and say that it is not sold. Repeated: nothing."""
    _switch(site, product, is_active=False)


def relist(site: str, product: UUID, *, by: str) -> None:
    """Show a product again that was taken off."""
    _switch(site, product, is_active=True)


def _switch(site: str, product: UUID, *, is_active: bool) -> None:
    where = shop(site)
    with atomic(CATALOG):
        listing = Listing.objects.select_for_update().filter(site=site, product_id=product).first()
        if listing is None:
            raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
        if listing.is_active == is_active:
            return
        listing.is_active = is_active
        touch_product(listing)
        for offer in listing.offers.all():
            publish_card(where.group, offer)


#: one statement however many: `bulk_update` of 500 rows is slower than all the rest of their batch
_TOLD = """
    UPDATE catalog_variant SET told_stock = told.units
    FROM unnest(%s::uuid[], %s::integer[]) AS told(id, units) WHERE catalog_variant.id = told.id
"""


def told_stock(variants: dict[UUID, int]) -> None:
    """Remember the stock figures an import file named, once the stock ledger has them."""
    with atomic(CATALOG), connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute(_TOLD, [list(variants.keys()), list(variants.values())])


def check_price(price: int) -> None:
    if not 0 <= price <= MAX_PRICE:
        raise BadGoods("price", f"{price} is not between 0 and {MAX_PRICE} minor units")


# --- what the others share ----------------------------------------------------------------------------------------


def publish_card(group: str, offer: Offer) -> None:
    """Raise a card's version and point at it."""
    offer.ver += 1
    offer.save()
    record_state(f"card:{group}", offer.card_key, offer.ver, realm=CATALOG)


def touch_product(listing: Listing) -> None:
    listing.ver += 1
    listing.changed_at = timezone.now()
    listing.save()
    point_at_product(listing)


def point_at_product(listing: Listing) -> None:
    topic = f"product:{listing.site}"
    record_state(topic, listing.product_id.hex, listing.ver, realm=CATALOG, deleted=not listing.is_active)


def _assign(row: Category, wanted: dict[str, object]) -> bool:
    """Set what differs; None leaves a column. A parent of None is a wish: the top. Says whether anything changed."""
    changed = False
    for name, value in wanted.items():
        if (value is None and name != "parent_id") or getattr(row, name) == value:
            continue
        setattr(row, name, value)
        changed = True
    return changed
