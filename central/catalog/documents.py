"""What an edge gets to know of the goods, built from the rows at the moment it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from central.catalog.models import Category, Listing, Media, Offer, PictureRule, ProductPicture, ShownPicture
from central.cluster.queries import site as site_row
from sync.contracts.documents import CardDoc, CategoryDoc, Picture, PictureSource, ProductDoc, VariantDoc


class Looks:
    """What sites show of pictures, in two queries however many: files made of an original, or the original itself."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """`pairs`: (site, sha256 of an original)."""
        wanted = set(pairs)
        sites = {site for site, _ in wanted}
        rows = ShownPicture.objects.filter(site__in=sites, media__in={sha for _, sha in wanted})
        self._bodies = {(row.site, row.media_id): row.body for row in rows} if wanted else {}
        hiding = PictureRule.objects.filter(site__in=sites, hides_originals=True)
        self._hiding = set(hiding.values_list("site", flat=True)) if wanted else set()

    def whole(self, site: str, media: Media | None, alt: str = "") -> Picture | None:
        """With all its files; None when there is none that may be shown."""
        if media is None:
            return None
        if body := self._bodies.get((site, media.sha256)):
            return Picture(**_file(body["main"]), alt=alt, sources=[_source(one) for one in body["sources"]])
        return self._original(site, media, alt)

    def thumb(self, site: str, media: Media | None) -> Picture | None:
        """One small file, for lines of carts."""
        if media is None:
            return None
        if body := self._bodies.get((site, media.sha256)):
            return Picture(**_file(body["thumb"]))
        return self._original(site, media, "")

    def _original(self, site: str, media: Media, alt: str) -> Picture | None:
        if site in self._hiding and media.ext != "svg":
            return None
        return Picture(hash=media.sha256, ext=media.ext, width=media.width, height=media.height, alt=alt)


def _file(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("hash", "ext", "width", "height")}


def _source(body: dict[str, Any]) -> PictureSource:
    return PictureSource(type=body["type"], **_file(body))


def category_docs(rows: Sequence[Category]) -> list[CategoryDoc]:
    """In order; `picture` of each is loaded."""
    looks = Looks((row.site, row.picture_id) for row in rows if row.picture_id)
    return [
        CategoryDoc(
            id=row.pk.hex,
            site=row.site,
            slug=row.slug,
            title=row.title,
            parent=row.parent_id.hex if row.parent_id else "",
            position=row.position,
            text=row.text,
            picture=looks.whole(row.site, row.picture, row.title),
        )
        for row in rows
    ]


def listings_whole(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """With all that `product_docs` reads, in five queries however many there are."""
    offers = Offer.objects.filter(is_active=True).select_related("variant")
    return rows.select_related("product").prefetch_related(
        Prefetch("offers", offers.order_by("variant__position", "variant_id")),
        Prefetch("categories", Category.objects.filter(is_active=True).only("id")),
        "product__picture_alts",
        Prefetch("product__picture_rows", ProductPicture.objects.select_related("media").order_by("position", "id")),
    )


def product_docs(listings: Sequence[Listing]) -> list[ProductDoc]:
    """In order; they come out of `listings_whole`."""
    looks = Looks((one.site, row.media_id) for one in listings for row in one.product.picture_rows.all())
    return [_product_doc(listing, looks) for listing in listings]


def _product_doc(listing: Listing, looks: Looks) -> ProductDoc:
    offers = list(listing.offers.all())
    alts = {(alt.media_id, alt.language): alt.alt for alt in listing.product.picture_alts.all()}
    language = site_row(listing.site).language if alts else ""
    pictures = (
        looks.whole(listing.site, row.media, alts.get((row.media_id, language), listing.title))
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
    shown = {offer.pk: pictures.get(offer.variant.product_id) for offer in offers}
    looks = Looks((offer.site, media.sha256) for offer in offers if (media := shown[offer.pk]))
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
            picture=looks.thumb(offer.site, shown[offer.pk]),
            is_on_sale=offer.is_active and offer.listing.is_active,
        )
        for offer in offers
    ]


def main_pictures(products: Iterable[UUID]) -> dict[UUID, Media]:
    """The first picture of each product that has one."""
    rows = ProductPicture.objects.filter(product__in=set(products)).select_related("media")
    return {row.product_id: row.media for row in rows.order_by("product_id", "-position", "-id")}
