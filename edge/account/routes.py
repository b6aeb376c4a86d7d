"""/account and what belongs to it. All of it is `no-store`: orders come from central, and leave no trace here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from edge.account import central, signing_in
from edge.account.errors import CannotSignIn
from edge.account.who import who
from edge.cart.routes import flash_text
from edge.http import Request, Response, json_response, local_path, redirect
from edge.shopper import session
from node.errors import RialtoError
from sites import urls
from sites.money import format_money
from sites.rendering import language_of, render_page
from sync.contracts.codec import pack
from sync.contracts.shoppers import AccountLine, AccountOrder, ShopperLeft
from sync.link import LinkDown, RequestFailed
from sync.store.edge.outbox import enqueue
from sync.store.writer import reader, writer


async def get_who(request: Request) -> Response:
    return json_response(await who(request))


async def account(request: Request) -> Response:
    """The orders of the account over all shops, or the way to sign in."""
    identity = await session.identity_of(request.cookies, request.site)
    flash = flash_text(await session.take_flash(request.cookies, request.site), request.site)
    if identity is None:
        return await _page(request, "account_guest", {"offer": await who(request), "flash": flash})
    try:
        found = await central.orders(identity.grant, _number(request.query.get("page", "1")))
        addresses = await central.addresses(request.site)
    except LinkDown:
        return await _page(request, "account_orders", {"is_cut_off": True, "flash": flash}, status=503)
    except RequestFailed as error:
        return await _ended(request, identity.grant, error)
    language = language_of(request.site)
    shown = {
        "orders": [_order(each, language) for each in found.orders],
        "page": found.page,
        "pages": found.pages,
        "previous": found.page - 1 if found.page > 1 else 0,
        "next": found.page + 1 if found.page < found.pages else 0,
        "profile": f"{addresses.profile}?shop={request.site.id}",
        "flash": flash,
    }
    return await _page(request, "account_orders", shown)


async def account_order(request: Request) -> Response:
    identity = await session.identity_of(request.cookies, request.site)
    if identity is None:
        return redirect(urls.at(request.site, "/account"))
    try:
        found = await central.order(identity.grant, request.query.get("id", ""))
    except LinkDown:
        return await _page(request, "account_orders", {"is_cut_off": True}, status=503)
    except RequestFailed as error:
        if error.code == "unknown_order":
            return await _page(request, "not_found", {}, status=404)
        return await _ended(request, identity.grant, error)
    language = language_of(request.site)
    shown = {
        "order": _order(found.order, language),
        "lines": [_line(each, language) for each in found.lines],
        "delivery_title": found.delivery_title,
        "delivery_text": format_money(found.delivery_price, found.order.currency, language),
    }
    return await _page(request, "account_order", shown)


async def begin(request: Request) -> Response:
    """To the id domain. Only a click on a page of this shop leads there; any other way gets the page with the button.

    `silent=1`: the "Continue as ..." button.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return redirect(urls.at(request.site, "/account"))
    account_path = urls.at(request.site, "/account")
    path = local_path(request.query.get("next", account_path), account_path)
    try:
        address, headers = await signing_in.begin(request, path, silent=request.query.get("silent") == "1")
    except (LinkDown, RequestFailed):
        return await _page(request, "account_cut", {}, status=503)
    return redirect(address, headers)


async def come_back(request: Request) -> Response:
    try:
        path, headers = await signing_in.finish(request)
    except LinkDown:
        return await _page(request, "account_cut", {}, status=503)
    except CannotSignIn as error:
        answer = await _page(request, "account_again", {}, status=error.status)
        answer.headers.append(("x-rialto-error", error.code))
        return answer
    return redirect(path, headers)


async def sign_out(request: Request) -> Response:
    """A fresh cart for this browser in this shop; with everywhere=1 every sign-in of the account ends.

    Cut off, it is done here at once and told to central when the link is back. A guest gets a fresh cart too: on a
    shared computer a hop may have brought the cart of somebody else.
    """
    request.check_same_origin()
    everywhere = (await request.form()).get("everywhere") == "1"
    identity = await session.identity_of(request.cookies, request.site)
    if identity is not None:
        left = pack(ShopperLeft(grant=identity.grant, everywhere=everywhere))
        await writer.run(lambda: enqueue("customers", "shopper_left", left))
    cookie = await session.replace_handle(request.cookies, request.site, flash="out:")
    return redirect(urls.at(request.site, "/account"), [cookie])


async def _ended(request: Request, grant: str, error: RialtoError) -> Response:
    """Central knows this sign-in no more, or cannot answer."""
    if error.code not in ("ended", "no_grant"):
        return await _page(request, "account_orders", {"is_cut_off": True}, status=503)
    await session.end([grant])
    return redirect(urls.at(request.site, "/account"))


async def _page(request: Request, name: str, context: dict[str, Any], status: int = 200) -> Response:
    site = request.site
    html = await reader.run(lambda: render_page(site, name, context))
    return Response(status, html.encode(), kind="text/html; charset=utf-8")


def _order(order: AccountOrder, language: str) -> dict[str, Any]:
    placed = datetime.fromtimestamp(order.placed_at / 1000, UTC)
    return {
        "id": order.id,
        "number": order.number,
        "label": order.site_label,
        "placed": placed,
        "total": format_money(order.total, order.currency, language),
        "status": order.status.get(language) or order.status.get("en", ""),
        "is_final": order.is_final,
        "pay_url": order.pay_url,
    }


def _line(line: AccountLine, language: str) -> dict[str, Any]:
    return {
        "title": line.title,
        "options": line.options_title,
        "units": line.units,
        "sum": format_money(line.sum, line.currency, language),
        "label": line.site_label,
        "pending": line.pending,
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0 else 1


ROUTES = {
    ("GET", "/_r/who"): get_who,
    ("GET", "/account"): account,
    ("GET", "/account/order"): account_order,
    ("GET", "/account/in"): begin,
    ("GET", "/account/return"): come_back,
    ("POST", "/account/out"): sign_out,
}
