"""The order's page and its live state, and the orders that tabs keep: rare beside the routes, and so Django's."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any

import msgspec
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils import translation

from edge.checkout import keep, live, page, reads
from edge.checkout.web import dress, refuse_cross_site, site_of_request
from sites.rendering import language_of, render_page
from sync.contracts.documents import SiteDoc
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

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
    return msgspec.json.encode(page.order_json(site, reads.shown(found))) if found else b"{}"


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
