"""A node writes the orders of its own shops; another one's only as a tab carried them, signed by who made them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from central.cluster import actions as cluster
from central.cluster.models import Node, Site
from central.cluster.tests.make import invite, make_request
from central.orders.models import Order
from central.orders.tests.make import make_placed
from central.orders.upstream import take_in_kept_orders, take_in_orders
from infra.crypto.signing import new_signing_key, sign
from node.realms import atomic
from sync import intake
from sync.contracts.codec import pack
from sync.contracts.frames import Op
from sync.contracts.orders import KeptOrder, PlacedOrder, kept_order_part
from sync.store.central.models import Quarantine
from sync.topics import EdgeScope
from sync.upstream import Poison

pytestmark = pytest.mark.django_db(databases=["default", "orders"])

A = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))
B = EdgeScope(node="b", epoch=1, sites=frozenset({"ink"}), groups=frozenset({"main"}))
STOLEN = EdgeScope(node="x", epoch=1, sites=frozenset({"toys"}), groups=frozenset({"other"}))


@pytest.fixture(autouse=True)
def sites() -> None:
    for name, group in (("tea", "main"), ("ink", "main"), ("toys", "other")):
        Site.objects.create(
            id=name, name=name, label=name, colour="#0b7285", origin=f"http://{name}.localhost", currency="RUB",
            theme="tea", cart_group=group,
        )  # fmt: skip


@pytest.fixture
def key() -> bytes:
    """The key of node `a`, which has joined."""
    return new_signing_key()


@pytest.fixture
def kept(key: bytes) -> KeptOrder:
    """An order of node `a` as its tab keeps it."""
    answer = cluster.join_node(make_request(invite(), key))
    placed = make_placed()
    body = pack(placed)
    return KeptOrder(id=placed.id, proof=answer, body=body, signature=sign(key, kept_order_part(body)))


def refusal(take, edge: EdgeScope, body: bytes) -> str:
    with pytest.raises(Poison) as refused, atomic("orders"):
        take(edge, [body])
    assert not Order.objects.exists()
    return str(refused.value).partition(":")[0]


def test_a_node_brings_no_order_in_anothers_name() -> None:
    assert refusal(take_in_orders, B, pack(make_placed())) == "foreign_order"


def test_a_node_brings_no_order_of_a_shop_it_does_not_serve() -> None:
    assert refusal(take_in_orders, STOLEN, pack(make_placed(edge="x"))) == "foreign_site"


def test_a_shop_that_has_moved_to_another_node_of_its_cart_group_loses_no_order() -> None:
    take_in_orders(replace(A, sites=frozenset({"ink"})), [pack(make_placed())])

    assert Order.objects.get().site == "tea"


def test_a_sister_shop_brings_an_order_that_a_tab_kept(kept: KeptOrder) -> None:
    for edge in (B, A):
        take_in_kept_orders(edge, [pack(kept)])
    take_in_orders(A, [kept.body])

    assert Order.objects.get().edge == "a"


def test_what_the_making_node_has_not_signed_is_not_taken_in(kept: KeptOrder) -> None:
    other, alien = make_placed(), new_signing_key()
    body = pack(other)
    forged = [
        msgspec.structs.replace(kept, id=other.id, body=body),
        msgspec.structs.replace(kept, id=other.id, body=body, signature=sign(alien, kept_order_part(body))),
        msgspec.structs.replace(kept, proof=msgspec.structs.replace(kept.proof, node="b")),
        msgspec.structs.replace(kept, signature=bytes(64)),
    ]

    assert {refusal(take_in_kept_orders, B, pack(one)) for one in forged} == {"not_genuine"}


def test_an_order_of_a_revoked_node_waits_for_a_person(kept: KeptOrder, key: bytes) -> None:
    Node.objects.filter(pk="a").update(state=Node.State.REVOKED)
    intake.take_ops(B, "orders", 1, [Op("kept_order", pack(kept))])
    held = Quarantine.objects.using("orders").get()
    assert (held.reason.partition(":")[0], Order.objects.count()) == ("revoked", 0)

    intake.try_quarantined(held.pk, realm="orders")

    assert str(Order.objects.get().pk.hex) == kept.id


def test_a_person_may_let_in_what_a_node_brought_unsigned() -> None:
    placed: PlacedOrder = make_placed()
    intake.take_ops(B, "orders", 1, [Op("order", pack(placed))])
    held = Quarantine.objects.using("orders").get()

    intake.try_quarantined(held.pk, realm="orders")

    assert Order.objects.get().pk.hex == placed.id
