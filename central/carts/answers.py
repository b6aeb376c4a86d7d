"""Questions of edges about carts."""

from __future__ import annotations

from central.carts import actions
from central.carts.queries import cart_state, root_of
from central.carts.upstream import check_ids
from central.catalog.models import Offer
from central.stock.queries import stock_of
from sync.contracts.cart import CartAlias, CartDelta, LineKey, is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import card_key
from sync.contracts.shoppers import ClaimAsk, ClaimReply
from sync.core import cart as core
from sync.topics import EdgeScope
from sync.upstream import answers


@answers("cart_claim")
def claim(edge: EdgeScope, body: bytes) -> bytes:
    """The guest cart of a browser joins the cart of the customer who has signed in there, if it is still nobody's.

    Decided here, under the carts' locks: two people who sign in at two shops with one guest cart cannot both get it.
    """
    ask = unpack(body, ClaimAsk)
    check_ids(ask.source, ask.target)
    if not is_customer_cart(ask.target) or is_customer_cart(ask.source):
        return pack(ClaimReply(root=root_of(ask.source)))
    if ask.state is not None:
        # What the guest put in last may still be on its way; joined twice it is the same.
        actions.join_delta(CartDelta(cart=ask.source, delta=ask.state))
    link_id = f"claim:{ask.source}:{ask.target}"
    actions.link_carts(CartAlias(source=ask.source, target=ask.target, hlc=0, link_id=link_id))
    root = root_of(ask.source)
    if root != ask.target:
        return pack(ClaimReply(root=root))
    state = cart_state(root)
    return pack(ClaimReply(root=root, state=core.encode(state), left=_short(core.lines(state))))


def _short(lines: list[core.Line]) -> list[tuple[LineKey, int]]:
    """Lines of more units than are unsold, and how many those are. What is sold out stays: checkout says so."""
    by_card = {card_key(line.key.site, line.key.sku, line.key.options): line for line in lines}
    offers = dict(Offer.objects.filter(card_key__in=by_card).values_list("card_key", "variant"))
    stock = stock_of(offers.values())
    left = {card: stock[variant].total for card, variant in offers.items()}
    return [(by_card[card].key, units) for card, units in left.items() if 0 < units < by_card[card].quantity]
