"""What an edge gets to know of the goods, built from the rows at the moment it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from central.catalog.models import (
    Category,
    Listing,
    Media,
    Offer,
    PictureRule,
    ProductPicture,
    ShownPicture,
    SpokenLanguages,
    Translation,
)
from central.cluster.queries import site as site_row
from sync.contracts.documents import (
    CardDoc,
    CategoryDoc,
    CategoryWords,
    Picture,
    PictureSource,
    ProductDoc,
    ProductWords,
    VariantDoc,
)


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
    spoken = spoken_at(row.site for row in rows)
    if spoken:
        prefetch_related_objects(rows, "translations")
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
            translations={
                each.language: CategoryWords(title=each.title, text=each.text)
                for each in _said(row, spoken)
                if each.title or each.text
            },
            shown=row.reach,
        )
        for row in rows
    ]


def spoken_at(sites: Iterable[str]) -> dict[str, frozenset[str]]:
    """Site -> the further languages its documents hold words in, where there are any."""
    rows = SpokenLanguages.objects.filter(site__in=set(sites))
    return {row.site: frozenset(row.languages) for row in rows if row.languages}


def _said(row: Any, spoken: Mapping[str, frozenset[str]]) -> list[Any]:
    """The words of a listing or a shelf in the further languages of its site, in the order of their tags."""
    if row.site not in spoken:
        return []
    return sorted(
        (each for each in row.translations.all() if each.language in spoken[row.site]), key=lambda each: each.language
    )


def listings_whole(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """With all that `product_docs` reads, in six queries however many there are."""
    offers = Offer.objects.filter(is_active=True).select_related("variant")
    return rows.select_related("product").prefetch_related(
        Prefetch("offers", offers.order_by("variant__position", "variant_id").prefetch_related("regional_prices")),
        Prefetch("categories", Category.objects.filter(is_active=True).only("id")),
        "product__picture_alts",
        Prefetch("product__picture_rows", ProductPicture.objects.select_related("media").order_by("position", "id")),
    )


def product_docs(listings: Sequence[Listing]) -> list[ProductDoc]:
    """In order; they come out of `listings_whole`."""
    looks = Looks((one.site, row.media_id) for one in listings for row in one.product.picture_rows.all())
    spoken = spoken_at(one.site for one in listings)
    if spoken:
        prefetch_related_objects(listings, "translations")
    return [_product_doc(listing, looks, spoken) for listing in listings]


def _product_doc(listing: Listing, looks: Looks, spoken: Mapping[str, frozenset[str]]) -> ProductDoc:
    offers = list(listing.offers.all())
    alts: dict[str, dict[str, str]] = {}
    for alt in listing.product.picture_alts.all():
        alts.setdefault(alt.language, {})[alt.media_id] = alt.alt
    own = alts.get(site_row(listing.site).language, {}) if alts else {}
    pictures = {
        row.media_id: picture
        for row in listing.product.picture_rows.all()
        if (picture := looks.whole(listing.site, row.media, own.get(row.media_id, listing.title)))
    }
    return ProductDoc(
        id=listing.product_id.hex,
        site=listing.site,
        slug=listing.slug,
        title=listing.title,
        categories=sorted(category.pk.hex for category in listing.categories.all()),
        currency=offers[0].currency if offers else "",
        variants=[_variant_doc(offer) for offer in offers],
        pictures=list(pictures.values()),
        text=listing.text,
        brand=listing.product.brand,
        attributes=[(str(name), str(value)) for name, value in listing.attributes],
        position=listing.position,
        changed=listing.changed_at.date().isoformat(),
        translations=_translations(listing, offers, spoken, pictures, alts),
        shown=listing.reach,
    )


def _translations(
    listing: Listing,
    offers: Sequence[Offer],
    spoken: Mapping[str, frozenset[str]],
    pictures: Mapping[str, Picture],
    alts: Mapping[str, Mapping[str, str]],
) -> dict[str, ProductWords]:
    """`pictures`: those shown, by the sha256 of their originals; `alts`: language -> original -> what is seen in it."""
    said = {each.language: each for each in _said(listing, spoken)}
    found = {}
    for language in sorted(spoken.get(listing.site, frozenset())):
        here = alts.get(language, {})
        seen = {picture.hash: here[original] for original, picture in pictures.items() if original in here}
        words = _words(said.get(language, Translation()), offers, seen)
        if words != ProductWords():
            found[language] = words
    return found


def _words(said: Translation, offers: Sequence[Offer], alts: dict[str, str]) -> ProductWords:
    titles = {offer.variant_id.hex: said.options.get(offer.pk.hex, "") for offer in offers}
    return ProductWords(
        title=said.title,
        text=said.text,
        options={variant: title for variant, title in titles.items() if title},
        attributes=[(str(name), str(value)) for name, value in said.attributes],
        alts=alts,
    )


def _prices(offer: Offer) -> dict[str, int]:
    """Also of regions the site is not in, where they lie unused: documents follow the rows of this realm alone."""
    return {row.region: row.price for row in sorted(offer.regional_prices.all(), key=lambda row: row.region)}


def _variant_doc(offer: Offer) -> VariantDoc:
    return VariantDoc(
        id=offer.variant_id.hex,
        sku=offer.variant.sku,
        options=offer.variant.options,
        options_title=offer.options_title,
        price=offer.price,
        old_price=offer.old_price,
        barcode=offer.variant.barcode,
        prices=_prices(offer),
    )


def card_docs(offers: Sequence[Offer]) -> list[CardDoc]:
    """One card an offer, in order; `variant` and `listing` are loaded."""
    pictures = main_pictures(offer.variant.product_id for offer in offers)
    shown = {offer.pk: pictures.get(offer.variant.product_id) for offer in offers}
    looks = Looks((offer.site, media.sha256) for offer in offers if (media := shown[offer.pk]))
    spoken = spoken_at(offer.site for offer in offers)
    prefetch_related_objects(offers, "regional_prices", *(["listing__translations"] if spoken else []))
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
            prices=_prices(offer),
            titles={
                each.language: (each.title, each.options.get(offer.pk.hex, ""))
                for each in _said(offer.listing, spoken)
                if each.title or each.options.get(offer.pk.hex)
            },
            shown=offer.listing.reach,
        )
        for offer in offers
    ]


def main_pictures(products: Iterable[UUID]) -> dict[UUID, Media]:
    """The first picture of each product that has one."""
    rows = ProductPicture.objects.filter(product__in=set(products)).select_related("media")
    return {row.product_id: row.media for row in rows.order_by("product_id", "-position", "-id")}
