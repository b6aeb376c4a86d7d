"""GET /_r/live: server-sent events of a shopper's cart.

    event: cart   id = the view's version   data = the view; with ?c=<client> also {"has": [n, ...]}: ops 1..n of that
                                            document are in it, and those named behind, so it need not add them itself
    event: acks   data = {"dots": [...]}     central has these ops: the tab may forget them
    event: flash  data = {"text": ...}       to be shown once

A tab that comes, or comes back (reload, back/forward cache, a cut line), gets the newest view at once, whatever it has
missed: prices and the link may have changed though the cart has not. HTTP/1.1 allows a browser six streams a host, so
tabs close theirs when they are hidden for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

import msgspec

from edge.cart.roots import root_of
from edge.cart.routes import flash_text
from edge.cart.service import held_root
from edge.cart.view import empty_view, shown
from edge.http import Request, Send
from edge.live import carts as live
from edge.pages import wire
from edge.shopper import session
from sync.contracts.documents import SiteDoc

logger = logging.getLogger("edge.live")

BEAT_S = 15.0


async def stream(request: Request, send: Send) -> None:
    """Run one stream until its browser leaves or the node stops."""
    site = request.site
    cart = await session.cart_of(request.cookies, site)
    await _start(send, site)
    await send(_chunk(b"retry: 1000\n\n"))
    if cart is None:
        # No handle yet: say so and end; the page opens a stream again after its first op.
        await send(_chunk(_event("cart", msgspec.json.encode(empty_view(site))), is_last=True))
        return
    if text := flash_text(await session.take_flash(request.cookies, site), site):
        await send(_chunk(_event("flash", msgspec.json.encode({"text": text}))))
    watcher = live.watch(await root_of(cart), session.handle_hash(request.cookies, site))
    try:
        await _until_gone(request, _pump(watcher, site, send, client=request.query.get("c", "")))
    finally:
        live.unwatch(watcher)
    with contextlib.suppress(OSError):
        await send(_chunk(b"", is_last=True))


async def _pump(watcher: live.Watcher, site: SiteDoc, send: Send, *, client: str) -> None:
    told = b""
    while live.is_running() and not watcher.is_over:
        try:
            await asyncio.wait_for(watcher.news.wait(), BEAT_S)
        except TimeoutError:
            await send(_chunk(b": beat\n\n"))
            continue
        watcher.news.clear()
        acks, watcher.acks = watcher.acks, set()
        version, view = await _view(watcher.root, site, client)
        parts = []
        if view != told or not acks:
            parts.append(_event("cart", view, version))
        if acks:
            parts.append(_event("acks", msgspec.json.encode({"dots": sorted(acks)})))
        told = view
        await send(_chunk(b"".join(parts)))


async def _view(root: str, site: SiteDoc, client: str) -> tuple[str, bytes]:
    _, held = await held_root(root)  # before the view: what `has` names is in it for certain
    version, view = await shown(root, site)
    if client:
        beyond = sorted(dot.seq for dot in held.cloud if dot.client == client)
        has = msgspec.json.encode([held.vector.get(client, 0), *beyond])
        view = b'%b,"has":%b}' % (view[:-1], has)
    return version, view


async def _until_gone(request: Request, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or the browser hangs up, whichever is first."""
    pump = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.disconnected())
    try:
        await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pump, gone):
            task.cancel()
        ended, _ = await asyncio.gather(pump, gone, return_exceptions=True)
    if isinstance(ended, Exception) and not isinstance(ended, OSError):
        # The answer has begun, so there is nobody to tell but us; the tab dials again.
        logger.error("a live stream failed: %s", ended, exc_info=ended)


def _event(name: str, body: bytes, version: str = "") -> bytes:
    head = f"id: {version}\n" if version else ""
    return b"%bevent: %b\ndata: %b\n\n" % (head.encode(), name.encode(), body)


def _chunk(body: bytes, *, is_last: bool = False) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}


async def _start(send: Send, site: SiteDoc) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": [*headers, *wire.security(site)]})
