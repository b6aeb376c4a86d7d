"""The list of products: one row per unit that can be bought, with price and stock to be typed into their cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from central.catalog.bulk import ACTIONS
from central.catalog.category_list import hidden_in, languages_to_choose, regions_to_choose, untranslated
from central.catalog.documents import main_pictures
from central.catalog.feeding import feeds_of
from central.catalog.models import Media, Offer, ProductPicture, StockLevel
from central.catalog.queries import found_by, offered_to
from central.catalog.table import table_of
from central.stock.queries import Stock, stock_of
from central.ui import lists, live, texts
from central.ui.lists import cells


@dataclass(frozen=True)
class Refused:
    """What a person typed into a cell and why it was not taken."""

    typed: str
    why: str


def prepare(rows: list[Any], shown: lists.Shown | None = None) -> None:
    """The main picture of each, its stock (None while that realm does not answer), and what a source feeds of it."""
    pictures = main_pictures(row.variant.product_id for row in rows)
    stock = stock_or_none({row.variant_id for row in rows})
    fed = feeds_of((row.variant.product_id, row.site) for row in rows)
    for row in rows:
        here = fed.get((row.variant.product_id, row.site), {})
        row.fed = {name: one.source for name, one in here.items() if one.is_locked}
        row.picture = pictures.get(row.variant.product_id)
        row.stock = stock[row.variant_id] if stock is not None else None


def stock_or_none(variants: Iterable[UUID]) -> dict[UUID, Stock] | None:
    try:
        return stock_of(variants)
    except DatabaseError:
        return None


def price_cell(request: Any, offer: Offer, refused: Refused | None = None, *, is_saved: bool = False) -> str:
    """The price as a field of its own form, or as text for who may not change it."""
    context = {
        "offer": offer,
        "value": refused.typed if refused else texts.money_field(offer.price, offer.currency),
        "refused": refused,
        "is_saved": is_saved,
    }
    return render_to_string("catalog/parts/price.html", context, request=request)


def stock_cell(request: Any, offer: Any, refused: Refused | None = None, *, is_saved: bool = False) -> str:
    context = {
        "offer": offer,
        "value": refused.typed if refused else (offer.stock.total if offer.stock else ""),
        "refused": refused,
        "is_saved": is_saved,
    }
    return render_to_string("catalog/parts/stock.html", context, request=request)


def _picture(offer: Any, shown: lists.Shown) -> Any:
    picture: Media | None = offer.picture
    if picture is None:
        return format_html('<span class="picture no-picture">{}</span>', cells.icon("photo"))
    return format_html('<img class="picture" src="{}" alt="" loading="lazy" width="44" height="44">', picture.url)


def _title(offer: Offer, shown: lists.Shown) -> Any:
    options = format_html(' <span class="text-secondary">{}</span>', offer.options_title) if offer.options_title else ""
    return format_html("{}{}", offer.listing.title, options)


def _state(offer: Offer, shown: lists.Shown) -> Any:
    on = is_on_sale(offer)
    return cells.badge(str(_("on sale") if on else _("switched off")), "green" if on else "grey")


def _level(offer: Offer, shown: lists.Shown) -> Any:
    level = level_of_offer(offer)
    return cells.badge(str(StockLevel.Level(level).label), _TONES[level])


def level_of_offer(offer: Offer) -> str:
    """As events brought it over: it is known while the stock itself is away."""
    found = getattr(offer.variant, "stock_level", None)
    return found.level if found else StockLevel.Level.OUT


def _at_level(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    asked = Q(variant__stock_level__level__in=values)
    if StockLevel.Level.OUT in values:
        asked |= Q(variant__stock_level=None)
    return rows.filter(asked)


def is_on_sale(offer: Offer) -> bool:
    return offer.is_active and offer.listing.is_active


def _at_shops(offer: Any, shown: lists.Shown) -> Any:
    if not offer.stock:
        return ""
    waits = format_html(' <span class="warn">{}{}</span>', cells.icon("clock", "icon-sm"), offer.stock.pending)
    return format_html(
        '<span class="text-secondary number">{}{}</span>', offer.stock.at_edges, waits if offer.stock.pending else ""
    )


def _no_picture(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    return rows.filter(~Exists(ProductPicture.objects.filter(product=OuterRef("variant__product"))))


_STATES = [lists.Option("on", _("on sale"), "green"), lists.Option("off", _("switched off"), "grey")]
_TONES: dict[str, str] = {StockLevel.Level.IN: "green", StockLevel.Level.LOW: "amber", StockLevel.Level.OUT: "red"}
_LEVELS = [lists.Option(level.value, level.label, _TONES[level]) for level in StockLevel.Level]
_ON = Q(is_active=True, listing__is_active=True)

PRODUCTS = lists.List(
    name="products",
    title=_("Products"),
    right="see_products",
    rows=lambda user: offered_to(user).select_related("variant__stock_level", "listing"),
    columns=[
        lists.Column(
            "title",
            _("Product"),
            _title,
            sort="listing__title_key",
            export=lambda offer: offer.listing.title,
            css="grow",
        ),
        lists.Column("picture", _("Picture"), _picture),
        lists.Column(
            "sku",
            _("SKU"),
            lambda offer, shown: offer.variant.sku,
            sort="variant__sku",
            export=lambda offer: offer.variant.sku,
        ),
        lists.Column(
            "barcode",
            _("Barcode"),
            lambda offer, shown: offer.variant.barcode,
            sort="variant__barcode",
            export=lambda offer: offer.variant.barcode,
            is_shown=False,
        ),
        lists.Column(
            "options",
            _("Options"),
            lambda offer, shown: offer.options_title,
            export=lambda offer: offer.options_title,
            is_shown=False,
        ),
        lists.Column(
            "site",
            _("Site"),
            lambda offer, shown: cells.sites(shown, [offer.site]),
            sort="site",
            export=lambda offer: offer.site,
            css="full",
        ),
        lists.Column("state", _("State"), _state, export=is_on_sale, css="wide-only"),
        lists.Column(
            "price",
            _("Price"),
            lambda offer, shown: price_cell(shown.request, offer),
            sort="price",
            export=lambda offer: cells.money_value(offer.price, offer.currency),
            css="end",
            is_named=True,
        ),
        lists.Column(
            "currency",
            _("Currency"),
            lambda offer, shown: offer.currency,
            sort="currency",
            export=lambda offer: offer.currency,
            is_shown=False,
        ),
        lists.Column(
            "stock",
            _("Stock"),
            lambda offer, shown: stock_cell(shown.request, offer),
            export=lambda offer: offer.stock.total if offer.stock else None,
            css="end",
            is_named=True,
        ),
        lists.Column(
            "level",
            _("Availability"),
            _level,
            export=lambda offer: level_of_offer(offer),
            css="wide-only",
            is_named=True,
        ),
        lists.Column(
            "at_shops",
            _("At shops"),
            _at_shops,
            export=lambda offer: offer.stock.at_edges if offer.stock else None,
            css="end",
            is_named=True,
        ),
        lists.moment_column("changed", _("Changed"), "listing__changed_at", css="end", is_shown=False),
    ],
    default_sort="title",
    filters=[
        lists.Sites("site", _("Site")),
        lists.Choices(
            "state",
            _("State"),
            _STATES,
            is_single=True,
            narrow=lambda rows, values: rows.filter(_ON if values == ["on"] else ~_ON),
        ),
        lists.Choices("level", _("Availability"), _LEVELS, narrow=_at_level),
        lists.Choices(
            "lacks",
            _("Not translated into"),
            languages_to_choose,
            narrow=lambda rows, values: untranslated(rows, values, at="listing"),
        ),
        lists.Choices("hidden", _("Not shown in"), regions_to_choose, narrow=partial(hidden_in, at="listing__")),
        lists.Flag("no_picture", _("No picture"), narrow=_no_picture),
        lists.Dates("changed", _("Changed"), field="listing__changed_at"),
    ],
    search=lists.Search(_("Title, brand, sku or barcode"), find=lambda rows, text, request: found_by(rows, text)),
    row_url=lambda offer: reverse("products-card", args=[offer.variant.product_id]),
    prepare=prepare,
    bulk=ACTIONS,
    table=table_of,
    topic=live.PRODUCTS,
    buttons=[
        lists.Button(_("Categories"), "categories", "list"),
        lists.Button(_("New product"), "products-new", right="edit_products"),
    ],
    help=_(
        "What your sites sell, one row per unit that can be bought. Type a new price or stock into its field and "
        "press Enter: all shops know within seconds; Esc takes it back. Stock is what is unsold, here and at the "
        "shops together. Shops hold part of it, so that they can sell while cut off."
    ),
    empty=lists.Empty(_("No products yet"), _("They come by import: ./rialto import FILE --site SITE"), "package"),
)
