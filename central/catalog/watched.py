"""Whose changes are kept: how a site shows a product, its words in the other language, its pictures, its prices.

What imports add is no change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from central.catalog.importing.words import FIELD_TITLES
from central.catalog.models import (
    Category,
    FieldOverride,
    Listing,
    Media,
    Offer,
    PictureAlt,
    Product,
    ProductPicture,
    RegionalPrice,
    Translation,
)
from central.catalog.rules import in_history
from central.cluster.models import Region
from central.ui.scope import limit
from central.ui.watching import watch


def _title(product: str) -> str:
    return Listing.objects.filter(product_id=UUID(product)).values_list("title", flat=True).first() or product


def _listed(listing: str) -> str:
    return Listing.objects.filter(pk=listing).values_list("title", flat=True).first() or listing


def _listings(user: Any, product: Product) -> Iterable[Listing]:
    """How the reader's sites show it: words in the other language hang on these."""
    return limit(Listing.objects.filter(product=product), user)


def _picture(sha: str) -> Any:
    """The picture itself, small; its name where its bytes are not kept any more."""
    media = Media.objects.filter(pk=sha).first()
    return format_html('<img class="history-picture" src="{}" alt="{}">', media.url, sha[:8]) if media else sha[:8]


def _picture_of(row: str) -> Any:
    sha = ProductPicture.objects.filter(pk=row).values_list("media", flat=True).first()
    return _picture(sha) if sha else ""


def _picture_said(row: str) -> Any:
    found = PictureAlt.objects.filter(pk=row).values_list("media", "language").first()
    return format_html("{} {}", _picture(found[0]), found[1]) if found else ""


def _language_of(row: str) -> str:
    return Translation.objects.filter(pk=row).values_list("language", flat=True).first() or ""


def _region_of(row: str) -> str:
    found = RegionalPrice.objects.filter(pk=row).values_list("region", flat=True).first()
    return Region.objects.filter(pk=found).values_list("title", flat=True).first() or found or ""


def _overridden(row: str) -> str:
    found = FieldOverride.objects.filter(pk=row).values_list("field", flat=True).first()
    return str(FIELD_TITLES.get(found, found)) if found else ""


watch(
    Product,
    title=_("Product"),
    right="see_products",
    keeps_new=False,
    fields=("brand",),
    titles={"brand": _("Brand")},
    card="products-card",
    name_of=_title,
    also=_listings,
)
watch(
    Listing,
    title=_("Product"),
    right="see_products",
    of=(Product, "product"),
    site="site",
    keeps_new=False,
    fields=("title", "text", "attributes", "is_active", "shown_in"),
    titles={
        "title": _("Title"),
        "text": _("Text"),
        "attributes": _("Properties"),
        "is_active": _("On sale"),
        "shown_in": _("Shown in regions"),
    },
    words={"shown_in": in_history},
    name_of=_listed,
)
watch(
    Category,
    title=_("Category"),
    right="see_products",
    site="site",
    keeps_new=False,
    fields=("title", "text", "shown_in"),
    titles={"title": _("Title"), "text": _("Text"), "shown_in": _("Shown in regions")},
    words={"shown_in": in_history},
    card="categories-words",
    name_of=lambda category: Category.objects.filter(pk=category).values_list("title", flat=True).first() or category,
)
watch(
    FieldOverride,
    title=_("Product"),
    right="see_products",
    of=(Product, "product"),
    fields=("field", "by"),
    titles={"field": _("Taken over from its source"), "by": _("Who")},
    words={"field": lambda field: str(FIELD_TITLES.get(field, field))},
    part=_overridden,
)
watch(
    Translation,
    title=_("Product"),
    right="see_products",
    of=(Listing, "listing"),
    fields=("title", "text", "options", "attributes"),
    titles={"title": _("Title"), "text": _("Text"), "attributes": _("Properties")},
    part=_language_of,
)
watch(
    RegionalPrice,
    title=_("Price"),
    right="see_products",
    of=(Offer, "offer"),
    fields=("price",),
    titles={"price": _("Price, minor units")},
    part=_region_of,
)
watch(
    ProductPicture,
    title=_("Product"),
    right="see_products",
    of=(Product, "product"),
    fields=("media", "position"),
    titles={"media": _("Picture"), "position": _("Place of the picture")},
    words={"media": _picture, "position": lambda position: str(int(position) + 1)},
    part=_picture_of,
)
watch(
    PictureAlt,
    title=_("Product"),
    right="see_products",
    of=(Product, "product"),
    fields=("alt",),
    titles={"alt": _("What is to be seen in the picture")},
    part=_picture_said,
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
