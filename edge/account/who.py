"""Who a browser is, for the header of a page: signed in, invited to continue, or a guest."""

from __future__ import annotations

import contextlib
import time
from typing import Literal

from msgspec import Struct

from edge.account import central, names
from edge.cart.roots import root_of
from edge.http import Request
from edge.shopper import session
from edge.shopper.models import Handle
from node.errors import RialtoError
from sync.contracts.cart import is_customer_cart
from sync.contracts.shoppers import WhoAsk
from sync.link import LinkDown
from sync.store.writer import reader

#: browsers forget a site that only redirects: past this the id domain must be clicked in again
SILENT_FOR_S = 45 * 86_400
#: a header is not worth a longer wait
WAIT_S = 2.0


class Who(Struct, frozen=True, kw_only=True):
    """`offer`: a hop brought the cart of somebody who was at the id domain lately: "Continue as <name>"."""

    state: Literal["guest", "offer", "in"]
    name: str = ""


GUEST = Who(state="guest")


async def who(request: Request) -> Who:
    """Asks central for the name when it is not remembered; cut off, the sign-in stands without a name."""
    site, cookies = request.site, request.cookies
    identity = await session.identity_of(cookies, site)
    if identity is None:
        return await _offer(request)
    name = names.known(identity.grant)
    if name is None:
        try:
            told = await central.who(WhoAsk(grant=identity.grant), within=WAIT_S)
        except RialtoError:
            return Who(state="in")
        if not told.is_good:
            await session.end([identity.grant])
            return GUEST
        name = told.name
        names.remember(identity.grant, name)
    return Who(state="in", name=name)


async def _offer(request: Request) -> Who:
    cart = await session.cart_of(request.cookies, request.site)
    if cart is None:
        return GUEST
    root = await root_of(cart)
    if not is_customer_cart(root):
        return GUEST
    digest = session.handle_hash(request.cookies, request.site)
    at = await reader.run(lambda: Handle.objects.filter(hash=digest).values_list("interacted", flat=True).first())
    if not at or time.time() - at / 1000 > SILENT_FOR_S:
        return GUEST
    name = names.known(root)
    if name is None:
        with contextlib.suppress(LinkDown):
            name = (await central.who(WhoAsk(cart=root), within=WAIT_S)).name
            names.remember(root, name)
    # Without central nobody can sign in, so nothing is offered.
    return GUEST if name is None else Who(state="offer", name=name)
