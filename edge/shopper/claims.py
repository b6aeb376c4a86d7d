"""A guest cart joins the cart of the customer who has signed in at its browser: asked from central, which decides.

Two shops of one browser may ask at one moment, for two people. Central gives the guest's lines to the first, under
the carts' locks, and to nobody after him; this edge does only what it is told, so a cut makes no second truth.
"""

from __future__ import annotations

from edge.cart import roots, service
from sync.contracts.cart import is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.shoppers import ClaimAsk, ClaimReply
from sync.core import cart as core
from sync.link import link

#: seconds a shopper waits for it
ASK_S = 4.0


async def claim(guest: str, customer: str) -> bool:
    """Join `guest` into the customer's cart. True: it is his now; False: it is somebody else's, and stays so.

    Raises `sync.link.LinkDown` or `RequestFailed`; then nothing has changed here.
    """
    mine, theirs = await roots.root_of(guest), await roots.root_of(customer)
    if mine == theirs:
        return True
    if is_customer_cart(mine):
        return False
    body = await link.request("cart_claim", pack(ClaimAsk(source=mine, target=theirs)), timeout=ASK_S)
    root = unpack(body, ClaimReply).root
    await service.follow_alias(mine, root)
    return root == theirs


async def is_empty(cart: str) -> bool:
    _, held = await service.held(cart)
    return core.is_empty(held)
