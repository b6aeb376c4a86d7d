"""All that the card of a product shows; each part within the sites the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Prefetch, QuerySet
from django.utils.translation import get_language

from central.catalog.errors import UnknownProduct
from central.catalog.models import Listing, Media, Offer, PriceChange, Product, ProductPicture
from central.cluster.queries import languages_of
from central.cluster.queries import site as site_row
from central.stock.models import EDGE_PREFIX, Balance, Movement, PlannedSupply
from central.stock.queries import (
    Stock,
    StockHere,
    expected_supplies,
    movements_of,
    stock_by_warehouse,
    stock_of,
    warehouse_titles,
)
from central.ui.scope import limit as limit_to_sites

#: how much of the past a card shows
TAIL = 20


@dataclass(frozen=True)
class UnitStock:
    """The stock of one unit: `at` is node -> units that lie there; `moves`: the newest movements.

    `here`: (a warehouse's name, what lies there); `supplies`: what is expected, each with its warehouse's name.
    """

    stock: Stock
    at: dict[str, int]
    moves: list[Movement]
    here: list[tuple[str, StockHere]]
    supplies: list[tuple[str, PlannedSupply]]


@dataclass(frozen=True)
class Picture:
    """`alts`: what is to be seen in it, by language."""

    media: Media
    alts: dict[str, str]

    @property
    def alt(self) -> str:
        """In the language of the page, else in any."""
        return self.alts.get((get_language() or "en")[:2]) or next(iter(self.alts.values()), "")


@dataclass(frozen=True)
class ProductCard:
    """`stock` is None while its realm does not answer. `hidden_sites` counts those the reader may not see."""

    product: Product
    listings: list[Listing]
    hidden_sites: int
    pictures: list[Picture]
    stock: dict[UUID, UnitStock] | None
    prices: list[PriceChange]

    @property
    def title(self) -> str:
        return self.listings[0].title


def product_card(user: Any, product_id: UUID) -> ProductCard:
    """Raises `UnknownProduct`, also when the reader may see no site that shows it."""
    listings = list(_listings(user, product_id))
    if not listings:
        raise UnknownProduct(f"there is no product {product_id.hex} among those you may see")
    offers = [offer for listing in listings for offer in listing.offers.all()]
    all_sites = Listing.objects.filter(product=product_id).count()
    return ProductCard(
        product=listings[0].product,
        listings=listings,
        hidden_sites=all_sites - len(listings),
        pictures=_pictures(product_id),
        stock=_stock({offer.variant_id for offer in offers}),
        prices=list(
            PriceChange.objects.filter(offer__in=offers).select_related("offer__variant").order_by("-at")[:TAIL]
        ),
    )


def picture_languages(found: ProductCard) -> list[str]:
    """In which languages its pictures are described: those of the desk, then all that its shops speak."""
    spoken = [code for one in found.listings for code in (site_row(one.site).language, *languages_of(one.site))]
    return list(dict.fromkeys((*dict(settings.LANGUAGES), *spoken)))


def _listings(user: Any, product_id: UUID) -> QuerySet[Listing]:
    offers = Offer.objects.select_related("variant").order_by("variant__position", "variant_id")
    offers = offers.prefetch_related("regional_prices")
    rows = limit_to_sites(Listing.objects.filter(product=product_id), user).select_related("product__master")
    return rows.prefetch_related(Prefetch("offers", offers), "translations").order_by("site")


def _pictures(product_id: UUID) -> list[Picture]:
    rows = ProductPicture.objects.filter(product=product_id).select_related("media", "product")
    alts: dict[str, dict[str, str]] = {}
    for product in Product.objects.filter(pk=product_id).prefetch_related("picture_alts"):
        for alt in product.picture_alts.all():
            alts.setdefault(alt.media_id, {})[alt.language] = alt.alt
    return [Picture(row.media, alts.get(row.media_id, {})) for row in rows.order_by("position", "id")]


def _stock(variants: set[UUID]) -> dict[UUID, UnitStock] | None:
    try:
        stock = stock_of(variants)
        places: dict[UUID, dict[str, int]] = {variant: {} for variant in variants}
        held = Balance.objects.filter(variant__in=variants, place__startswith=EDGE_PREFIX, units__gt=0)
        for variant, place, units in held.order_by("place").values_list("variant", "place", "units"):
            at = place.removeprefix(EDGE_PREFIX)
            places[variant][at] = places[variant].get(at, 0) + units
        here, names = stock_by_warehouse(variants), warehouse_titles()
        return {
            variant: UnitStock(
                stock[variant],
                places[variant],
                list(movements_of(variant)[:TAIL]),
                [(names.get(one.warehouse, one.warehouse), one) for one in here[variant]],
                [(names.get(one.warehouse, one.warehouse), one) for one in expected_supplies(variant)],
            )
            for variant in variants
        }
    except DatabaseError:
        return None
