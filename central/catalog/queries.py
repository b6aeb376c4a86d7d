"""Reads of goods for people at central; every list is limited to the sites its reader may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from central.catalog.documents import main_pictures
from central.catalog.errors import UnknownProduct, UnknownUnit
from central.catalog.models import Category, Listing, Media, Offer, PriceChange, RegionalPrice, StockLevel, Variant
from central.catalog.words import Begun, begun_words
from central.stock.rules import sites_hiding_empty
from central.ui.scope import limit as limit_to_sites
from central.ui.screens import may
from sync.contracts.cart import LineKey
from sync.contracts.documents import card_key

#: so many listings found are named one by one; see `found_by`
FEW = 5_000


@dataclass(frozen=True)
class GoodsRow:
    """One sellable unit as one site sells it. Money in minor units; `picture` an address at central or ""."""

    offer: UUID
    product: UUID
    variant: UUID
    site: str
    sku: str
    options: str
    options_title: str
    title: str
    slug: str
    price: int
    old_price: int
    currency: str
    picture: str
    is_active: bool
    ver: int
    cursor: str


@dataclass(frozen=True)
class GoodsPage:
    """`next` continues the list; "" at its end."""

    rows: list[GoodsRow]
    next: str


def products_visible_to(
    user: Any, *, search: str = "", site: str = "", category: UUID | None = None, after: str = "", limit: int = 50
) -> GoodsPage:
    """Units in order of title, by pages: `after` is the `next` of the page before. A stranger sees none."""
    offers = offered_to(user)
    if site:
        offers = offers.filter(site=site)
    if category:
        offers = offers.filter(listing__categories=category)
    offers = found_by(offers, search)
    if after:
        offers = offers.filter(_beyond(after))
    found = list(offers.order_by("listing__title_key", "pk")[: limit + 1])
    rows = _rows(found[:limit])
    return GoodsPage(rows, rows[-1].cursor if len(found) > limit else "")


def goods_row(user: Any, site: str, sku: str, options: str = "") -> GoodsRow:
    """One unit. Raises `UnknownUnit`, also when the reader may not see its site."""
    offers = offers_visible_to(user).filter(site=site, variant__sku=sku, variant__options=options)
    found = list(offers.select_related("variant", "listing"))
    if not found:
        raise UnknownUnit(site, sku, options)
    return _rows(found)[0]


def listing_at(user: Any, site: str, product: UUID) -> Listing:
    """A product as one site shows it. Raises `UnknownProduct`, also when the reader may not see the site."""
    rows = limit_to_sites(Listing.objects.select_related("product"), user)
    found = rows.filter(site=site, product_id=product).first()
    if found is None:
        raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
    return found


def units_of(user: Any, listing: Listing) -> list[GoodsRow]:
    """What a site sells of one product, in its order."""
    offers = offers_visible_to(user).filter(listing=listing).select_related("variant", "listing")
    return _rows(list(offers.order_by("variant__position", "variant_id")))


def is_shown_elsewhere(user: Any, product: UUID) -> bool:
    """Whether a site that the reader may not see shows the product too: its brand and pictures are shared."""
    listings = Listing.objects.filter(product_id=product)
    return listings.exclude(pk__in=limit_to_sites(listings, user).values("pk")).exists()


def price_changes_visible_to(user: Any, offer: UUID) -> QuerySet[PriceChange]:
    return PriceChange.objects.filter(offer__in=offers_visible_to(user).filter(pk=offer))


def categories_visible_to(user: Any, *, site: str = "") -> QuerySet[Category]:
    rows = limit_to_sites(Category.objects.filter(is_active=True), user)
    return rows.filter(site=site) if site else rows


def variants_of(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """(sku, options) -> variant id, of those that exist."""
    rows = Variant.objects.filter(sku__in={sku for sku, _ in keys}).values_list("sku", "options", "pk")
    return {(sku, options): pk for sku, options, pk in rows if (sku, options) in keys}


@dataclass(frozen=True)
class PricedUnit:
    """What a site asks for a unit now, and what it calls it. `is_active`: it can be bought. `ver`: of its line card."""

    variant: UUID
    ver: int
    title: str
    options_title: str
    price: int
    currency: str
    is_active: bool


def priced_units(keys: Collection[LineKey]) -> dict[LineKey, PricedUnit]:
    """The units of these lines that the catalogue knows; carries no scope: ask with lines the reader may see."""
    by_card = {card_key(key.site, key.sku, key.options): key for key in keys}
    offers = Offer.objects.filter(card_key__in=by_card).select_related("listing")
    return {
        by_card[offer.card_key]: PricedUnit(
            offer.variant_id,
            offer.ver,
            offer.listing.title,
            offer.options_title,
            offer.price,
            offer.currency,
            offer.is_active and offer.listing.is_active,
        )
        for offer in offers
    }


def regional_prices_of(offers: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Offer -> region -> its price there, of those that have any."""
    found: dict[UUID, dict[str, int]] = {}
    for row in RegionalPrice.objects.filter(offer__in=offers).order_by("region"):
        found.setdefault(row.offer_id, {})[row.region] = row.price
    return found


def price_around(own: Mapping[str, int], price: int, region: str, parents: Mapping[str, str | None]) -> int:
    """What a unit costs in a region while nothing is said of it there: as in the nearest region around, else `price`.

    `own`: region -> its price there; `parents`: region -> the region around it.
    """
    above = parents.get(region)
    while above:
        if above in own:
            return own[above]
        above = parents.get(above)
    return price


def count_of(site: str) -> dict[str, int]:
    """How much a site shows: {"products", "units", "categories"}."""
    return {
        "products": Listing.objects.filter(site=site, is_active=True).count(),
        "units": Offer.objects.filter(site=site, is_active=True, listing__is_active=True).count(),
        "categories": Category.objects.filter(site=site, is_active=True).count(),
    }


def offers_visible_to(user: Any) -> QuerySet[Offer]:
    """With their variant and listing; a stranger sees none."""
    return limit_to_sites(Offer.objects.select_related("variant", "listing"), user)


def offered_to(user: Any) -> QuerySet[Offer]:
    """Those a person finds when he looks for goods: sold-out ones are left out where his desk hides them.

    Who may change stock sees all: else nobody could bring them back.
    """
    offers = offers_visible_to(user)
    hiding = set() if may(user, "edit_stock") else sites_hiding_empty()
    if not hiding:
        return offers
    is_empty = Q(variant__stock_level=None) | Q(variant__stock_level__level=StockLevel.Level.OUT)
    return offers.exclude(is_empty, site__in=sorted(hiding))


def found_by(rows: QuerySet[Offer], text: str) -> QuerySet[Offer]:
    """Every word of `text` begins a word of the title (of either language), the brand or a sku.

    Case and ё do not matter. What holds no word at all narrows nothing.
    """
    found = listings_found_by(text)
    if found is None:
        return rows
    # Few are named to the planner one by one: it takes a word's beginning for common, and would rather walk through
    # all goods in their order than look up the index. Of many, that walk soon meets a page of them.
    some = list(found.values_list("pk", flat=True)[: FEW + 1])
    return rows.filter(listing__in=some if len(some) <= FEW else found)


def listings_found_by(text: str) -> QuerySet[Listing] | None:
    """The listings whose words begin so; None when there is no word in what was typed."""
    query = begun_words(text)
    return Listing.objects.filter(Begun("search_key", query)) if query else None


def _rows(offers: Sequence[Offer]) -> list[GoodsRow]:
    pictures = main_pictures(offer.variant.product_id for offer in offers)
    return [_row(offer, pictures.get(offer.variant.product_id)) for offer in offers]


def _row(offer: Offer, picture: Media | None) -> GoodsRow:
    variant, listing = offer.variant, offer.listing
    return GoodsRow(
        offer=offer.pk,
        product=variant.product_id,
        variant=variant.pk,
        site=offer.site,
        sku=variant.sku,
        options=variant.options,
        options_title=offer.options_title,
        title=listing.title,
        slug=listing.slug,
        price=offer.price,
        old_price=offer.old_price,
        currency=offer.currency,
        picture=picture.url if picture else "",
        is_active=offer.is_active and listing.is_active,
        ver=offer.ver,
        cursor=f"{offer.pk.hex}.{listing.title_key}",
    )


def _beyond(cursor: str) -> Q:
    """Rows after a cursor; one that is no cursor is the start."""
    pk, _, title_key = cursor.partition(".")
    try:
        seen = UUID(hex=pk)
    except ValueError:
        return Q()
    return Q(listing__title_key__gt=title_key) | Q(listing__title_key=title_key, pk__gt=seen)
