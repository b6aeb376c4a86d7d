"""Checkout and an order as JSON, for storefronts that draw their own pages. The same rules as the form's.

The quote is the idempotency key: it names the order to be made, so the same body sent again answers the same order,
and another body under the same quote is refused.
"""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
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
from edge.checkout import holding, page, placing, reads
from edge.checkout.errors import BadRequest, CheckoutError, CheckoutFailed, UnknownOrder, log_failure
from edge.checkout.form import CONSENT_TEXT, MAX_BODY
from edge.checkout.holding import Held
from edge.checkout.models import Order
from edge.checkout.page import Trouble
from edge.checkout.summary import Quote, Summary
from edge.checkout.views import of_site
from edge.http import Request, Response, json_response
from edge.shopper.session import cart_of, customer_of
from node.errors import RialtoError
from sites.rendering import language_of
from sync.contracts.codec import unpack
from sync.contracts.documents import SiteDoc
from sync.contracts.orders import PlacedOrder
from sync.link import link
from sync.store.writer import reader


async def summary(request: Request) -> Response:
    """GET: what may be ordered now, held for ten minutes. `left` of a line says that there are not as many as it wants:

    the cart is corrected when it is ordered all the same.
    """
    site = request.site
    cart = await cart_of(request.cookies, site)
    held = await holding.hold_cart(site, cart) if cart else Held(Summary(site.currency, (), ()))
    return json_response(_summary(site, held))


async def place(request: Request) -> Response:
    """POST: order it."""
    request.check_same_origin()
    site = request.site
    try:
        with translation.override(language_of(site)):
            made, is_new = await _place(request, site)
    except CheckoutError as error:
        return await _refusal(error, site)
    except RialtoError:
        raise  # too large, or cut short: nothing that was typed is in it
    except Exception as error:
        log_failure(error)
        return await _refusal(CheckoutFailed("the order was not placed"), site)
    return json_response(await _view_of(site, made, is_new=is_new), 201 if is_new else 200)


async def _view_of(site: SiteDoc, made: Order, *, is_new: bool) -> OrderView:
    if is_new:  # central has said nothing of it yet
        return _order(site, reads.Shown(made, unpack(bytes(made.body), PlacedOrder), None))
    return await reader.run(lambda: _order(site, reads.shown(made)))


@of_site
async def order(request: HttpRequest, site: SiteDoc, secret: str) -> HttpResponseBase:
    if request.method != "GET":
        return _not_allowed("GET")
    found = await reader.run(lambda: reads.order_by_secret(secret, site.id))
    if found is None:
        return await _refused(UnknownOrder("there is no such order in this shop"), site)
    return _json(await reader.run(lambda: _order(site, reads.shown(found))))


async def _place(request: Request, site: SiteDoc) -> tuple[Order, bool]:
    asked = _read(await request.body(MAX_BODY))
    typed = forms.read({**structs.asdict(asked), "consent": "yes" if asked.consent else ""})
    cart = await cart_of(request.cookies, site)
    customer = await customer_of(request.cookies, site)
    return await placing.order_typed(site, cart, typed, Quote.parse(asked.quote), customer=customer)


def _read(body: bytes) -> PlaceOrder:
    try:
        return msgspec.json.decode(body, type=PlaceOrder)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("this is not what the address takes") from error


def _summary(site: SiteDoc, held: Held) -> CheckoutSummary:
    found = held.summary
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
                left=held.fewer.get(row.key),
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


def _order(site: SiteDoc, shown: reads.Shown) -> OrderView:
    made, placed = shown.order, shown.placed
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
        state=OrderStateView(**page.order_json(site, shown)),
    )


async def _refusal(error: RialtoError, site: SiteDoc) -> Response:
    message = await reader.run(lambda: page.sentence(site, Trouble(error.code)))
    problem = {"error": error.code, "message": message, **error.data}
    return json_response(problem, error.status, [("x-rialto-error", error.code)])


async def _refused(error: RialtoError, site: SiteDoc) -> HttpResponseBase:
    refusal = await _refusal(error, site)
    return HttpResponse(refusal.body, status=error.status, headers=dict(refusal.headers))


def _json(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")


def _not_allowed(methods: str) -> HttpResponse:
    answer = _json({"error": "method_not_allowed", "message": f"this address takes {methods}"}, 405)
    answer["Allow"] = methods
    return answer
