"""What an edge gets to know of the goods, built from the rows at the moment it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from central.catalog.models import Category, Listing, Media, Offer, ProductPicture
from central.cluster.queries import site as site_row
from sync.contracts.documents import CardDoc, CategoryDoc, Picture, ProductDoc, VariantDoc


def picture_doc(media: Media | None, alt: str = "") -> Picture | None:
    if media is None:
        return None
    return Picture(hash=media.sha256, ext=media.ext, width=media.width, height=media.height, alt=alt)


def category_doc(row: Category) -> CategoryDoc:
    """`row.picture` is loaded."""
    return CategoryDoc(
        id=row.pk.hex,
        site=row.site,
        slug=row.slug,
        title=row.title,
        parent=row.parent_id.hex if row.parent_id else "",
        position=row.position,
        text=row.text,
        picture=picture_doc(row.picture, row.title),
    )


def listings_whole(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """With all that `product_doc` reads, in five queries however many there are."""
    offers = Offer.objects.filter(is_active=True).select_related("variant")
    return rows.select_related("product").prefetch_related(
        Prefetch("offers", offers.order_by("variant__position", "variant_id")),
        Prefetch("categories", Category.objects.filter(is_active=True).only("id")),
        "product__picture_alts",
        Prefetch("product__picture_rows", ProductPicture.objects.select_related("media").order_by("position", "id")),
    )


def product_doc(listing: Listing) -> ProductDoc:
    """`listing` comes out of `listings_whole`."""
    offers = list(listing.offers.all())
    alts = {(alt.media_id, alt.language): alt.alt for alt in listing.product.picture_alts.all()}
    language = site_row(listing.site).language if alts else ""
    pictures = (
        picture_doc(row.media, alts.get((row.media_id, language), listing.title))
        for row in listing.product.picture_rows.all()
    )
    return ProductDoc(
        id=listing.product_id.hex,
        site=listing.site,
        slug=listing.slug,
        title=listing.title,
        categories=sorted(category.pk.hex for category in listing.categories.all()),
        currency=offers[0].currency if offers else "",
        variants=[_variant_doc(offer) for offer in offers],
        pictures=[picture for picture in pictures if picture],
        text=listing.text,
        brand=listing.product.brand,
        attributes=[(str(name), str(value)) for name, value in listing.attributes],
        position=listing.position,
        changed=listing.changed_at.date().isoformat(),
    )


def _variant_doc(offer: Offer) -> VariantDoc:
    return VariantDoc(
        id=offer.variant_id.hex,
        sku=offer.variant.sku,
        options=offer.variant.options,
        options_title=offer.options_title,
        price=offer.price,
        old_price=offer.old_price,
        barcode=offer.variant.barcode,
    )


def card_docs(offers: Sequence[Offer]) -> list[CardDoc]:
    """One card an offer, in order; `variant` and `listing` are loaded."""
    pictures = main_pictures(offer.variant.product_id for offer in offers)
    return [
        CardDoc(
            site=offer.site,
            sku=offer.variant.sku,
            options=offer.variant.options,
            variant=offer.variant_id.hex,
            title=offer.listing.title,
            options_title=offer.options_title,
            slug=offer.listing.slug,
            price=offer.price,
            currency=offer.currency,
            picture=picture_doc(pictures.get(offer.variant.product_id)),
            is_on_sale=offer.is_active and offer.listing.is_active,
        )
        for offer in offers
    ]


def main_pictures(products: Iterable[UUID]) -> dict[UUID, Media]:
    """The first picture of each product that has one."""
    rows = ProductPicture.objects.filter(product__in=set(products)).select_related("media")
    return {row.product_id: row.media for row in rows.order_by("product_id", "-position", "-id")}
