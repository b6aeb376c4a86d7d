"""A guest cart joins the cart of the customer who has signed in at its browser: asked from central, which decides.

Two shops of one browser may ask at one moment, for two people. Central gives the guest's lines to the first, under
the carts' locks, and to nobody after him; this edge does only what it is told, so a cut makes no second truth.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.cart import roots, service
from sync.contracts.cart import is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.shoppers import ClaimAsk, ClaimReply
from sync.core import cart as core
from sync.link import link

#: seconds a shopper waits for it
ASK_S = 4.0


@dataclass(frozen=True)
class Claimed:
    """`is_his`: the guest's lines are the customer's now; else somebody else's, and stay so.

    `is_short`: of some goods there were fewer than the two carts held, and the lines say so now.
    """

    is_his: bool
    is_short: bool = False


async def claim(guest: str, customer: str) -> Claimed:
    """Join `guest` into the customer's cart. Raises `sync.link.LinkDown` or `RequestFailed`; nothing changed then."""
    mine, theirs = await roots.root_of(guest), await roots.root_of(customer)
    if mine == theirs:
        return Claimed(True)
    if is_customer_cart(mine):
        return Claimed(False)
    _, held = await service.held(mine)
    ask = ClaimAsk(source=mine, target=theirs, state=core.encode(held))
    reply = unpack(await link.request("cart_claim", pack(ask), timeout=ASK_S), ClaimReply)
    await service.follow_alias(mine, reply.root, reply.state)
    if reply.root == theirs and reply.left:
        await service.set_units(theirs, dict(reply.left))
    return Claimed(reply.root == theirs, is_short=bool(reply.left))


async def is_empty(cart: str) -> bool:
    _, held = await service.held(cart)
    return core.is_empty(held)
