"""Screens of goods, and the pictures every edge fetches from central."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from central.catalog import actions, queries
from central.catalog.errors import BadGoods
from central.catalog.queries import GoodsRow
from central.stock.actions import set_stock
from central.stock.errors import StockError
from central.stock.queries import Stock, stock_of
from central.ui import texts
from central.ui.explain import explain
from central.ui.screens import StaffRequest, open_to_all, screen
from central.ui.view_scope import choices, chosen_site
from infra.storage.media import CONTENT_TYPES, media_store

PAGE = 50


@open_to_all
@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """A picture by its content's hash: public, and the same for ever."""
    store = media_store()
    if not store.has(name):
        raise Http404(name)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{name[:64]}"',
        "X-Content-Type-Options": "nosniff",
        # An SVG opened by itself is a document: it gets no script, no network and no origin of ours.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(store.read(name), content_type=CONTENT_TYPES[name.rpartition(".")[2]], headers=headers)


@dataclass(frozen=True)
class ProductRow:
    """A unit as the list shows it. `stock` is None while the stock's realm does not answer.

    `typed` is what a person wrote into the field `wrong`, which was refused with `why`.
    """

    goods: GoodsRow
    stock: Stock | None
    price_field: str
    wrong: str = ""
    why: str = ""
    typed: str = ""
    is_saved: bool = False


@screen("see_products")
def products(request: StaffRequest) -> HttpResponse:
    search, site = request.GET.get("q", "").strip()[:100], chosen_site(request) or request.GET.get("site", "")
    after = request.GET.get("after", "")
    page = queries.products_visible_to(request.user, search=search, site=site, after=after, limit=PAGE)
    context = {
        "rows": _rows(page.rows),
        "next": page.next,
        "after": after,
        "search": search,
        "site": site,
        "filter_sites": [] if chosen_site(request) else choices(request),
        "is_filtered": bool(search or request.GET.get("site")),
    }
    return render(request, "catalog/products.html", context)


@screen("edit_products", methods=["POST"])
def edit_price(request: StaffRequest) -> HttpResponse:
    """One price, typed into its row; answers the row. Raises `UnknownUnit`, also for a site the person may not see."""
    goods = _goods(request)
    typed = request.POST.get("price", "")
    try:
        price = texts.parse_money(typed, goods.currency)
    except ValueError:
        return _row(request, goods, wrong="price", why=_("Write an amount, such as 350 or 4.50."), typed=typed)
    try:
        actions.set_price(goods.site, goods.sku, goods.options, price, by=request.user.username)
    except BadGoods as error:
        return _row(request, goods, wrong="price", why=explain(error), typed=typed)
    return _row(request, _goods(request), is_saved=True)


@screen("edit_stock", methods=["POST"])
def edit_stock(request: StaffRequest) -> HttpResponse:
    """The unsold units of one variant; answers the row. Raises `UnknownUnit`."""
    goods = _goods(request)
    typed = request.POST.get("stock", "").strip()
    if not (typed.isascii() and typed.isdecimal()) or len(typed) > 9:
        return _row(request, goods, wrong="stock", why=_("Write a whole number, 0 or more."), typed=typed)
    try:
        set_stock(goods.variant, int(typed), who=request.user.username)
    except StockError as error:
        return _row(request, goods, wrong="stock", why=explain(error), typed=typed)
    return _row(request, goods, is_saved=True)


def _goods(request: StaffRequest) -> GoodsRow:
    given = request.POST
    return queries.goods_row(request.user, given.get("site", ""), given.get("sku", ""), given.get("options", ""))


def _rows(goods: list[GoodsRow], **more: Any) -> list[ProductRow]:
    try:
        stock = stock_of({row.variant for row in goods})
    except DatabaseError:
        stock = {}
    return [
        ProductRow(row, stock.get(row.variant), texts.money_field(row.price, row.currency), **more) for row in goods
    ]


def _row(request: StaffRequest, goods: GoodsRow, **more: Any) -> HttpResponse:
    (row,) = _rows([goods], **more)
    return render(request, "catalog/parts/row.html", {"row": row}, status=422 if row.wrong else 200)
