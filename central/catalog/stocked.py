"""Tells the stock what its ids are: titles, skus and codes of goods, within what the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from central.catalog.keys import canonical_options, parse_options
from central.catalog.models import Offer, Variant
from central.catalog.queries import found_by, offers_visible_to
from central.stock.goods import Goods

#: so many variants are enough to look at, whatever was searched for
MOST_FOUND = 2_000


class StockedGoods:
    """`central.stock.goods.KnowsGoods`."""

    def named(self, user: Any, variants: Collection[UUID]) -> Mapping[UUID, Goods]:
        offers = list(offers_visible_to(user).filter(variant__in=list(variants)).order_by("site"))
        return {
            offer.variant_id: Goods(
                title=", ".join(part for part in (offer.listing.title, offer.options_title) if part),
                sku=offer.variant.sku,
                url=reverse("products-card", args=[offer.variant.product_id]),
            )
            for offer in reversed(offers)
        }

    def of_sites(self, sites: Iterable[str]) -> Collection[UUID]:
        return Offer.objects.filter(site__in=sorted(sites)).values_list("variant", flat=True).distinct()

    def found(self, user: Any, text: str) -> Collection[UUID]:
        offers = found_by(offers_visible_to(user), text)
        return offers.order_by().values_list("variant", flat=True).distinct()[:MOST_FOUND]

    def by_code(self, user: Any, codes: Collection[str]) -> Mapping[str, UUID]:
        keys = {code: _key(code) for code in codes}
        wanted = Q(barcode__in=[code for code in codes if code])
        for sku, options in keys.values():
            wanted |= Q(sku=sku, options=options)
        mine = offers_visible_to(user).order_by().values("variant")
        found: dict[str, UUID] = {}
        for variant in Variant.objects.filter(wanted, pk__in=mine):
            for code, key in keys.items():
                if key == (variant.sku, variant.options) or (code and code == variant.barcode):
                    found[code] = variant.pk
        return found


def _key(code: str) -> tuple[str, str]:
    """ "TEA-1;size=L" as (sku, options)."""
    sku, _semicolon, options = code.partition(";")
    try:
        return sku, canonical_options(parse_options(options)) if options else ""
    except ValueError:
        return code, ""
