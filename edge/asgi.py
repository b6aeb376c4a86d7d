"""The edge's one process: plain ASGI for what every shopper does, Django for checkout and the order's page.

Order of looking: pictures and static files, the routes of the cart and the shopper, pages, Django. A page hit or a
cart op passes no middleware; what is common to all (known host, body cap, headers, errors) is done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "node.settings.edge")
django.setup(set_prefix=False)

from django.core.handlers.asgi import ASGIHandler  # noqa: E402

from edge.account.routes import ROUTES as ACCOUNT_ROUTES  # noqa: E402
from edge.account.watch import watch  # noqa: E402
from edge.api import rates  # noqa: E402
from edge.api.routes import ROUTES as API_ROUTES  # noqa: E402
from edge.cart import service  # noqa: E402
from edge.cart.limits import limits  # noqa: E402
from edge.cart.routes import ROUTES as CART_ROUTES  # noqa: E402
from edge.cart.routes import error_response  # noqa: E402
from edge.checkout import live as order_live  # noqa: E402
from edge.checkout.form import MAX_BODY  # noqa: E402
from edge.checkout.routes import ROUTES as CHECKOUT_ROUTES  # noqa: E402
from edge.checkout.web import Capped  # noqa: E402
from edge.http import Receive, Request, Response, Scope, Send, TooLarge, json_response  # noqa: E402
from edge.live import carts as live  # noqa: E402
from edge.live.routes import stream  # noqa: E402
from edge.pages import hits, redirects, serving, static, wire  # noqa: E402
from edge.pages.broken import queue_links  # noqa: E402
from edge.pages.foreman import foreman  # noqa: E402
from edge.pages.plain import failed_page, unknown_host_page  # noqa: E402
from edge.pages.previews import ROUTES as PREVIEW_ROUTES  # noqa: E402
from edge.pages.purging import queue_changes  # noqa: E402
from edge.pages.seen import ROUTES as SEEN_ROUTES  # noqa: E402
from edge.pages.speed import speed  # noqa: E402
from edge.places.routes import ROUTES as PLACES_ROUTES  # noqa: E402
from edge.replica import forgetting, pictures, words  # noqa: E402
from edge.replica.sites import site_at, within  # noqa: E402
from edge.rights.keeper import keeper  # noqa: E402
from edge.search.counting import counting  # noqa: E402
from edge.search.indexer import indexer  # noqa: E402
from edge.search.routes import ROUTES as SEARCH_ROUTES  # noqa: E402
from edge.shopper.routes import ROUTES as SHOPPER_ROUTES  # noqa: E402
from infra.caching.node import node_cache  # noqa: E402
from node.errors import RialtoError  # noqa: E402
from sync.link import link  # noqa: E402
from sync.store.writer import reader, writer  # noqa: E402
from sync.threads import spare_the_collector, take_short_turns  # noqa: E402

logger = logging.getLogger("edge")
#: a line per request at DEBUG: what kind of page, never which order, token, cart or address
access = logging.getLogger("edge.access")
SignalHandler = Callable[[int, FrameType | None], Any]

ROUTES = (
    PREVIEW_ROUTES
    | CART_ROUTES
    | SHOPPER_ROUTES
    | ACCOUNT_ROUTES
    | CHECKOUT_ROUTES
    | API_ROUTES
    | SEARCH_ROUTES
    | SEEN_ROUTES
    | PLACES_ROUTES
)
#: of a refused body, what is still let come in (and dropped) so that its sender hears why
MAX_DROPPED = 16 * 1024 * 1024
DJANGO = ("/order/", "/_r/order/")
#: pages that are routes: an address of theirs asked for in another way is no page of goods
PAGES = ("/cart", "/checkout", "/account", "/search")
LIVE = ("GET", "/_r/live")
HEALTH = ("GET", "/_r/health")
_django = Capped(ASGIHandler(), MAX_BODY)  # a larger body would be spooled to the disk


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        if access.isEnabledFor(logging.DEBUG):
            await _logged(scope, receive, send)
        else:
            await _http(scope, receive, send)


async def _logged(scope: Scope, receive: Receive, send: Send) -> None:
    began, status = time.perf_counter(), 0

    async def noting(message: dict[str, object]) -> None:
        nonlocal status
        status = int(str(message.get("status", status)))
        await send(message)

    try:
        await _http(scope, receive, noting)
    finally:
        took = (time.perf_counter() - began) * 1000
        access.debug("%s %s %s %.0f ms", scope["method"], _kind_of(scope["path"]), status or "-", took)


def _kind_of(path: str) -> str:
    """An address without what names a person's things: an order's page is found by a secret in it."""
    if path == "/" or path == "/_r/live" or any(path == known for _, known in ROUTES):
        return path
    first = path.split("/", 2)[1]
    return f"/{first}/*" if first in ("_m", "_r", "static", "c", "p", "order", "checkout") else "/*"


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    scope = within(scope)
    path, method = scope["path"], scope["method"]
    if method == "HEAD" and path in PAGES:  # the server sends the head alone
        method = "GET"
    if path.startswith("/_m/"):
        await pictures.serve(scope, receive, send)
    elif path.startswith("/static/"):
        await static.serve(scope, receive, send)
    elif path == "/_r/health" and method in ("GET", "HEAD"):
        await json_response({"ok": True, "link": link.status()["is_up"]}).send(send, None)
    elif wait := rates.seconds_to_wait(scope):
        await _too_many(scope, send, wait)
    elif (handler := ROUTES.get((method, path))) or (method, path) == LIVE:
        await _own(scope, receive, send, handler)
    elif path.startswith(DJANGO):
        await _by_django(scope, receive, send)
    elif path.startswith("/_r/") or path in PAGES:
        await _refuse(send, path)
    else:
        await serving.serve(scope, receive, send)


async def _own(scope: Scope, receive: Receive, send: Send, handler: object) -> None:
    request = Request(scope, receive)
    site = site_at(scope)
    if site is None or not site.is_active:
        await wire.page(scope, send, unknown_host_page(), wire.NO_STORE)
        return
    if address := redirects.own_address(scope, site):
        await wire.redirect(scope, send, 308, address)
        return
    try:
        if scope["path"] == "/_r/live":
            await stream(request, send)
            return
        answer: Response = await handler(request)  # type: ignore[operator]
    except TooLarge as error:
        answer = error_response(error, site)
        # A client that sends all before it listens would be reset and never hear the answer, so the server drops the
        # rest unread by us; only where there is too much of it, or nobody knows how much, is the line closed.
        if not 0 < request.declared_length <= MAX_DROPPED:
            answer.headers.append(("connection", "close"))
    except RialtoError as error:
        answer = error_response(error, site)
    except Exception:
        logger.exception("%s %s failed", scope["method"], scope["path"])
        page = failed_page(site)
        await wire.page(scope, send, page, [*wire.NO_STORE, *wire.security(site)])
        return
    await answer.send(send, site)


async def _by_django(scope: Scope, receive: Receive, send: Send) -> None:
    site = site_at(scope)
    if site is None:
        await wire.page(scope, send, unknown_host_page(), wire.NO_STORE)
    elif address := redirects.own_address(scope, site):
        await wire.redirect(scope, send, 308, address)
    else:
        await _django(scope, receive, _unkept(send))


def _unkept(send: Send) -> Send:
    """What a view says nothing of is nobody's to keep: a 404 of Django's own, an error."""

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not any(
            name.lower() == b"cache-control" for name, _ in message["headers"]
        ):
            message = {**message, "headers": [*message["headers"], *wire.NO_STORE]}
        await send(message)

    return sent


async def _refuse(send: Send, path: str) -> None:
    allowed = ", ".join(method for method, known in (*ROUTES, LIVE, HEALTH) if path == known)
    status, word = (405, "method_not_allowed") if allowed else (404, "not_found")
    answer = json_response({"error": word, "message": "there is nothing at this address"}, status)
    answer.headers += [("allow", allowed)] if allowed else []
    await answer.send(send, None)


async def _too_many(scope: Scope, send: Send, wait: int) -> None:
    site = site_at(scope)
    answer = error_response(rates.TooMany("slow down", retry_after=wait), site)
    answer.headers.append(("retry-after", str(wait)))
    await answer.send(send, site)


# --- life --------------------------------------------------------------------------------------------------------


async def _lifespan(receive: Receive, send: Send) -> None:
    sweeper: asyncio.Task[None] | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                sweeper = await _start()
            except Exception as error:
                logger.exception("the edge could not start")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if sweeper:
                await _stop(sweeper)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _start() -> asyncio.Task[None]:
    take_short_turns()
    node_cache().begin_telling()
    await reader.run(words.load)
    live.start()
    _end_streams_on_signal()
    pictures.fetcher.wake()
    forgetting.forgetter.start()
    foreman.start(queue_changes, queue_links)
    await link.start()
    await keeper.start()
    limits.start()
    watch.start()
    await indexer.start()
    counting.start()
    if threading.current_thread() is threading.main_thread():  # else a server of a test, beside whatever it keeps
        spare_the_collector()
    return asyncio.create_task(_sweep(), name="cart-interest")


async def _stop(sweeper: asyncio.Task[None]) -> None:
    sweeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sweeper
    live.stop()
    order_live.stop()
    await watch.stop()
    await counting.stop()
    await indexer.stop()
    await limits.stop()
    await keeper.stop()
    await link.stop()
    await foreman.stop()
    with contextlib.suppress(Exception):
        await speed.tell(all_=True)
    await forgetting.forgetter.stop()
    await pictures.fetcher.stop()
    await asyncio.to_thread(writer.stop)
    await asyncio.to_thread(reader.stop)


def _end_streams_on_signal() -> None:
    """A server that is told to stop waits for its open answers, and a live stream is one that never ends by itself."""
    if threading.current_thread() is not threading.main_thread():
        return  # a server of a test; only the main thread is told of signals
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        servers = signal.getsignal(number)
        if callable(servers):
            signal.signal(number, _ending_streams_before(servers, loop))


def _ending_streams_before(handle: SignalHandler, loop: asyncio.AbstractEventLoop) -> SignalHandler:
    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(_end_streams)
        handle(number, frame)

    return told


def _end_streams() -> None:
    live.end_streams()
    order_live.stop()


async def _sweep() -> None:
    while True:
        await asyncio.sleep(60)
        live.leave_idle()
        rates.sweep()
        try:
            await hits.tell()
        except Exception:
            logger.exception("visits of old addresses could not be told")
        try:
            await speed.tell()
        except Exception:
            logger.exception("how fast pages are could not be told")
        try:
            await service.forget_old_ops()
        except Exception:
            logger.exception("old cart ops could not be forgotten")
