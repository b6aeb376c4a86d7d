"""What of a cart goes down: each new delta, to the edges where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from central.carts.queries import links_of, states_of
from node.realms import ORDERS
from sync.contracts.cart import CartAlias, CartDelta, CartState
from sync.contracts.codec import pack, unpack
from sync.topics import InterestTopic, register_topic


def whole_carts(carts: Sequence[str]) -> dict[str, bytes]:
    """Cart id -> a fact with all of it; for one that was linked, the alias, so that the edge asks for the other."""
    found = {
        source: pack(CartAlias(source=source, target=target, hlc=hlc, link_id=link_id))
        for source, target, hlc, link_id in links_of(carts)
    }
    for cart, state in states_of([cart for cart in carts if cart not in found]).items():
        if state:
            found[cart] = pack(CartDelta(cart=cart, delta=unpack(state, CartState)))
    return found


register_topic(InterestTopic(name="cart", realm=ORDERS, schema=1, state=whole_carts))
