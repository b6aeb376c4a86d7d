"""GET and POST /_r/cart, POST /_r/cart/form, and the cart's page.

Errors are JSON {"error": code word, "message": a sentence in the shop's language}; nothing is half applied.
"""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext
from msgspec import Raw

from edge.api.contracts import Ops
from edge.cart import service
from edge.cart.errors import NoHandle
from edge.cart.roots import root_of
from edge.cart.view import View, empty_view, shown, view_of
from edge.http import BadRequest, Request, Response, json_response, local_path, redirect
from edge.live import carts as live
from edge.shopper import session
from node.errors import RialtoError
from sites import urls
from sites.rendering import language_of, render_page
from sync.contracts.cart import CartOp, Dot, LineKey
from sync.contracts.documents import SiteDoc
from sync.contracts.ids import new_client_id
from sync.core import cart as core
from sync.store.writer import reader


async def get_cart(request: Request) -> Response:
    cart = await session.cart_of(request.cookies, request.site)
    if cart is None:
        return json_response(empty_view(request.site))
    live.follow(cart)
    return Response(200, (await shown(cart, request.site))[1])


async def post_ops(request: Request) -> Response:
    """Ops in; out, after the fsync, the view and how far each dot has come: "edge", or "central" too."""
    request.check_same_origin()
    asked = await request.json(Ops)
    cart = await session.cart_of(request.cookies, request.site)
    if cart is None:
        raise NoHandle("ask for a handle first: POST /_r/session")
    taken = await service.take_ops(cart, asked.ops, group=group_of(request.site))
    root = await root_of(cart)
    live.follow(root)
    version, view = await shown(root, request.site)
    return json_response({"version": version, "view": Raw(view), "acks": taken.acks})


async def post_form(request: Request) -> Response:
    """Add, set or remove without JavaScript: one form, then back to a page."""
    request.check_same_origin()
    form, site = await request.form(), request.site
    cart, headers = await session.cart_of(request.cookies, site), []
    if cart is None:
        handle, cart = await session.new_handle(site)
        headers.append(session.set_cookie(site, handle))
    op = await _form_op(cart, form)
    if op:
        await service.take_ops(cart, [op], group=group_of(site))
    return redirect(local_path(form.get("next", ""), urls.at(request.site, urls.cart())), headers)


async def _form_op(cart: str, form: dict[str, str]) -> CartOp | None:
    key = LineKey(form.get("site", ""), form.get("sku", ""), form.get("options", ""))
    action, price_ref = form.get("action", "add"), _whole(form, "price_ref", 0)
    if action == "add":
        return CartOp(
            dot=Dot(new_client_id(), 1), kind="add", key=key, units=_whole(form, "units", 1), price_ref=price_ref
        )
    if action not in ("set", "remove"):
        raise BadRequest("action is add, set or remove")
    wanted = 0 if action == "remove" else _whole(form, "units", 1)
    if not 0 <= wanted <= core.MAX_UNITS:
        raise core.BadUnits(f"units are 1 to {core.MAX_UNITS}", units=wanted)
    return await reader.run(lambda: service.set_line(cart, key, wanted, price_ref=price_ref))


def _whole(form: dict[str, str], name: str, otherwise: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return otherwise
    try:
        return int(text)
    except ValueError as error:
        raise BadRequest(f"{name} is a whole number") from error


async def cart_page(request: Request) -> Response:
    """The cart as a page of its own, whole without JavaScript. It is this shopper's, so nobody keeps a copy."""
    site = request.site
    view = await _view(request)
    flash = flash_text(await session.take_flash(request.cookies, site), site)
    html = await reader.run(lambda: render_page(site, "cart", {"cart": view, "flash": flash}))
    return Response(200, html.encode(), kind="text/html; charset=utf-8")


async def _view(request: Request) -> View:
    site = request.site
    cart = await session.cart_of(request.cookies, site)
    if cart is None:
        return empty_view(site)
    live.follow(cart)
    return await view_of(cart, site)


def flash_text(flash: str, site: SiteDoc) -> str:
    """What to tell the shopper once, in the shop's language."""
    from edge.replica.sites import site as site_by_id

    kind, _, source = flash.partition(":")
    shop = site_by_id(source) if source else None
    with translation.override(language_of(site)):
        texts = {
            "joined": gettext("Your carts are one now: what you chose at “%(shop)s” has been added."),
            "apart": gettext(
                "Your cart from “%(shop)s” waits there: it joins this one when the connection to our office is back."
            ),
            "merged": gettext("You are signed in. What was in the cart here is in yours now."),
            "fewer": gettext(
                "Your carts are one now. Of some goods fewer are left than you had chosen: see the quantities."
            ),
            "out": gettext("You are signed out, and this browser has a fresh cart. Yours waits in your account."),
        }
        return texts.get(kind, "") % {"shop": shop.name if shop else source}


def group_of(site: SiteDoc) -> str:
    return site.group


def error_text(error: RialtoError, site: SiteDoc | None) -> str:
    """The sentence for the shopper; what we have no sentence for is said as a fault of the page."""
    with translation.override(language_of(site) if site else "en"):
        texts = {
            "unknown_sku": gettext("This item is not sold here any more."),
            "bad_units": gettext("Please enter a quantity from 1 to 999."),
            "cart_full": gettext("The cart is full. Please order what is in it, or remove something."),
            "dot_conflict": gettext("The page is out of step with the cart. Please reload it."),
            "too_many_ops": gettext("Too many changes at once. Please try again."),
            "too_large": gettext("This is more than the shop can take at once."),
            "cross_site": gettext("This request did not come from a page of this shop."),
            "no_handle": gettext("The shop does not know this browser yet. Please reload the page."),
            "no_such_shop": gettext("There is no such shop beside this one."),
            "too_many_requests": gettext("That was too quick. Please wait a moment and try again."),
            "no_shop": gettext("No shop of ours answers to this name."),
        }
        return texts.get(error.code, gettext("The page sent something the shop does not understand. Please reload it."))


def error_response(error: RialtoError, site: SiteDoc | None) -> Response:
    data = {key: value for key, value in error.data.items() if isinstance(value, str | int | list | dict)}
    return json_response(
        {"error": error.code, "message": error_text(error, site), **data},
        error.status,
        [("x-rialto-error", error.code)],
    )


ROUTES = {
    ("GET", "/_r/cart"): get_cart,
    ("POST", "/_r/cart"): post_ops,
    ("POST", "/_r/cart/form"): post_form,
    ("GET", "/cart"): cart_page,
}
