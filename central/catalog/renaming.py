"""Goods and shelves that have an address get another one: a person's word for it, or what today's pattern makes.

Old addresses lead on to the new ones: whoever keeps redirects is told inside the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

from central.catalog import addresses
from central.catalog.actions import Goods, Unit, rename_address, save_product
from central.catalog.errors import UnknownCategory, UnknownProduct
from central.catalog.keys import slug_of
from central.catalog.models import Category, Listing


def rename_product(site: str, product: UUID, slug: str, *, by: str) -> str:
    """Give a product another slug, with a suffix where it is taken; returns it. Raises `UnknownProduct`."""
    listing = _listing(site, product)
    sku, options = _units(listing)[0]
    save_product(site, Goods([Unit(sku, options)], slug=slug_of(slug)), by=by)
    listing.refresh_from_db(fields=["slug"])
    return listing.slug


def renew_product(site: str, product: UUID, *, by: str) -> str:
    """Give a product the address that one new today would get; returns the slug. Raises `UnknownProduct`."""
    listing = _listing(site, product)
    skus = [sku for sku, _ in _units(listing)]
    values = {"title": listing.title, "brand": listing.product.brand, "sku": skus[0]}
    wanted = addresses.alias(site, "product")(values, list(listing.categories.values_list("pk", flat=True)))
    others = Listing.objects.filter(site=site, slug=wanted).exclude(pk=listing.pk)
    if _is_made_of(listing.slug, wanted, skus, is_taken=others.exists()):
        return listing.slug
    return rename_product(site, product, wanted, by=by)


def renew_category(site: str, category: UUID) -> str:
    """Give a shelf the address that one new today would get; returns the slug. Raises `UnknownCategory`."""
    row = Category.objects.select_related("parent").filter(site=site, pk=category).first()
    if row is None:
        raise UnknownCategory(f"there is no category {category.hex} in '{site}'")
    above = row.parent
    values = {"title": row.title, "section": above.title if above else ""}
    wanted = addresses.alias(site, "category")(values, [above.pk] if above else [])
    others = Category.objects.filter(site=site, slug=wanted).exclude(pk=category)
    if _is_made_of(row.slug, wanted, is_taken=others.exists()):
        return row.slug
    return rename_address(site, category, wanted)


def _listing(site: str, product: UUID) -> Listing:
    row = Listing.objects.select_related("product").filter(site=site, product=product).first()
    if row is None:
        raise UnknownProduct(f"there is no product {product.hex} in '{site}'")
    return row


def _units(listing: Listing) -> list[tuple[str, str]]:
    units = list(listing.offers.order_by("variant__position").values_list("variant__sku", "variant__options"))
    if not units:
        raise UnknownProduct(f"'{listing.title}' has no unit that the shop '{listing.site}' sells")
    return units


def _is_made_of(slug: str, wanted: str, skus: Collection[str] = (), *, is_taken: bool) -> bool:
    """Whether it is the wanted slug as it stands, or, where another has that, with the suffix that a clash gives."""
    code = "|".join(re.escape(slug_of(sku)) for sku in skus)
    return slug == wanted or (is_taken and re.fullmatch(rf"{re.escape(wanted)}(-({code}))?(-\d+)?", slug) is not None)
