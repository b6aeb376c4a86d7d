"""Whose changes are kept: how a site shows a product, and what it asks for it. What imports add is no change."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from central.catalog.models import Listing, Offer, Product
from central.ui.watching import watch


def _title(product: str) -> str:
    return Listing.objects.filter(product_id=UUID(product)).values_list("title", flat=True).first() or product


watch(
    Listing,
    title=_("Product"),
    right="see_products",
    of=(Product, "product"),
    site="site",
    keeps_new=False,
    fields=("title", "text", "attributes", "is_active"),
    titles={"title": _("Title"), "text": _("Text"), "attributes": _("Properties"), "is_active": _("On sale")},
    name_of=_title,
)
watch(
    Offer,
    title=_("Price"),
    right="see_products",
    site="site",
    keeps_new=False,
    fields=("price", "old_price", "currency", "is_active"),
    titles={
        "price": _("Price, minor units"),
        "old_price": _("Price before, minor units"),
        "currency": _("Currency"),
        "is_active": _("On sale"),
    },
    name_of=lambda offer: Offer.objects.filter(pk=offer).values_list("card_key", flat=True).first() or offer,
)
