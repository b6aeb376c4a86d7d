"""GET and POST /checkout, the order's page and its live state, and the orders that tabs keep.

What the shopper types is in the request and nowhere else: no session, no log, no traceback. Each view that sees it
ends every error itself, because an error's text or its locals could carry a name or a phone.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils import translation

from edge.checkout import form as forms
from edge.checkout import keep, live, page, placing, reads
from edge.checkout.errors import BadForm, BadQuote, CheckoutError
from edge.checkout.form import Form
from edge.checkout.page import Trouble
from edge.checkout.summary import Quote
from edge.checkout.web import dress, refuse_cross_site, site_of_request
from edge.shopper.session import cart_of
from sites.rendering import language_of, render_page
from sync.contracts.documents import SiteDoc
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

#: a form and the quote of 300 tokens fit; nobody types more
MAX_BODY = 384 * 1024

View = Callable[..., Awaitable[HttpResponseBase]]


def of_site(view: View) -> Callable[..., Any]:
    """Give the view its site, in whose language it speaks; answer `no-store`."""

    @wraps(view)
    async def found(request: HttpRequest, **parts: str) -> HttpResponseBase:
        site = site_of_request(request)
        if site is None:
            return dress(HttpResponseNotFound("there is no such shop here\n", content_type="text/plain"), None)
        with translation.override(language_of(site)):
            return dress(await view(request, site, **parts), site)

    return found


@of_site
async def checkout(request: HttpRequest, site: SiteDoc) -> HttpResponseBase:
    if request.method in ("GET", "HEAD"):
        cart = await cart_of(request.COOKIES, site)
        return HttpResponse(await reader.run(lambda: page.checkout_page(site, cart, Form(), Trouble())))
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if refusal := refuse_cross_site(request, site):
        return refusal
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return JsonResponse({"error": "too_large", "message": "the form is too large"}, status=413)
    return await _post(request, site)


async def _post(request: HttpRequest, site: SiteDoc) -> HttpResponseBase:
    typed, cart = Form(), None
    try:
        typed = forms.read(request.POST.dict())
        cart = await cart_of(request.COOKIES, site)
        quote = Quote.parse(request.POST.get("quote", ""))
        mark = forms.fingerprint(typed, quote)
        # A repeat is answered whatever the cart and the prices are now: it was placed already.
        if known := await reader.run(lambda: reads.order_by_id(quote.order)):
            return HttpResponseRedirect(_url(placing.same(known, mark).secret), status=303)
        checked, wrong = forms.check(typed, site)
        if checked is None:
            return await _again(request, site, cart, typed, BadForm("a field is wrong", fields=sorted(wrong)), wrong)
        order = await placing.place(site, cart or "", quote, checked, mark)
    except CheckoutError as error:
        return await _again(request, site, cart, typed, error)
    except SuspiciousOperation:  # thousands of fields, not a form at all
        return await _again(request, site, cart, typed, BadQuote("this is not a form of ours"))
    except Exception as error:
        log_failure(error)
        return await _again(request, site, cart, typed, CheckoutFailed("the order was not placed"))
    return HttpResponseRedirect(_url(order.secret), status=303)


class CheckoutFailed(CheckoutError):
    """Something of ours broke; what it was is in the log, by type and place only."""

    code = "checkout_failed"
    status = 500


async def _again(
    request: HttpRequest,
    site: SiteDoc,
    cart: str | None,
    typed: Form,
    error: CheckoutError,
    wrong: dict[str, str] | None = None,
) -> HttpResponseBase:
    """The page once more, with what was typed, from the request alone."""
    if "application/json" in request.headers.get("Accept", ""):
        answer: HttpResponseBase = JsonResponse(
            {"error": error.code, "message": str(error), "fields": wrong or {}, **error.data}, status=error.status
        )
    else:
        left = error.data.get("left")
        trouble = Trouble(error.code, left if isinstance(left, dict) else {}, wrong or {})
        try:
            html = await reader.run(lambda: page.checkout_page(site, cart, typed, trouble))
        except Exception as failure:
            log_failure(failure)
            html = await reader.run(lambda: page.checkout_page(site, None, Form(), Trouble(CheckoutFailed.code)))
        answer = HttpResponse(html, status=error.status)
    answer["X-Rialto-Error"] = error.code
    return answer


def log_failure(error: Exception) -> None:
    """The type of an error and where it was raised. Not its text: it may repeat what was typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    logger.error("checkout failed: %s at %s", type(error).__name__, where)


@of_site
async def order(request: HttpRequest, site: SiteDoc, secret: str) -> HttpResponseBase:
    found = await reader.run(lambda: reads.order_by_secret(secret, site.id))
    if found is None:
        return await _not_found(site)
    answer = HttpResponse(await reader.run(lambda: page.order_page(site, found)))
    answer["Referrer-Policy"] = "origin"  # the address is the shopper's key to this page
    return answer


@of_site
async def order_live(request: HttpRequest, site: SiteDoc, secret: str) -> HttpResponseBase:
    found = await reader.run(lambda: reads.order_by_secret(secret, site.id))
    if found is None:
        return await _not_found(site)
    answer = StreamingHttpResponse(_states(found.pk, site), content_type="text/event-stream")
    answer["X-Accel-Buffering"] = "no"
    return answer


async def _states(order_id: str, site: SiteDoc) -> AsyncIterator[bytes]:
    last = b""
    async for is_news in live.news_of(order_id):
        if not is_news:
            yield b": beat\n\n"
            continue
        state = await reader.run(lambda: _state(order_id, site))
        if state != last:
            last = state
            yield b"event: order\ndata: " + state + b"\n\n"


def _state(order_id: str, site: SiteDoc) -> bytes:
    found = reads.order_by_id(order_id)
    return msgspec.json.encode(page.order_json(site, found)) if found else b"{}"


@of_site
async def keep_orders(request: HttpRequest, site: SiteDoc) -> HttpResponseBase:
    """POST /_r/order/keep: a JSON list of what the tab keeps -> {"orders": {id: "acked" | "kept" | "refused"}}."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if refusal := refuse_cross_site(request, site):
        return refusal
    try:
        if int(request.headers.get("Content-Length") or 0) > keep.MAX_BYTES:
            raise ValueError("too many bytes")
        kept = keep.parse(request.body)
    except ValueError:  # msgspec's errors are ValueErrors too
        return JsonResponse({"error": "bad_orders", "message": "this is not what our pages keep"}, status=400)
    return JsonResponse({"orders": await writer.run(lambda: keep.take_in(kept))})


async def _not_found(site: SiteDoc) -> HttpResponseBase:
    return HttpResponseNotFound(await reader.run(lambda: render_page(site, "not_found", {})))


def _url(secret: str) -> str:
    return f"/order/{secret}"
