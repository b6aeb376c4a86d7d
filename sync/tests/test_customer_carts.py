"""A customer's cart is the root of whatever joins it and never joins another's; and what crosses the wire."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from sync.contracts.cart import CUSTOMER_CART, CartState, LineKey, is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.ids import new_cart_id, new_customer_cart_id
from sync.contracts.shoppers import ClaimAsk, ClaimReply, ExchangeReply, ShopperOut, WhoReply
from sync.core import cart as core

ANNA, BORIS = CUSTOMER_CART + "a" * 24, CUSTOMER_CART + "b" * 24
GUESTS = ["1" * 32, "2" * 32, "f" * 32]


def linked(*links: tuple[str, str]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for one, two in links:
        if pair := core.union(one, two, parents.get):
            parents[pair[0]] = pair[1]
    return parents


def test_a_customers_cart_is_the_root_in_whatever_order_links_arrive() -> None:
    links = [(GUESTS[0], GUESTS[1]), (GUESTS[1], ANNA), (GUESTS[2], GUESTS[0])]

    for order in permutations(links):
        parents = linked(*order)
        assert {core.root_of(cart, parents.get) for cart in [*GUESTS, ANNA]} == {ANNA}


def test_two_customers_carts_are_never_one() -> None:
    assert core.union(ANNA, BORIS, {}.get) is None
    parents = linked((GUESTS[0], ANNA), (GUESTS[0], BORIS), (GUESTS[1], BORIS), (GUESTS[0], GUESTS[1]))

    assert core.root_of(GUESTS[0], parents.get) == ANNA
    assert core.root_of(GUESTS[1], parents.get) == BORIS


def test_ids_say_whose_a_cart_is() -> None:
    assert is_customer_cart(new_customer_cart_id()) and not is_customer_cart(new_cart_id())
    assert len(new_customer_cart_id()) == len(new_cart_id()) == 32


@pytest.mark.parametrize(
    ("said", "older"),
    [
        (ClaimAsk(source="1" * 32, target=ANNA), {"source": "1" * 32, "target": ANNA}),
        (ClaimReply(root=ANNA), {"root": ANNA}),
        (ShopperOut(grants=["a"]), {"grants": ["a"]}),
        (WhoReply(is_good=True), {"is_good": True}),
    ],
)
def test_the_wire_takes_a_body_of_a_node_that_knows_less(said: msgspec.Struct, older: dict[str, object]) -> None:
    assert unpack(pack(older), type(said)) == said
    assert unpack(pack({**older, "of_tomorrow": 1}), type(said)) == said


def test_a_claims_answer_crosses_the_wire_whole() -> None:
    reply = ClaimReply(root=ANNA, state=CartState(ctx={}, cloud=[], tok=[], take=[]), left=[(LineKey("tea", "x"), 3)])

    assert unpack(pack(reply), ClaimReply) == reply
    with pytest.raises(msgspec.ValidationError):
        unpack(pack({"grant": 1}), ExchangeReply)
