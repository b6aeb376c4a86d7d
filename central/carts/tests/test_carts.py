"""Central's cart is the join of every delta that came: the same bytes as any edge's that saw the same."""

from __future__ import annotations

from itertools import permutations

import pytest

from central.carts import actions
from central.carts.models import Cart, CartLink
from central.carts.queries import cart_lines, cart_state, root_of
from central.carts.topics import whole_carts
from central.carts.upstream import take_in_alias, take_in_deltas
from node.realms import atomic
from sync.contracts.cart import CartAlias, CartDelta, CartFact, Dot, LineKey, Taking
from sync.contracts.codec import pack, unpack
from sync.core import cart as core
from sync.store.central.models import Outbox
from sync.topics import EdgeScope
from sync.upstream import Poison

pytestmark = pytest.mark.django_db(databases=["orders"])

EDGE = EdgeScope(node="a", epoch=1, sites=frozenset(), groups=frozenset({"main"}))
TEA, CUP = LineKey("tea", "T-1"), LineKey("clay", "C-1")
CART, OTHER = "a" * 32, "b" * 32


def dot(client: str, seq: int = 1) -> Dot:
    return Dot(client * 16, seq)


def delta(state: core.Cart, cart: str = CART) -> CartDelta:
    return CartDelta(cart=cart, delta=core.encode(state))


def facts() -> list[CartFact]:
    rows = Outbox.objects.using("orders").filter(topic="cart").order_by("id")
    return [unpack(bytes(row.body), CartFact) for row in rows]


def history() -> list[core.Cart]:
    put = core.add(dot("1"), TEA, 3, hlc=1)
    return [
        put,
        core.add(dot("2"), CUP, 1, hlc=2),
        core.dec(dot("3"), [Taking(dot("1"), put.tokens[dot("1")], 2)]),
        core.remove(dot("4"), [dot("2")]),
    ]


def test_in_any_order_it_is_byte_for_byte_the_edges_cart() -> None:
    at_the_edge = core.cart_bytes(core.joined(history()))
    for number, order in enumerate(permutations(history())):
        cart = f"{number:032x}"
        for one in order:
            take_in_deltas(EDGE, [pack(delta(one, cart))])

        assert bytes(Cart.objects.get(pk=cart).state) == at_the_edge


def test_many_at_once_come_to_the_same_as_one_after_the_other() -> None:
    together, alone = ("c" * 32, "d" * 32), ("e" * 32, "f" * 32)

    def mixed(carts: tuple[str, str]) -> list[bytes]:
        return [pack(delta(one, cart)) for one in [*history(), history()[0]] for cart in carts]

    take_in_deltas(EDGE, mixed(together))
    told = facts()
    for body in mixed(alone):
        take_in_deltas(EDGE, [body])

    for one, other in zip(together, alone, strict=True):
        made, wanted = Cart.objects.get(pk=one), Cart.objects.get(pk=other)
        assert (bytes(made.state), made.ver, made.units, made.sites) == (
            bytes(wanted.state),
            wanted.ver,
            wanted.units,
            wanted.sites,
        )
    assert told == [unpack(body, CartFact) for body in mixed(together)[:-2]]  # the repeat said nothing new


def test_many_at_once_follow_the_links_there_are() -> None:
    actions.link_carts(CartAlias(source=OTHER, target=CART, hlc=1, link_id="l"))

    joined = actions.join_deltas(
        [
            delta(core.add(dot("1"), TEA, 1), OTHER),
            delta(core.add(dot("2"), TEA, 2), CART),
            delta(core.add(dot("3"), CUP, 1), "c" * 32),
        ]
    )

    assert [one.cart for one in joined] == [CART, CART, "c" * 32]
    assert {line.key: line.quantity for line in cart_lines(OTHER)} == {TEA: 3}


def test_a_repeat_says_nothing_new_and_is_not_sent_on() -> None:
    for _ in range(3):
        take_in_deltas(EDGE, [pack(delta(history()[0]))])

    assert Cart.objects.get().ver == 1
    assert facts() == [delta(history()[0])]


def test_a_linked_cart_is_joined_into_the_lesser_and_late_ops_follow() -> None:
    actions.join_delta(delta(core.add(dot("1"), TEA, 1), CART))
    actions.join_delta(delta(core.add(dot("2"), CUP, 2), OTHER))

    take_in_alias(EDGE, pack(CartAlias(source=OTHER, target=CART, hlc=5, link_id=f"{OTHER}:{CART}")))
    actions.join_delta(delta(core.add(dot("3"), TEA, 4), OTHER))

    assert {line.key: line.quantity for line in cart_lines(OTHER)} == {TEA: 5, CUP: 2}
    assert cart_state(OTHER) == cart_state(CART)
    alias, moved, late = facts()[2:]
    assert (alias, moved.cart, late.cart) == (
        CartAlias(source=OTHER, target=CART, hlc=5, link_id=f"{OTHER}:{CART}"),
        CART,
        CART,
    )


def test_a_link_may_come_again_or_the_wrong_way_round() -> None:
    for source, target in ((OTHER, CART), (OTHER, CART), (CART, OTHER)):
        actions.link_carts(CartAlias(source=source, target=target, hlc=1, link_id="l"))

    assert list(CartLink.objects.values_list("source", "target")) == [(OTHER, CART)]


def test_the_root_of_many_links_is_the_least_id_in_any_order() -> None:
    for number, order in enumerate(permutations([(0, 1), (1, 2), (2, 3)])):
        ids = [f"a{number:029x}{place:02x}" for place in range(4)]
        for one, two in order:
            actions.link_carts(CartAlias(source=ids[two], target=ids[one], hlc=1, link_id="l"))
        for place, cart in enumerate(ids):
            actions.join_delta(delta(core.add(dot(str(place)), TEA, 1), cart))

        assert {root_of(cart) for cart in ids} == {ids[0]}
        assert core.quantity(cart_state(ids[3]), TEA) == 4


def test_one_dot_with_two_payloads_raises_an_alarm_and_the_cart_goes_on() -> None:
    actions.join_delta(delta(core.add(dot("1"), TEA, 1)))

    actions.join_delta(delta(core.add(dot("1"), TEA, 2)))

    assert Cart.objects.get().alarms == 1
    assert core.quantity(cart_state(CART), TEA) == 1


def test_who_subscribes_gets_the_whole_cart_or_the_alias() -> None:
    actions.join_delta(delta(core.joined(history())))
    actions.link_carts(CartAlias(source=OTHER, target=CART, hlc=1, link_id="l"))

    bodies = whole_carts([CART, OTHER, "c" * 32])

    whole = unpack(bodies[CART], CartFact)
    assert isinstance(whole, CartDelta) and core.decode(whole.delta) == core.joined(history())
    assert unpack(bodies[OTHER], CartFact) == CartAlias(source=OTHER, target=CART, hlc=1, link_id="l")
    assert set(bodies) == {CART, OTHER}


@pytest.mark.parametrize("body", [b"\xc1", pack({"cart": 1}), pack(delta(core.EMPTY, "short"))])
def test_what_is_no_delta_is_poison(body: bytes) -> None:
    with pytest.raises(Poison), atomic("orders"):
        take_in_deltas(EDGE, [body])

    assert not Cart.objects.exists()


def test_what_is_no_alias_is_poison() -> None:
    with pytest.raises(Poison):
        take_in_alias(EDGE, pack(CartAlias(source="x", target=CART, hlc=1, link_id="l")))
