"""Feeds of sites: made, changed, switched off, and looked at before a service does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone, translation

from central.catalog.documents import category_docs, listings_whole, product_docs
from central.catalog.models import Category, Listing, Offer, StockLevel
from central.cluster.documents import site_doc
from central.cluster.queries import site as site_row
from central.seo.errors import BadFeed, UnknownRecord
from central.seo.models import Feed
from central.seo.topics import feed_doc
from node.realms import CATALOG, atomic
from sites import editions
from sites.feeds.fields import check_fields
from sites.feeds.items import Choice, Item, items_of
from sites.feeds.problems import Problem, problems_of
from sites.rendering import language_of
from sites.shelf import HeldCard
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, VariantDoc, card_key
from sync.outbox import record_state

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
#: goods that a preview looks at
_LOOKED_AT = 300


def save_feed(site: str, name: str, *, pk: int | None = None, **changes: Any) -> Feed:
    """Make a feed of a site, or change the one with `pk`; its name is its address and stays.

    Raises `UnknownSite`, `UnknownRecord`, `BadFeed`, `BadPattern`.
    """
    site_row(site)
    if not _NAME.fullmatch(name):
        raise BadFeed("a name has up to 39 small letters, digits and dashes", field="name")
    with atomic(CATALOG):
        row = Feed.objects.select_for_update().filter(site=site, name=name).first()
        if row is not None and row.is_active and row.pk != pk:
            raise BadFeed("this site has a feed of that name", field="name")
        row = row or Feed(site=site, name=name)
        if not row.is_active:  # a name that is free again says nothing of the feed that had it
            row.choice, row.fields, row.title = {}, {}, ""
        for field, value in changes.items():
            setattr(row, field, value)
        _check(row)
        row.is_active = True
        return _publish(row)


def drop_feed(pk: int) -> None:
    """Its address answers 404 from now on. Raises `UnknownRecord`."""
    with atomic(CATALOG):
        row = Feed.objects.select_for_update().filter(pk=pk, is_active=True).first()
        if row is None:
            raise UnknownRecord(f"there is no feed {pk}")
        row.is_active = False
        _publish(row)


def _check(row: Feed) -> None:
    row.fields = {name: str(value).strip() for name, value in row.fields.items() if str(value).strip()}
    check_fields(row.kind, row.fields)
    doc = feed_doc(row)
    if doc.max_price and doc.max_price < doc.min_price:
        raise BadFeed("the highest price is below the lowest", field="max_price")
    if edition_of(row) is None:
        raise BadFeed("the shop has no pages in that language and region", field="edition")


def _publish(row: Feed) -> Feed:
    row.ver += 1
    row.changed_at = timezone.now()
    row.save()
    record_state(f"feed:{row.site}", row.name, row.ver, realm=CATALOG, deleted=not row.is_active)
    return row


def products_of(site: str, skus: Sequence[str], field: str) -> list[str]:
    """The products that units of these skus belong to. Raises `BadFeed` for a sku the site does not sell."""
    rows = Offer.objects.filter(site=site, variant__sku__in=skus).values_list("variant__sku", "variant__product")
    found = {sku: product.hex for sku, product in rows}
    if missing := [sku for sku in skus if sku not in found]:
        raise BadFeed(f"this site sells no {', '.join(missing[:5])}", field=field, skus=", ".join(missing[:5]))
    return list(dict.fromkeys(found[sku] for sku in skus))


def skus_of(site: str, products: Sequence[str]) -> list[str]:
    """The first sku of each product."""
    rows = Offer.objects.filter(site=site, variant__product__in=[UUID(each) for each in products]).order_by(
        "-variant__position"
    )
    found = {product.hex: sku for product, sku in rows.values_list("variant__product", "variant__sku")}
    return [found[each] for each in products if each in found]


# --- a look before a service does ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """The first items of a feed, and how often each problem was met among `looked_at` units of it."""

    items: Sequence[tuple[Item, Sequence[Problem]]]
    problems: Sequence[tuple[Problem, int]]
    looked_at: int
    is_whole: bool


def look_at(row: Feed, most: int = 8) -> Look:
    """What an edge would write, from the rows themselves."""
    site, doc = edition_of(row) or site_doc(site_row(row.site)), feed_doc(row)
    tree = [editions.category_in(site, each) for each in tree_of(row.site) if editions.is_shown(site, each)]
    listings = list(
        listings_whole(Listing.objects.filter(site=row.site, is_active=True)).order_by("product")[:_LOOKED_AT]
    )
    with translation.override(language_of(site)):
        items = list(items_of(site, Choice(doc, tree), tree, _goods(site, listings)))
        met = [(item, list(problems_of(doc, item))) for item in items]
    counted = Counter(problem for _, problems in met for problem in problems)
    return Look(met[:most], counted.most_common(), len(items), len(listings) < _LOOKED_AT)


def edition_of(row: Feed) -> SiteDoc | None:
    """Of whose addresses, words and prices a feed tells; None when the shop has no such edition any more."""
    return editions.of_feed(site_doc(site_row(row.site)), feed_doc(row))


def tree_of(site: str) -> tuple[CategoryDoc, ...]:
    rows = Category.objects.filter(site=site, is_active=True).select_related("picture")
    return tuple(category_docs(list(rows)))


def _goods(
    site: SiteDoc, listings: Sequence[Listing]
) -> Iterator[tuple[ProductDoc, Mapping[str, HeldCard], frozenset[str]]]:
    variants = [offer.variant_id for listing in listings for offer in listing.offers.all()]
    levels = dict(StockLevel.objects.filter(pk__in=variants).values_list("pk", "level"))
    for listing, own in zip(listings, product_docs(listings), strict=True):
        if not editions.is_shown(site, own):
            continue
        doc = editions.product_in(site, own)
        yield doc, cards_of(listing, doc), _in_stock(listing.offers.all(), levels)


def _in_stock(offers: Any, levels: Mapping[UUID, str]) -> frozenset[str]:
    return frozenset(offer.variant_id.hex for offer in offers if levels.get(offer.variant_id, "out") != "out")


def cards_of(listing: Listing, doc: ProductDoc) -> dict[str, HeldCard]:
    """The line cards of a listing that came out of `listings_whole`, without their pictures.

    `doc`: the product in the edition that is looked at.
    """
    units = {unit.id: unit for unit in doc.variants}
    return {
        card_key(doc.site, offer.variant.sku, offer.variant.options): HeldCard(
            _card(offer, doc, units[offer.variant_id.hex]), offer.ver
        )
        for offer in listing.offers.all()
    }


def _card(offer: Offer, doc: ProductDoc, unit: VariantDoc) -> CardDoc:
    return CardDoc(
        site=doc.site,
        sku=offer.variant.sku,
        options=offer.variant.options,
        variant=offer.variant_id.hex,
        title=doc.title,
        options_title=unit.options_title,
        slug=doc.slug,
        price=unit.price,
        currency=offer.currency,
    )
