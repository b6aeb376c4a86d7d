"""Questions of edges about carts."""

from __future__ import annotations

from central.carts import actions
from central.carts.queries import root_of
from central.carts.upstream import check_ids
from sync.contracts.cart import CartAlias, is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.shoppers import ClaimAsk, ClaimReply
from sync.topics import EdgeScope
from sync.upstream import answers


@answers("cart_claim")
def claim(edge: EdgeScope, body: bytes) -> bytes:
    """The guest cart of a browser joins the cart of the customer who has signed in there, if it is still nobody's.

    Decided here, under the carts' locks: two people who sign in at two shops with one guest cart cannot both get it.
    """
    ask = unpack(body, ClaimAsk)
    check_ids(ask.source, ask.target)
    if is_customer_cart(ask.target) and not is_customer_cart(ask.source):
        link_id = f"claim:{ask.source}:{ask.target}"
        actions.link_carts(CartAlias(source=ask.source, target=ask.target, hlc=0, link_id=link_id))
    return pack(ClaimReply(root=root_of(ask.source)))
