"""What staff change of a product on its card; each is one transaction of realm `catalog`, as in `actions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from central.catalog.actions import Goods, Unit, lock_goods, publish_card, refuse_stale, save_one, shop, touch_product
from central.catalog.documents import spoken_at
from central.catalog.errors import BadGoods, BarcodeTaken, UnknownCategory, UnknownProduct
from central.catalog.feeding import refuse_fed
from central.catalog.galleries import place_pictures, tell_placed
from central.catalog.keys import check_barcode, name_key
from central.catalog.models import (
    Category,
    CategoryTranslation,
    Listing,
    Offer,
    PictureAlt,
    ProductPicture,
    Translation,
    Variant,
)
from central.catalog.spoken import publish_shelf
from central.catalog.words import search_words
from node.realms import CATALOG, atomic

MAX_PICTURES = 20


@dataclass(frozen=True)
class Words:
    """A listing's words in one language. `options`: id of an offer -> its options as one reads them.

    `attributes` None leaves what is there; in the site's own language they are `Goods.attributes`.
    """

    title: str
    text: str = ""
    options: Mapping[UUID, str] = field(default_factory=dict)
    attributes: Sequence[tuple[str, str]] | None = None


def edit_words(
    site: str, product: UUID, own: Words, others: Mapping[str, Words], *, by: str, seen_ver: int | None = None
) -> None:
    """Write a listing's words: `own` in its site's language, `others` by language.

    Shops get those they speak, staff find goods in all. Documents get a new version only where they differ. Raises
    `UnknownProduct`, `BadGoods`, `StaleProduct`, `FieldFed`.
    """
    where = shop(site)
    with atomic(CATALOG):
        lock_goods()
        listing = _locked(site, product)
        if seen_ver is not None:
            refuse_stale(seen_ver, listing.ver)
        texts = (("title", own.title != listing.title), ("text", own.text != listing.text))
        refuse_fed(product, site, [name for name, differs in texts if differs])
        units = [
            Unit(offer.variant.sku, offer.variant.options, options_title=own.options.get(offer.pk))
            for offer in listing.offers.select_related("variant")
        ]
        save_one(where, Goods(units, title=own.title, text=own.text), by)
        changed = {language for language, words in others.items() if _translate(listing, language, words)}
        _publish_words(where.group, [listing] if changed & _spoken(site) else [])
        note_search_words(Listing.objects.filter(pk=listing.pk))


def translate_goods(site: str, words: Mapping[UUID, Mapping[str, Words]], *, by: str) -> None:
    """Write what products are called in other languages than their site's own: product -> language -> words.

    Shops get those they speak, staff find goods in all. Raises `UnknownSite`, `UnknownProduct`, `BadGoods`.
    """
    where = shop(site)
    with atomic(CATALOG):
        lock_goods()
        rows = Listing.objects.select_for_update().filter(site=site, product__in=words).order_by("product_id")
        listings = {row.product_id: row for row in rows}
        for product, said in words.items():
            if product not in listings:
                raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
            changed = {language for language, one in said.items() if _translate(listings[product], language, one)}
            _publish_words(where.group, [listings[product]] if changed & _spoken(site) else [])
        note_search_words(Listing.objects.filter(pk__in=[row.pk for row in listings.values()]))


def translate_category(site: str, category: UUID, words: Mapping[str, tuple[str, str]], *, by: str) -> None:
    """Write a shelf's words in other languages than its site's own: language -> (title, text); both "" takes it away.

    Raises `UnknownCategory`, `BadGoods`.
    """
    with atomic(CATALOG):
        row = Category.objects.select_for_update().filter(site=site, pk=category).first()
        if row is None:
            raise UnknownCategory(f"there is no category {category.hex} in '{site}'")
        before = {one.language: (one.title, one.text) for one in row.translations.all()}
        changed = {language for language, said in words.items() if said != before.get(language, ("", ""))}
        for language in sorted(changed):
            title, text = words[language]
            if len(title) > 200:
                raise BadGoods("category", "its title is longer than 200 signs")
            if title or text:
                CategoryTranslation.objects.update_or_create(
                    category=row, language=language, defaults={"title": title, "text": text}
                )
            else:
                row.translations.filter(language=language).delete()
        if changed & _spoken(site) and row.is_active:
            publish_shelf(row)


def _spoken(site: str) -> frozenset[str]:
    return spoken_at([site]).get(site, frozenset())


def _publish_words(group: str, listings: Iterable[Listing]) -> None:
    for listing in listings:
        listing.refresh_from_db()
        touch_product(listing)
        for offer in Offer.objects.filter(listing=listing).select_related("variant").order_by("card_key"):
            publish_card(group, offer)


def set_barcodes(product: UUID, codes: Mapping[UUID, str], *, by: str) -> None:
    """What a scanner reads at the variants of a product: variant -> code, "" for none; a code names one variant.

    They stay at central: goods are found, received and moved by them. Raises `UnknownProduct`, `BarcodeTaken`,
    `BadGoods`.
    """
    wanted = {variant: code.strip() for variant, code in codes.items()}
    with atomic(CATALOG):
        lock_goods()
        rows = {row.pk: row for row in Variant.objects.select_for_update().filter(product=product, pk__in=wanted)}
        if rows.keys() != wanted.keys():
            raise UnknownProduct(f"there is no such variant of product {product.hex}")
        for code in wanted.values():
            check_barcode(code)
        given = [code for code in wanted.values() if code]
        taken = Variant.objects.filter(barcode__in=given).exclude(pk__in=wanted).values_list("barcode", flat=True)
        if doubled := {*taken, *(code for code in given if given.count(code) > 1)}:
            raise BarcodeTaken(min(doubled))
        changed = [row for pk, row in rows.items() if row.barcode != wanted[pk]]
        # A code may go from one variant to another in one go: it is free in between.
        Variant.objects.filter(pk__in=[row.pk for row in changed]).update(barcode="")
        for row in changed:
            row.barcode = wanted[row.pk]
        Variant.objects.bulk_update(changed, ["barcode"])
        note_search_words(Listing.objects.filter(product=product))


def note_search_words(rows: QuerySet[Listing]) -> None:
    """What the listings are found by, from the words they have now; inside the caller's `atomic("catalog")`."""
    listings = list(rows.select_related("product").prefetch_related("translations", "offers__variant"))
    for listing in listings:
        titles = [listing.title, *(one.title for one in listing.translations.all())]
        skus = [code for offer in listing.offers.all() for code in (offer.variant.sku, offer.variant.barcode) if code]
        listing.search_key = search_words([*titles, listing.product.brand, *skus])
    Listing.objects.bulk_update(listings, ["search_key"])


def _translate(listing: Listing, language: str, words: Words) -> bool:
    """Whether that changed anything."""
    if len(words.title) > 300:
        raise BadGoods("title", "is longer than 300 signs")
    values: dict[str, Any] = {
        "title": words.title,
        "title_key": name_key(words.title)[:300],
        "text": words.text,
        "options": {offer.hex: title for offer, title in words.options.items() if title},
    }
    if words.attributes is not None:
        values["attributes"] = [[name, value] for name, value in words.attributes]
    row = Translation.objects.filter(listing=listing, language=language).first()
    if row is None:
        Translation.objects.create(listing=listing, language=language, **values)
        return any(values.values())
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save()
    return bool(changed)


def set_pictures(product: UUID, pictures: Sequence[str], *, by: str) -> None:
    """The pictures of a product in their order, the main one first; `pictures` are sha256 of kept ones.

    Every site that shows it gets its documents anew. Raises `UnknownProduct`, `BadGoods`, `FieldFed`.
    """
    wanted = list(dict.fromkeys(pictures))
    if len(wanted) > MAX_PICTURES:
        raise BadGoods("pictures", f"are more than {MAX_PICTURES}")
    groups = _cart_groups(product)
    with atomic(CATALOG):
        lock_goods()
        rows = ProductPicture.objects.filter(product=product).order_by("position", "id")
        before = list(rows.values_list("media_id", flat=True))
        if wanted == before:
            return
        refuse_fed(product, min(groups), ["picture"])
        place_pictures({product: wanted}, new=())
        tell_placed([sha for sha in wanted if sha not in before])
        _republish(product, groups, cards=wanted[:1] != before[:1])


def set_picture_alts(product: UUID, sha256: str, alts: Mapping[str, str], *, by: str) -> None:
    """What is to be seen in a picture, by language; an empty text takes it away, what is not named stays.

    Raises `UnknownProduct`.
    """
    groups = _cart_groups(product)
    with atomic(CATALOG):
        lock_goods()
        if not ProductPicture.objects.filter(product=product, media=sha256).exists():
            raise UnknownProduct(f"product {product.hex} has no picture {sha256}")
        rows = PictureAlt.objects.filter(product=product, media=sha256)
        before = dict(rows.values_list("language", "alt"))
        wanted = {language: " ".join(alt.split())[:200] for language, alt in alts.items()}
        changed = {language: alt for language, alt in wanted.items() if alt != before.get(language, "")}
        if not changed:
            return
        rows.filter(language__in=[language for language, alt in changed.items() if not alt]).delete()
        for language, alt in changed.items():
            if alt:
                PictureAlt.objects.update_or_create(
                    product_id=product, media_id=sha256, language=language, defaults={"alt": alt}
                )
        _republish(product, groups, cards=False)


def _cart_groups(product: UUID) -> dict[str, str]:
    """Site -> cart group, of every site that shows the product; read before the transaction of another realm."""
    sites = set(Listing.objects.filter(product=product).values_list("site", flat=True))
    if not sites:
        raise UnknownProduct(f"there is no product {product.hex}")
    return {site: shop(site).group for site in sites}


def _republish(product: UUID, groups: Mapping[str, str], *, cards: bool) -> None:
    listings: Iterable[Listing] = Listing.objects.select_for_update().filter(product=product).order_by("site")
    for listing in listings:
        touch_product(listing)
        for offer in Offer.objects.filter(listing=listing) if cards else ():
            publish_card(groups[listing.site], offer)


def _locked(site: str, product: UUID) -> Listing:
    listing = Listing.objects.select_for_update().filter(site=site, product_id=product).first()
    if listing is None:
        raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
    return listing
