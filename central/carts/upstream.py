"""Cart facts from edges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from central.carts import actions
from node.realms import ORDERS
from sync.contracts.cart import CartAlias, CartDelta
from sync.contracts.codec import unpack
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, receives, receives_many

T = TypeVar("T", CartDelta, CartAlias)

_CART_ID = re.compile(r"[0-9a-f]{32}")


def _locks(bodies: Sequence[bytes]) -> dict[Lock, set[str]]:
    carts = {_unpacked(body, CartDelta).cart for body in bodies}
    check_ids(*carts)
    return {actions.CARTS: carts}


def _locks_of_links(bodies: Sequence[bytes]) -> dict[Lock, set[str]]:
    facts = [_unpacked(body, CartAlias) for body in bodies]
    carts = {cart for fact in facts for cart in (fact.source, fact.target)}
    check_ids(*carts)
    return {actions.LINKS: {"all"}, actions.CARTS: carts}


@receives_many("cart", realm=ORDERS, locks=_locks)
def take_in_deltas(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    facts = [_unpacked(body, CartDelta) for body in bodies]
    check_ids(*(fact.cart for fact in facts))
    actions.join_deltas(facts)


@receives("cart_alias", realm=ORDERS, locks=_locks_of_links)
def take_in_alias(edge: EdgeScope, body: bytes) -> None:
    fact = _unpacked(body, CartAlias)
    check_ids(fact.source, fact.target)
    if len(fact.link_id) > 128:
        raise Poison("a link's id is too long")
    actions.link_carts(fact)


def _unpacked(body: bytes, kind: type[T]) -> T:
    try:
        return unpack(body, kind)
    except msgspec.MsgspecError as error:
        raise Poison(f"not a {kind.__name__}") from error


def check_ids(*carts: str) -> None:
    """Raises `Poison`."""
    # The id itself is a capability and stays out of the message.
    if not all(_CART_ID.fullmatch(cart) for cart in carts):
        raise Poison("a cart's id is 32 hex digits")
