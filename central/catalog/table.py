"""Products as a table that the import reads back: what is not edited in it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import prefetch_related_objects

from central.catalog.actions import known_category
from central.catalog.errors import ManySites
from central.catalog.importing.rows import parts_of_path
from central.catalog.models import Category, Offer
from central.catalog.rules import in_cell
from central.cluster.queries import languages_of, regions_at
from central.ui import lists
from central.ui.lists import cells

Value = Callable[[Any], Any]

#: a cell of a sheet holds no more; an empty one leaves a longer text as it is
_MOST = 32_767


def table_of(shown: lists.Shown) -> lists.Table:
    """The products of a list, of one site. Raises `ManySites`."""
    sites = list(shown.rows.order_by().values_list("site", flat=True).distinct()[:2])
    if len(sites) > 1:
        raise ManySites(f"the list holds goods of {', '.join(sites)} and perhaps others")
    columns = [*_OWN, ("category", _category_of())]
    for site in sites:
        columns += [("shown_in", lambda offer: in_cell(offer.listing.shown_in))] if regions_at(site) else []
        columns += [(f"{name}:{code}", _word(code, name)) for code in languages_of(site) for name in _WORDS]
        columns += [(f"price:{region}", _price(region)) for region in regions_at(site)]
    return lists.Table(columns, _prepare)


def _prepare(offers: list[Offer]) -> None:
    names = ("variant__product", "regional_prices", "listing__translations", "listing__categories")
    prefetch_related_objects(offers, *names)
    skus = [offer.variant.sku for offer in offers if offer.variant.options]
    plain = Offer.objects.filter(listing__in={offer.listing_id for offer in offers}, variant__options="")
    beside = set(plain.filter(variant__sku__in=skus).values_list("listing", "variant__sku"))
    for offer in offers:
        # Below a row of its sku without options a row with options is a variant of it, and that one no unit itself.
        is_apart = bool(offer.variant.options) and (offer.listing_id, offer.variant.sku) in beside
        offer.apart = f"{offer.variant.sku}: {offer.variant.options}" if is_apart else ""  # type: ignore[attr-defined]
        offer.words = {each.language: each for each in offer.listing.translations.all()}  # type: ignore[attr-defined]
        offer.there = {each.region: each.price for each in offer.regional_prices.all()}  # type: ignore[attr-defined]


def _fits(text: str) -> str | None:
    return text if len(text) <= _MOST else None


_OWN: list[tuple[str, Value]] = [
    ("sku", lambda offer: offer.variant.sku),
    ("options", lambda offer: offer.variant.options),
    ("options_title", lambda offer: offer.options_title),
    ("product", lambda offer: offer.apart),
    ("title", lambda offer: offer.listing.title),
    ("text", lambda offer: _fits(offer.listing.text)),
    ("brand", lambda offer: offer.variant.product.brand),
    ("barcode", lambda offer: offer.variant.barcode),
    ("price", lambda offer: cells.money_value(offer.price, offer.currency)),
    ("old_price", lambda offer: cells.money_value(offer.old_price, offer.currency) if offer.old_price else None),
    ("currency", lambda offer: offer.currency),
]
_WORDS: dict[str, Callable[[Any, Any], Any]] = {
    "title": lambda words, offer: words.title,
    "text": lambda words, offer: _fits(words.text),
    "options_title": lambda words, offer: words.options.get(offer.pk.hex, ""),
}


def _word(language: str, name: str) -> Value:
    return lambda offer: _WORDS[name](offer.words[language], offer) if language in offer.words else ""


def _price(region: str) -> Value:
    return lambda offer: cells.money_value(offer.there.get(region), offer.currency)


def _category_of() -> Value:
    """The path to the only category of a product; "" for several, which the import would take for one."""

    @cache
    def path_to(category: Category) -> str:
        titles: list[str] = []
        at: Category | None = category
        while at is not None:
            titles.insert(0, at.title)
            at = at.parent
        path = " > ".join(titles)
        is_read_back = parts_of_path(path) == titles and known_category(category.site, titles) == category.pk
        return path if is_read_back else ""

    def value(offer: Any) -> str:
        found = list(offer.listing.categories.all())
        return path_to(found[0]) if len(found) == 1 else ""

    return value
