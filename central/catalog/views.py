"""Screens of goods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.catalog import actions, card, editing, feeding, queries, reach
from central.catalog.errors import BadGoods, FieldFed, UnknownCategory
from central.catalog.forms import (
    BarcodesForm,
    CategoryWordsForm,
    NewProductForm,
    ReachForm,
    RegionalPricesForm,
    WordsForm,
)
from central.catalog.importing.words import FIELD_TITLES
from central.catalog.models import Category, Listing, Offer
from central.catalog.product_list import Refused, prepare, price_cell, stock_cell
from central.catalog.rules import in_words
from central.cluster.locales import own_name
from central.cluster.models import Region
from central.cluster.queries import languages_of, regions_at, sites_visible_to
from central.cluster.queries import site as site_row
from central.stock import words as stock_words
from central.stock.errors import StockError
from central.stock.models import Movement
from central.stock.receipts import set_stock
from central.ui import actors, cards, sites, texts
from central.ui.cards import Card, Part
from central.ui.explain import explain
from central.ui.scope import limit
from central.ui.screens import StaffRequest, may, screen
from infra.storage.inspect import MAX_BYTES, BadPicture
from node.away import realm_away
from sites.editions import is_rtl

# --- cells of the list ---------------------------------------------------------------------------------------------


@screen("edit_products", methods=["POST"])
def edit_price(request: StaffRequest) -> HttpResponse:
    """One price, typed into its cell; answers the cell. Raises `UnknownUnit`, also for a site not to be seen."""
    offer = _offer(request)
    typed = request.POST.get("price", "")
    try:
        price = texts.parse_money(typed, offer.currency)
        offer = actions.set_price(offer.site, offer.variant.sku, offer.variant.options, price, by=request.user.username)
    except ValueError:
        why = _("Write an amount, such as 350 or 4.50.")
        return HttpResponse(price_cell(request, offer, Refused(typed, why)), status=422)
    except (BadGoods, FieldFed) as error:
        prepare([offer])
        return HttpResponse(price_cell(request, offer, Refused(typed, explain(error))), status=422)
    offer = _offer(request)
    prepare([offer])
    return HttpResponse(price_cell(request, offer, is_saved=True))


@screen("edit_stock", methods=["POST"])
def edit_stock(request: StaffRequest) -> HttpResponse:
    """The unsold units of one variant; answers the cell. Raises `UnknownUnit`."""
    offer = _offer(request)
    typed = request.POST.get("stock", "").strip()
    if not (typed.isascii() and typed.isdecimal()) or len(typed) > 9:
        return _stock(request, offer, Refused(typed, _("Write a whole number, 0 or more.")))
    try:
        feeding.refuse_fed(offer.variant.product_id, offer.site, ["stock"])
        set_stock(offer.variant_id, int(typed), who=request.user.username)
    except (StockError, FieldFed) as error:
        return _stock(request, offer, Refused(typed, explain(error)))
    return _stock(request, offer, is_saved=True)


def _stock(request: StaffRequest, offer: Offer, refused: Refused | None = None, **more: Any) -> HttpResponse:
    prepare([offer])
    return HttpResponse(stock_cell(request, offer, refused, **more), status=422 if refused else 200)


def _offer(request: StaffRequest) -> Offer:
    """Raises `UnknownUnit`."""
    given = request.POST
    goods = queries.goods_row(request.user, given.get("site", ""), given.get("sku", ""), given.get("options", ""))
    return queries.offers_visible_to(request.user).get(pk=goods.offer)


# --- the card ------------------------------------------------------------------------------------------------------


@screen("see_products")
def product(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """All of one product over the sites the person may see. Raises `UnknownProduct`."""
    found = card.product_card(request.user, product_id)
    for listing in found.listings:
        prepare(list(listing.offers.all()))
    labels = {look.id: look.label for look in sites.looks(request).values()}
    pictures = {
        "product": found.product,
        "pictures": found.pictures,
        "languages": [(code, own_name(code), is_rtl(code)) for code in card.picture_languages(found)],
        "most_pictures": editing.MAX_PICTURES,
        "may_share": may(request.user, "edit_products") and not found.hidden_sites,
        "fed_by": _feeder_of_pictures(found),
    }
    shown = [
        Part(labels.get(listing.site, listing.site), "catalog/parts/site.html", _site(listing))
        for listing in found.listings
    ]
    return cards.show(
        request,
        Card(
            record=found.product,
            title=found.title,
            back=("products", _("Products")),
            note=" · ".join(_notes(found)),
            parts=[
                *shown,
                *_feeds(request, found),
                Part(
                    _("Stock"),
                    "catalog/parts/stocks.html",
                    {"units": _stocks(found), "product": found.product, "may_share": not found.hidden_sites},
                ),
                Part(_("Prices that were"), "catalog/parts/prices.html", _prices(found)),
                Part(_("Pictures"), "catalog/parts/pictures.html", pictures, is_aside=True),
            ],
            facts_title=_("Product"),
            help=_(
                "One product over all your sites. Words differ from site to site; pictures, brand and stock are "
                "shared. What is switched off keeps its history, its orders and its page in the list."
            ),
        ),
    )


def _feeder_of_pictures(found: card.ProductCard) -> str:
    """The source that feeds the pictures; "" when none does, or people took them over."""
    place = (found.product.pk, found.listings[0].site)
    fed = feeding.feeds_of([place]).get(place, {}).get("picture")
    return fed.source if fed and fed.is_locked else ""


def _feeds(request: StaffRequest, found: card.ProductCard) -> Iterator[Part]:
    """What the product's source feeds at each site, and what people took over; nothing without a source."""
    master = found.product.master
    if master is None:
        return
    fed = feeding.feeds_of((found.product.pk, listing.site) for listing in found.listings)
    rows: dict[tuple[str, str], dict[str, Any]] = {}  # what all sites share is named once
    for (_product, site), fields in sorted(fed.items(), key=lambda item: item[0][1]):
        for name, one in fields.items():
            is_shared = name in feeding.SHARED
            row = {"site": site, "title": FIELD_TITLES[name], "fed": one, "is_shared": is_shared}
            rows.setdefault((name, "" if is_shared else site), row)
    context = {"product": found.product, "rows": rows.values(), "may_share": not found.hidden_sites}
    yield Part(_("Fed by “%(source)s”") % {"source": master.title}, "catalog/parts/feeds.html", context)


def _notes(found: card.ProductCard) -> Iterator[str]:
    if found.product.brand:
        yield found.product.brand
    if found.product.master:
        yield _("fed by %(source)s") % {"source": found.product.master.title}
    if found.hidden_sites:
        yield ngettext(
            "%(n)s more site sells it that you may not see.",
            "%(n)s more sites sell it that you may not see.",
            found.hidden_sites,
        ) % {"n": found.hidden_sites}


def _stocks(found: card.ProductCard) -> list[dict[str, Any]] | None:
    """Each variant once, however many sites sell it; None while the stock does not answer."""
    if found.stock is None:
        return None
    variants = {offer.variant_id: offer.variant for listing in found.listings for offer in listing.offers.all()}
    return [
        {
            "id": pk,
            "name": str(variant),
            "barcode": variant.barcode,
            "code": variant.barcode or ";".join(part for part in (variant.sku, variant.options) if part),
            "stock": found.stock[pk],
            "moves": [_move(move) for move in found.stock[pk].moves],
        }
        for pk, variant in variants.items()
    ]


def _move(move: Movement) -> dict[str, Any]:
    return {
        "at": move.at,
        "why": stock_words.cause(move),
        "source": stock_words.place(move.source),
        "target": stock_words.place(move.target),
        "units": move.units,
        "change": stock_words.signed(move.change),
        "left": move.left,
        "who": actors.in_words(move.who),
        "note": move.note,
    }


def _site(listing: Listing) -> dict[str, Any]:
    regions = regions_at(listing.site)
    units = [
        {
            "offer": offer,
            "price_field": texts.money_field(offer.price, offer.currency),
            "regional": _regional(offer, regions),
        }
        for offer in listing.offers.all()
    ]
    return {
        "has_regions": bool(regions),
        "rule": in_words(listing.reach, {pk: region.title for pk, region in regions.items()}),
        "product": listing.product,
        "listing": listing,
        "units": units,
        "others": [one for one in listing.translations.all() if one.title],
    }


def _prices(found: card.ProductCard) -> dict[str, Any]:
    titles = dict(Region.objects.values_list("pk", "title")) if any(one.region for one in found.prices) else {}
    regions = {one.region: titles.get(one.region, one.region) for one in found.prices if one.region}
    return {"prices": found.prices, "regions": regions}


def _regional(offer: Offer, regions: dict[str, Region]) -> list[tuple[str, int]]:
    """Its prices in the site's regions, in their order."""
    own = {row.region: row.price for row in offer.regional_prices.all()}
    return [(region.title, own[pk]) for pk, region in regions.items() if pk in own]


@screen("edit_products", methods=["GET", "HEAD", "POST"])
def edit_words(request: StaffRequest, product_id: UUID, site: str) -> HttpResponseBase:
    """The words of a product in all languages, as one site shows it."""
    listing = queries.listing_at(request.user, site, product_id)
    own = site_row(site).language
    fed = feeding.feeds_of([(product_id, site)]).get((product_id, site), {})
    locked = {name: one.source for name, one in fed.items() if one.is_locked}
    form = WordsForm(request, listing, own, spoken=languages_of(site), fed=locked)
    if form.is_saveable():
        with form.refusals():
            others = {code: form.words(code) for code in form.languages if code != own}
            editing.edit_words(
                site, product_id, form.words(own), others, by=request.user.username, seen_ver=listing.ver
            )
            return form.saved(
                _("The words are saved. All shops have them within seconds."), "products-card", product_id
            )
    return form.page(
        _("Words of a product"),
        back=("products-card", listing.title, product_id),
        note=site_row(site).label,
        help=_("When somebody else changed the same words meanwhile, you choose between theirs and yours."),
    )


@screen("edit_products", methods=["GET", "HEAD", "POST"])
def regional_prices(request: StaffRequest, product_id: UUID, site: str) -> HttpResponseBase:
    """What a product costs in the regions of a site."""
    listing = queries.listing_at(request.user, site, product_id)
    regions = list(regions_at(site).values())
    if not regions:
        raise Http404(site)
    form = RegionalPricesForm(request, listing, regions)
    if form.is_saveable():
        with form.refusals():
            actions.set_regional_prices(site, form.prices, by=request.user.username)
            return form.saved(_("The prices are saved."), "products-card", product_id)
    return form.page(
        _("Prices by region"),
        back=("products-card", listing.title, product_id),
        note=site_row(site).label,
        help=_("What is left empty costs what stands in grey: as in the region around, or in the shop."),
    )


@screen("edit_products", methods=["GET", "HEAD", "POST"])
def product_reach(request: StaffRequest, product_id: UUID, site: str) -> HttpResponseBase:
    """In which regions of a site a product is shown."""
    listing = queries.listing_at(request.user, site, product_id)
    form = _reach_form(request, listing)
    if form.is_saveable():
        with form.refusals():
            reach.show_product(site, product_id, form.rule, by=request.user.username, seen_ver=listing.ver)
            return form.saved(_("The rule is saved. All shops follow it within seconds."), "products-card", product_id)
    return form.page(
        _("Shown in regions"),
        back=("products-card", listing.title, product_id),
        note=site_row(site).label,
        help=_(
            "Visitors of a region find it only where it is shown: on shelves, in the search, in feeds and in carts. "
            "Where all shelves it stands on are not shown, it is not shown either."
        ),
    )


@screen("see_products", methods=["GET", "HEAD", "POST"])
def category_reach(request: StaffRequest, category_id: UUID) -> HttpResponseBase:
    """In which regions of its site a shelf is shown, and what stands on it."""
    shelf, may_edit = _shelf(request, category_id), may(request.user, "edit_products")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = _reach_form(request, shelf, may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            reach.show_category(shelf.site, shelf.pk, form.rule, by=request.user.username)
            return form.saved(_("The rule is saved. All shops follow it within seconds."), "categories")
    return form.page(
        shelf.title,
        back=("categories", _("Categories")),
        note=site_row(shelf.site).label,
        help=_("Shelves below it and goods that stand on no other shelf are shown in no more regions than it is."),
    )


def _reach_form(request: StaffRequest, row: Listing | Category, *, may_edit: bool = True) -> ReachForm:
    regions = regions_at(row.site)
    if not regions:
        raise Http404(row.site)
    return ReachForm(request, row, regions, {pk: one.parent_id for pk, one in regions.items()}, may_edit=may_edit)


def _shelf(request: StaffRequest, category_id: UUID) -> Category:
    shelf = limit(Category.objects.filter(pk=category_id), request.user).first()
    if shelf is None:
        raise UnknownCategory(category_id.hex)
    return shelf


@screen("see_products", methods=["GET", "HEAD", "POST"])
def category_words(request: StaffRequest, category_id: UUID) -> HttpResponseBase:
    """The words of a shelf in the further languages of its site."""
    shelf = _shelf(request, category_id)
    row, may_edit = site_row(shelf.site), may(request.user, "edit_products")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = CategoryWordsForm(request, shelf, row.language, languages_of(shelf.site), may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            editing.translate_category(shelf.site, shelf.pk, form.words, by=request.user.username)
            return form.saved(_("The words are saved. All shops have them within seconds."), "categories")
    regions = regions_at(shelf.site)
    return form.page(
        shelf.title,
        back=("categories", _("Categories")),
        note=row.label,
        template="catalog/category.html",
        shelf=shelf,
        has_regions=bool(regions),
        rule=in_words(shelf.reach, {pk: region.title for pk, region in regions.items()}),
    )


@screen("edit_products", methods=["GET", "HEAD", "POST"])
def barcodes(request: StaffRequest, product_id: UUID) -> HttpResponseBase:
    """What a scanner reads at each variant. They are shared: who does not see all sites may not change them."""
    found = card.product_card(request.user, product_id)
    if found.hidden_sites:
        raise Http404(str(product_id))
    variants = {offer.variant_id: offer.variant for listing in found.listings for offer in listing.offers.all()}
    form = BarcodesForm(request, {pk: (str(one), one.barcode) for pk, one in variants.items()})
    if form.is_saveable():
        with form.refusals():
            for listing in found.listings:
                feeding.refuse_fed(product_id, listing.site, ["barcode"])
            editing.set_barcodes(product_id, form.codes, by=request.user.username)
            return form.saved(_("The barcodes are saved."), "products-card", product_id)
    return form.page(
        _("Barcodes"),
        back=("products-card", found.title, product_id),
        help=_("Goods are found, received and moved by them; shops do not show them."),
    )


@screen("edit_products", methods=["GET", "HEAD", "POST"])
def new_product(request: StaffRequest) -> HttpResponseBase:
    """A product made by hand."""
    choices = {site.id: (site.label, site.currency) for site in sites_visible_to(request.user).filter(is_active=True)}
    form = NewProductForm(request, choices)
    if form.is_saveable():
        with form.refusals():
            data = form.cleaned_data
            made = actions.create_product(data["site"], _goods(data), by=request.user.username)
            if data["stock"] and may(request.user, "edit_stock"):
                variant = Offer.objects.get(
                    site=data["site"], variant__sku=data["sku"], variant__options=data["options"]
                )
                _stock_first(request, variant.variant_id, data["stock"])
            return form.saved(_("The product is there."), "products-card", made)
    return form.page(
        _("New product"),
        back=("products", _("Products")),
        help=_("A product with one unit to sell. Words in the other language and more pictures are added on its card."),
    )


def _stock_first(request: StaffRequest, variant: UUID, units: int) -> None:
    """The stock of a product that was just made. It stands in another realm: the product stays when that is away."""
    try:
        set_stock(variant, units, who=request.user.username)
    except DatabaseError as error:
        if not (realm := realm_away(error)):
            raise
        text = _("Its stock is not set: the database of the realm “%(realm)s” does not answer. Set it here later.")
        messages.warning(request, text % {"realm": realm})


def _goods(data: dict[str, Any]) -> actions.Goods:
    """Raises `BadPicture`."""
    pictures = [actions.keep_picture(data["picture"].read())] if data["picture"] else None
    title = ", ".join(part.partition("=")[2] for part in data["options"].split(";") if part)
    unit = actions.Unit(data["sku"].strip(), data["options"], options_title=title, price=data["price"])
    return actions.Goods([unit], title=data["title"], text=data["text"], pictures=pictures)


@screen("take_over_fields", methods=["POST"])
def feed(request: StaffRequest, product_id: UUID, site: str) -> HttpResponseBase:
    """Take a field over from the source that feeds it (`do`: take), or let the source write it again (`do`: give)."""
    listing = queries.listing_at(request.user, site, product_id)
    field = request.POST.get("field", "")
    if field in feeding.SHARED and card.product_card(request.user, product_id).hidden_sites:
        raise Http404(field)
    act = {"take": feeding.take_over, "give": feeding.give_back}.get(request.POST.get("do", ""))
    if act is None:
        raise Http404
    try:
        act(listing.site, product_id, field, by=request.user.username)
    except BadGoods as error:
        messages.error(request, explain(error))
    return redirect("products-card", product_id)


@screen("edit_products", methods=["POST"])
def switch(request: StaffRequest, product_id: UUID, site: str) -> HttpResponseBase:
    """Take a product off a site, or show it again; its history and its orders stay."""
    listing = queries.listing_at(request.user, site, product_id)
    act = actions.relist if request.POST.get("to") == "on" else actions.delist
    act(listing.site, product_id, by=request.user.username)
    return redirect("products-card", product_id)


# --- pictures ------------------------------------------------------------------------------------------------------


@screen("edit_products", methods=["POST"])
def add_picture(request: StaffRequest, product_id: UUID) -> HttpResponseBase:
    """Put uploaded pictures behind those there are; a file that is none is named and refused."""
    before = _shared_pictures(request, product_id)
    kept = []
    for file in request.FILES.getlist("pictures"):
        try:
            if (file.size or 0) > MAX_BYTES:
                raise BadPicture(f"the picture has {file.size} bytes, more than {MAX_BYTES}")
            kept.append(actions.keep_picture(file.read()))
        except BadPicture as error:
            messages.error(request, f"{file.name}: {explain(error)}")
    if kept:
        _set_pictures(request, product_id, [*before, *kept])
    return redirect("products-card", product_id)


@screen("edit_products", methods=["POST"])
def change_picture(request: StaffRequest, product_id: UUID, sha256: str) -> HttpResponseBase:
    """`do`: "first", "earlier", "later", "remove" or "alt" (with `alt_<language>`)."""
    found = _shared(request, product_id)
    pictures = [picture.media.sha256 for picture in found.pictures]
    if sha256 not in pictures:
        raise Http404(sha256)
    deed, at = request.POST.get("do", ""), pictures.index(sha256)
    if deed == "alt":
        told = {code: request.POST.get(f"alt_{code}") for code in card.picture_languages(found)}
        alts = {code: alt for code, alt in told.items() if alt is not None}
        editing.set_picture_alts(product_id, sha256, alts, by=request.user.username)
        messages.success(request, _("The description of the picture is saved."))
        return redirect("products-card", product_id)
    rest = [one for one in pictures if one != sha256]
    places = {"first": 0, "earlier": max(0, at - 1), "later": at + 1}
    if deed in places:
        rest.insert(places[deed], sha256)
    elif deed != "remove":
        raise Http404(deed)
    _set_pictures(request, product_id, rest)
    return redirect("products-card", product_id)


def _shared_pictures(request: StaffRequest, product_id: UUID) -> list[str]:
    return [picture.media.sha256 for picture in _shared(request, product_id).pictures]


def _shared(request: StaffRequest, product_id: UUID) -> card.ProductCard:
    """For a change of what sites share: whoever does not see all sites of a product may make none."""
    found = card.product_card(request.user, product_id)
    if found.hidden_sites:
        raise Http404(str(product_id))
    return found


def _set_pictures(request: StaffRequest, product_id: UUID, pictures: list[str]) -> None:
    try:
        editing.set_pictures(product_id, pictures, by=request.user.username)
    except (BadGoods, FieldFed) as error:
        messages.error(request, explain(error))
