"""What of a cart goes down: each new delta, to the edges where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from central.carts.models import Cart
from central.carts.queries import links_of
from node.realms import ORDERS
from sync.contracts.cart import CartAlias, CartDelta, CartState
from sync.contracts.codec import pack, unpack
from sync.topics import InterestTopic, register_topic


def whole_carts(carts: Sequence[str]) -> dict[str, bytes]:
    """Cart id -> a fact with all of it; for one that was linked, the alias, so that the edge asks for the other."""
    found = {
        source: pack(CartAlias(source=source, target=link.target, hlc=link.hlc, link_id=link.link_id))
        for source, link in links_of(carts).items()
    }
    for row in Cart.objects.filter(pk__in=[cart for cart in carts if cart not in found]).order_by("pk"):
        if row.state:
            found[row.pk] = pack(CartDelta(cart=row.pk, delta=unpack(bytes(row.state), CartState)))
    return found


register_topic(InterestTopic(name="cart", realm=ORDERS, schema=1, state=whole_carts))
