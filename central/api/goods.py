"""/units, /products, /prices and /stock: what sites sell."""

# No `from __future__ import annotations`: ninja reads the types of the calls below as they stand.

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from central.accounts.scope import may_see
from central.api.calling import caller, guarded
from central.api.schemas import (
    TEXT,
    Cursor,
    IfMatch,
    Limit,
    OptionWordsOut,
    PriceIn,
    Problem,
    ProductChange,
    ProductIn,
    ProductOut,
    Search,
    ShownIn,
    SiteId,
    StockHereOut,
    StockIn,
    StockOut,
    UnitOut,
    UnitsOut,
    WarehouseOut,
    WarehousesOut,
    WordsIn,
    WordsOut,
    seen_ver,
)
from central.catalog import actions, feeding, queries, reach
from central.catalog.actions import Goods, Unit
from central.catalog.errors import BadGoods, StaleProduct, UnknownProduct
from central.catalog.keys import canonical_options, clean_sku, parse_options
from central.catalog.models import Listing
from central.catalog.queries import GoodsRow
from central.cluster.errors import UnknownSite
from central.cluster.queries import languages_of, regions_at
from central.cluster.queries import site as site_row
from central.stock.queries import stock_by_warehouse, stock_of, warehouses
from central.stock.receipts import set_stock

router = Router(tags=["Products"])

Code = Annotated[str, Query(max_length=128, pattern=TEXT)]
CodeOptions = Annotated[str, Query(max_length=512, pattern=TEXT)]


@router.get("/units", response=UnitsOut, summary="List sellable units")
@guarded
def list_units(
    request: HttpRequest, site: SiteId = "", search: Search = "", cursor: Cursor = "", limit: Limit = 50
) -> UnitsOut:
    """By title. `search`: words of the title, the brand or a sku."""
    page = queries.products_visible_to(caller(request), search=search, site=site, after=cursor, limit=limit)
    return UnitsOut(items=_units(page.rows), next=page.next)


@router.get("/products/{product}", response=ProductOut, summary="Get a product")
@guarded
def get_product(request: HttpRequest, response: HttpResponse, product: UUID, site: SiteId) -> ProductOut:
    """As one shop shows it; `site` names the shop."""
    made = _product(request, site, product)
    _tagged(response, made)
    return made


@router.post("/products", response={201: ProductOut}, summary="Create a product")
@guarded
def create_product(request: HttpRequest, response: HttpResponse, body: ProductIn) -> Any:
    """With its first units. A unit that exists already belongs to its product: change that one."""
    _own_site(request, body.site)
    units = [
        Unit(
            sku=clean_sku(one.sku),
            options=canonical_options(parse_options(one.options)),
            options_title=one.options_title or None,
            price=one.price,
            old_price=one.old_price,
            regional=_of_regions(body.site, one.regional_prices),
        )
        for one in body.units
    ]
    goods = Goods(
        title=body.title,
        text=body.text,
        brand=body.brand,
        attributes=[(name, value) for name, value in body.attributes],
        units=_worded(units, body.translations),
        words=_words_in(body.site, body.translations),
    )
    made = actions.create_product(body.site, goods, by=caller(request).username)
    return Status(201, _tagged(response, _product(request, body.site, made)))


@router.patch("/products/{product}", response={200: ProductOut, 409: Problem}, summary="Change a product's texts")
@guarded
def change_product(
    request: HttpRequest, response: HttpResponse, product: UUID, body: ProductChange, if_match: IfMatch = ""
) -> Any:
    """Also in the shop's further languages. 409 `stale_product` when somebody changed it since the version you saw;
    `current` is how it stands now."""
    found = _product(request, body.site, product)
    texts = {"title": body.title, "text": body.text, "brand": body.brand}
    changed = [name for name, said in texts.items() if said not in (None, getattr(found, name))]
    feeding.refuse_fed(product, body.site, changed)
    if body.brand not in (None, found.brand) and queries.is_shown_elsewhere(caller(request), product):
        raise BadGoods("brand", "is shared with shops that this key does not see")
    goods = Goods(
        title=body.title,
        text=body.text,
        brand=body.brand,
        units=_worded([Unit(one.sku, one.options) for one in found.units], body.translations),
        words=_words_in(body.site, body.translations),
    )
    try:
        actions.save_product(body.site, goods, by=caller(request).username, seen_ver=seen_ver(body.ver, if_match))
    except StaleProduct as error:
        error.data["current"] = _product(request, body.site, product).model_dump(mode="json")
        raise
    return Status(200, _tagged(response, _product(request, body.site, product)))


@router.put("/products/{product}/shown", response={200: ProductOut, 409: Problem}, summary="Show a product in regions")
@guarded
def show_product(
    request: HttpRequest, response: HttpResponse, product: UUID, body: ShownIn, if_match: IfMatch = ""
) -> Any:
    """In which regions of a shop its visitors find it. 409 `stale_product` as when its texts are changed."""
    _product(request, body.site, product)
    ver = seen_ver(body.ver, if_match)
    try:
        reach.show_product(body.site, product, body.regions, by=caller(request).username, seen_ver=ver)
    except StaleProduct as error:
        error.data["current"] = _product(request, body.site, product).model_dump(mode="json")
        raise
    return Status(200, _tagged(response, _product(request, body.site, product)))


@router.put("/prices", response={200: UnitOut, 409: Problem}, summary="Set a price")
@guarded
def set_price(request: HttpRequest, response: HttpResponse, body: PriceIn, if_match: IfMatch = "") -> Any:
    """In minor units of the unit's currency; with `region` the price there. `ver` is the unit's; 409 `stale_product`
    brings `current`."""
    seen = queries.goods_row(caller(request), body.site, body.sku, body.options)
    try:
        _put_price(request, seen, body, seen_ver(body.ver, if_match))
    except StaleProduct as error:
        error.data["current"] = _unit_now(request, seen).model_dump(mode="json")
        raise
    return Status(200, _tagged(response, _unit_now(request, seen)))


@router.put("/stock", response={200: UnitOut, 409: Problem}, summary="Correct stock")
@guarded
def put_stock(request: HttpRequest, body: StockIn) -> UnitOut:
    """The unsold units of a variant, in the pool and at edges together, over all sites that sell it."""
    seen = queries.goods_row(caller(request), body.site, body.sku, body.options)
    feeding.refuse_fed(seen.product, seen.site, ["stock"])
    set_stock(seen.variant, body.units, who=caller(request).username, warehouse=body.warehouse or None)
    return _unit_now(request, seen)


@router.get("/warehouses", response=WarehousesOut, summary="List warehouses")
@guarded
def list_warehouses(request: HttpRequest) -> WarehousesOut:
    """Those in use in the order units are taken from them, then those switched off."""
    return WarehousesOut(
        items=[
            WarehouseOut(
                code=one.pk,
                name=one.name,
                address=one.address,
                phone=one.phone,
                hours=one.hours,
                is_pickup=one.is_pickup,
                is_active=one.is_active,
                position=one.position,
            )
            for one in warehouses()
        ]
    )


@router.get("/stock", response=StockOut, summary="Stock of a unit in each warehouse")
@guarded
def get_stock(request: HttpRequest, site: SiteId, sku: Code, options: CodeOptions = "") -> StockOut:
    """Of one unit that the site sells. `PUT /stock` with `warehouse` corrects what lies in one."""
    seen = queries.goods_row(caller(request), site, sku, options)
    return StockOut(
        variant=seen.variant,
        waiting=stock_of([seen.variant])[seen.variant].pending,
        items=[
            StockHereOut(warehouse=one.warehouse, free=one.pool, at_shops=one.at_edges, sold=one.sold)
            for one in stock_by_warehouse([seen.variant])[seen.variant]
        ],
    )


def _put_price(request: HttpRequest, seen: GoodsRow, body: PriceIn, ver: int | None) -> None:
    by = caller(request).username
    if body.region:
        if body.old_price is not None:
            raise BadGoods("old_price", "is the shop's own, a region has none")
        told = {(seen.sku, seen.options): {body.region: body.price}}
        actions.set_regional_prices(seen.site, told, by=by, seen_ver=ver)
    elif body.price is None:
        raise BadGoods("price", "is needed; only one of a region can be taken away")
    else:
        actions.set_price(seen.site, seen.sku, seen.options, body.price, by=by, old_price=body.old_price, seen_ver=ver)


def _of_regions(site: str, prices: dict[str, int]) -> dict[str, int | None] | None:
    if not prices:
        return None
    known = regions_at(site)
    for region in prices:
        if region not in known:
            raise BadGoods("region", f"the shop is not in '{region}'")
    return {**prices}


def _words_in(site: str, told: dict[str, WordsIn]) -> dict[str, dict[str, Any]] | None:
    """What is said in further languages. Raises `BadGoods` for one in which the site has no words."""
    known = {*languages_of(site), *dict(settings.LANGUAGES)} - {site_row(site).language} if told else set()
    for language in told:
        if language not in known:
            raise BadGoods("translations", f"'{language}' is no further language of the shop")
    return {language: words.model_dump(exclude_none=True, exclude={"options"}) for language, words in told.items()}


def _worded(units: list[Unit], told: dict[str, WordsIn]) -> list[Unit]:
    """The units with what their options are called in further languages. Raises `BadGoods`: another product's unit."""
    words: dict[tuple[str, str], dict[str, str]] = {unit.key: {} for unit in units}
    for language, said in told.items():
        for one in said.options:
            key = clean_sku(one.sku), canonical_options(parse_options(one.options))
            if key not in words:
                raise BadGoods("translations", f"the product has no unit '{one.sku}' with these options")
            words[key][language] = one.title
    return [replace(unit, words=words[unit.key] or None) for unit in units]


def _translations(listing: Listing, rows: list[GoodsRow]) -> dict[str, WordsOut]:
    return {
        said.language: WordsOut(
            title=said.title,
            text=said.text,
            attributes=[(str(name), str(value)) for name, value in said.attributes],
            options=[
                OptionWordsOut(sku=row.sku, options=row.options, title=title)
                for row in rows
                if (title := said.options.get(row.offer.hex, ""))
            ],
        )
        for said in listing.translations.order_by("language")
    }


def _own_site(request: HttpRequest, site: str) -> None:
    if not may_see(caller(request), site):
        raise UnknownSite(site)


def _product(request: HttpRequest, site: str, product: UUID) -> ProductOut:
    listing: Listing = queries.listing_at(caller(request), site, product)
    rows = queries.units_of(caller(request), listing)
    if not rows:
        raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")
    return ProductOut(
        id=product,
        site=listing.site,
        title=listing.title,
        slug=listing.slug,
        text=listing.text,
        brand=listing.product.brand,
        attributes=[(str(name), str(value)) for name, value in listing.attributes],
        is_active=listing.is_active,
        units=_units(rows),
        translations=_translations(listing, rows),
        shown_in=listing.shown_in,
        ver=listing.ver,
    )


def _unit_now(request: HttpRequest, seen: GoodsRow) -> UnitOut:
    return _units([queries.goods_row(caller(request), seen.site, seen.sku, seen.options)])[0]


def _units(rows: list[GoodsRow]) -> list[UnitOut]:
    try:
        stock = {variant: one.total for variant, one in stock_of({row.variant for row in rows}).items()}
    except DatabaseError:  # the realm of orders is away; goods are here all the same
        stock = {}
    regional = queries.regional_prices_of([row.offer for row in rows])
    return [
        UnitOut(
            site=row.site,
            product=row.product,
            variant=row.variant,
            sku=row.sku,
            options=row.options,
            options_title=row.options_title,
            title=row.title,
            slug=row.slug,
            price=row.price,
            old_price=row.old_price,
            currency=row.currency,
            is_active=row.is_active,
            stock=stock.get(row.variant),
            ver=row.ver,
            regional_prices=regional.get(row.offer, {}),
        )
        for row in rows
    ]


def _tagged(response: HttpResponse, made: Any) -> Any:
    response["ETag"] = f'"{made.ver}"'
    return made
