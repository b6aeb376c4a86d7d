"""Checkout and an order as JSON, for storefronts that draw their own pages. The same rules as the form's.

The quote is the idempotency key: it names the order to be made, so the same body sent again answers the same order,
and another body under the same quote is refused.
"""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from msgspec import structs

from edge.api.contracts import (
    CheckoutLine,
    CheckoutSummary,
    DeliveryWay,
    OrderStateView,
    OrderView,
    PaymentWay,
    PlacedLine,
    PlaceOrder,
    UnsoldLine,
)
from edge.checkout import form as forms
from edge.checkout import page, placing, reads
from edge.checkout.errors import BadForm, BadRequest, CheckoutError, UnknownOrder
from edge.checkout.form import CONSENT_TEXT
from edge.checkout.models import Order
from edge.checkout.page import Trouble
from edge.checkout.summary import Quote, Summary
from edge.checkout.views import MAX_BODY, CheckoutFailed, log_failure, of_site
from edge.checkout.web import refuse_cross_site
from edge.shopper.session import cart_of
from node.errors import RialtoError
from sync.contracts.documents import SiteDoc
from sync.link import link
from sync.store.writer import reader


@of_site
async def checkout(request: HttpRequest, site: SiteDoc) -> HttpResponseBase:
    """GET: what may be ordered now; POST: order it."""
    if request.method == "GET":
        cart = await cart_of(request.COOKIES, site)
        return _json(await reader.run(lambda: _summary(site, cart)))
    if request.method != "POST":
        return _not_allowed("GET, POST")
    if refusal := refuse_cross_site(request, site):
        return refusal
    try:
        made, is_new = await _place(request, site)
    except CheckoutError as error:
        return await _refused(error, site)
    except Exception as error:
        log_failure(error)
        return await _refused(CheckoutFailed("the order was not placed"), site)
    return _json(await reader.run(lambda: _order(site, made)), 201 if is_new else 200)


@of_site
async def order(request: HttpRequest, site: SiteDoc, secret: str) -> HttpResponseBase:
    if request.method != "GET":
        return _not_allowed("GET")
    found = await reader.run(lambda: reads.order_by_secret(secret, site.id))
    if found is None:
        return await _refused(UnknownOrder("there is no such order in this shop"), site)
    return _json(await reader.run(lambda: _order(site, found)))


async def _place(request: HttpRequest, site: SiteDoc) -> tuple[Order, bool]:
    asked = _read(request)
    quote = Quote.parse(asked.quote)
    typed = forms.read({**structs.asdict(asked), "consent": "yes" if asked.consent else ""})
    mark = forms.fingerprint(typed, quote)
    if known := await reader.run(lambda: reads.order_by_id(quote.order)):
        return placing.same(known, mark), False
    checked, wrong = forms.check(typed, site)
    if checked is None:
        raise BadForm("a field is wrong", fields=wrong)
    cart = await cart_of(request.COOKIES, site)
    return await placing.place(site, cart or "", quote, checked, mark), True


def _read(request: HttpRequest) -> PlaceOrder:
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        raise BadRequest("the order is too large")
    try:
        return msgspec.json.decode(request.body, type=PlaceOrder)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("this is not what the address takes") from error


def _summary(site: SiteDoc, cart: str | None) -> CheckoutSummary:
    found = reads.summary_of(site, cart) if cart else Summary(site.currency, (), ())
    return CheckoutSummary(
        quote=page.new_quote(found, site).text(),
        currency=site.currency,
        lines=[
            CheckoutLine(
                key=row.key,
                title=row.card.title,
                options_title=row.card.options_title,
                units=row.units,
                price=row.card.price,
                currency=row.card.currency,
                sum=row.sum.amount,
                charged=row.charged,
            )
            for row in found.rows
        ],
        unsold=[UnsoldLine(key=one.key, units=one.units, title=one.title, reason=one.reason) for one in found.unsold],
        goods_total=found.goods_total,
        deliveries=[
            DeliveryWay(code=way.code, title=way.title, note=way.note, price=way.price, needs_address=way.needs_address)
            for way in site.deliveries
        ],
        payments=[
            PaymentWay(code=way.code, title=way.title, note=way.note, is_later=way.needs_central and not link.is_up)
            for way in site.payments
        ],
        consent_text=CONSENT_TEXT,
        link="up" if link.is_up else "cut",
    )


def _order(site: SiteDoc, made: Order) -> OrderView:
    placed = reads.shown(made).placed
    return OrderView(
        id=made.pk,
        number=placed.number,
        secret=made.secret,
        url=f"{site.origin}/order/{made.secret}",
        placed_at=placed.placed_at,
        currency=placed.currency,
        lines=[
            PlacedLine(
                key=line.key,
                title=line.title,
                options_title=line.options_title,
                units=line.units,
                price=line.price,
                currency=line.currency,
                charged=line.charged,
                pending=line.pending,
            )
            for line in placed.lines
        ],
        goods_total=placed.goods_total,
        delivery=placed.delivery,
        delivery_price=placed.delivery_price,
        total=placed.total,
        state=OrderStateView(**page.order_json(site, made)),
    )


async def _refused(error: RialtoError, site: SiteDoc) -> HttpResponseBase:
    message = await reader.run(lambda: page.sentence(site, Trouble(error.code)))
    answer = _json({"error": error.code, "message": message, **error.data}, error.status)
    answer["X-Rialto-Error"] = error.code
    return answer


def _json(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")


def _not_allowed(methods: str) -> HttpResponse:
    answer = _json({"error": "method_not_allowed", "message": f"this address takes {methods}"}, 405)
    answer["Allow"] = methods
    return answer
