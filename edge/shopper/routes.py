"""POST /_r/session, POST /_r/hop, GET /_r/bring, GET /_r/land."""

from __future__ import annotations

import msgspec

from edge.cart import service
from edge.cart.routes import group_of
from edge.http import Request, Response, local_path, redirect
from edge.shopper import hop, session
from node.errors import RialtoError
from sites import editions, urls
from sites.rendering import render_page
from sync.contracts.cart import CartOp
from sync.contracts.documents import SiteDoc
from sync.store.writer import reader


async def make_session(request: Request) -> Response:
    """A handle for a browser that has none; 204 when it has one that is good."""
    request.check_same_origin()
    if await session.cart_of(request.cookies, request.site):
        return Response(204)
    handle, _ = await session.new_handle(request.site)
    return Response(204, headers=[session.set_cookie(request.site, handle)])


async def leave(request: Request) -> Response:
    """Form {to, path, ops}: `ops` is the JSON of what the tab has not got acknowledged yet."""
    request.check_same_origin()
    form = await request.form()
    sister = hop.sister_of(request.site, form.get("to", ""))
    cart = await session.cart_of(request.cookies, request.site)
    headers = []
    if pending := _pending(form.get("ops", "")):
        if cart is None:
            handle, cart = await session.new_handle(request.site)
            headers.append(session.set_cookie(request.site, handle))
        await _take_pending(cart, pending, request.site)
    address = await hop.address_at(
        request.site,
        sister,
        cart,
        form.get("path", urls.at(sister, urls.home())),
        interacted=await _interacted(request),
    )
    return redirect(address, [*headers, ("referrer-policy", "origin")])


async def bring(request: Request) -> Response:
    """A click in the sister shop `to` asks for the cart of this one. A click that cannot be told is asked for again."""
    sister = hop.sister_of(request.site, request.query.get("to", ""))
    path = local_path(request.query.get("path", ""), urls.at(sister, urls.cart()))
    if hop.is_from(request.headers, editions.origins_of(sister)):
        cart = await session.cart_of(request.cookies, request.site)
        address = await hop.address_at(request.site, sister, cart, path, interacted=await _interacted(request))
        return redirect(address, [("referrer-policy", "origin")])
    return await _ask_again(request.site, sister, path)


async def _interacted(request: Request) -> int:
    """When whoever is signed in here was last at the id domain, 0 for a guest."""
    identity = await session.identity_of(request.cookies, request.site)
    return identity.interacted if identity else 0


async def _ask_again(site: SiteDoc, sister: SiteDoc, path: str) -> Response:
    html = await reader.run(lambda: render_page(site, "bring", {"sister": sister, "next": path}))
    return Response(200, html.encode(), kind="text/html; charset=utf-8")


async def arrive(request: Request) -> Response:
    """The token's end: the cookie is set and the address is clean again. Refused, the shop opens without it."""
    path = local_path(request.query.get("to", ""), urls.at(request.site, urls.home()))
    headers = [("referrer-policy", "origin")]
    try:
        headers += await hop.land(request, request.query.get("t", ""))
    except hop.HopRefused as error:
        hop.log_refusal(request, error)
        headers.append(("x-rialto-error", error.code))
    return redirect(path, headers)


def _pending(text: str) -> list[CartOp]:
    try:
        return msgspec.json.decode(text, type=list[CartOp]) if text else []
    except msgspec.DecodeError:
        return []  # a hop is never held up by what it cannot take along: the tab still has it


async def _take_pending(cart: str, ops: list[CartOp], site: SiteDoc) -> None:
    try:
        await service.take_ops(cart, ops, group=group_of(site))
    except RialtoError:
        return


ROUTES = {
    ("POST", "/_r/session"): make_session,
    ("POST", "/_r/hop"): leave,
    ("GET", "/_r/bring"): bring,
    ("GET", "/_r/land"): arrive,
}
