"""GET and POST /checkout, as plain ASGI beside the cart's routes.

What the shopper types is in the request and nowhere else: no session, no log, no traceback. What sees it ends every
error itself, because an error's text or its locals could carry a name or a phone.
"""

from __future__ import annotations

from django.utils import translation

from edge.cart import service as carts
from edge.checkout import api, holding, page, placing
from edge.checkout import form as forms
from edge.checkout.errors import BadQuote, CheckoutError, CheckoutFailed, NotEnough, log_failure
from edge.checkout.form import MAX_BODY, Form
from edge.checkout.page import Trouble
from edge.checkout.summary import Quote
from edge.http import BadRequest, Request, Response, TooLarge, json_response, redirect
from edge.shopper.session import cart_of, customer_of
from sites import urls
from sites.rendering import language_of
from sync.contracts.documents import SiteDoc, card_key
from sync.store.writer import reader


async def show(request: Request) -> Response:
    site = request.site
    cart = await cart_of(request.cookies, site)
    trouble = await _hold(site, cart) if cart else Trouble()
    return _page(await reader.run(lambda: page.checkout_page(site, cart, Form(), trouble)))


async def _hold(site: SiteDoc, cart: str) -> Trouble:
    """Hold what the cart wants; lines are corrected to what can be had, and the page says so."""
    fewer = (await holding.hold_cart(site, cart)).fewer
    if not fewer:
        return Trouble()
    await carts.set_units(cart, fewer)
    return Trouble(NotEnough.code, {card_key(key.site, key.sku, key.options): units for key, units in fewer.items()})


async def place(request: Request) -> Response:
    request.check_same_origin()
    site = request.site
    with translation.override(language_of(site)):
        return await _place(request, site)


async def _place(request: Request, site: SiteDoc) -> Response:
    typed, cart = Form(), None
    try:
        posted = await request.form(MAX_BODY)
        typed = forms.read(posted)
        cart = await cart_of(request.cookies, site)
        customer = await customer_of(request.cookies, site)
        order, _ = await placing.order_typed(site, cart, typed, Quote.parse(posted.get("quote", "")), customer=customer)
    except CheckoutError as error:
        return await _again(request, site, cart, typed, error)
    except TooLarge:
        raise
    except BadRequest:  # thousands of fields, not a form at all
        return await _again(request, site, cart, typed, BadQuote("this is not a form of ours"))
    except Exception as error:
        log_failure(error)
        return await _again(request, site, cart, typed, CheckoutFailed("the order was not placed"))
    return redirect(urls.at(site, f"/order/{order.secret}"))


async def _again(request: Request, site: SiteDoc, cart: str | None, typed: Form, error: CheckoutError) -> Response:
    """The page once more, with what was typed, from the request alone."""
    if "application/json" in request.headers.get("accept", ""):
        answer = json_response({"error": error.code, "message": str(error), **error.data}, error.status)
    else:
        left, wrong = error.data.get("left"), error.data.get("fields")
        trouble = Trouble(error.code, left if isinstance(left, dict) else {}, wrong if isinstance(wrong, dict) else {})
        try:
            html = await reader.run(lambda: page.checkout_page(site, cart, typed, trouble))
        except Exception as failure:
            log_failure(failure)
            html = await reader.run(lambda: page.checkout_page(site, None, Form(), Trouble(CheckoutFailed.code)))
        answer = _page(html, error.status)
    answer.headers.append(("x-rialto-error", error.code))
    return answer


def _page(html: str, status: int = 200) -> Response:
    return Response(status, html.encode(), kind="text/html; charset=utf-8")


ROUTES = {
    ("GET", "/checkout"): show,
    ("POST", "/checkout"): place,
    ("GET", "/_r/checkout"): api.summary,
    ("POST", "/_r/checkout"): api.place,
}
