"""Ops of two edges are taken in at one moment, and what they lock is the same: they wait, and never in a ring."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from central.cluster.models import Site
from central.orders.models import Order
from central.orders.tests.make import make_line, make_placed
from sync import intake
from sync.contracts.cart import CartAlias, CartDelta, CartState
from sync.contracts.codec import pack
from sync.contracts.frames import Op
from sync.contracts.ids import new_cart_id
from sync.discover import load_central
from sync.topics import EdgeScope

pytestmark = [pytest.mark.django_db(databases=["default", "orders"], transaction=True), pytest.mark.slow]

ROUNDS = 25


@pytest.fixture(autouse=True)
def sites() -> None:
    load_central()
    Site.objects.create(
        id="tea", name="tea", label="tea", colour="#0b7285", origin="http://tea.localhost", currency="RUB",
        theme="tea", cart_group="main",
    )  # fmt: skip


def cart_op(cart: str, n: int) -> Op:
    delta = CartState(ctx={f"{n:016x}": 1})
    return Op("cart", pack(CartDelta(cart=cart, delta=delta)))


def order_op(edge: str, sku: str, cart: str) -> Op:
    return Op("order", pack(make_placed(make_line(sku=sku), edge=edge, cart=cart)))


def take_side_by_side(batches: dict[str, list[Sequence[Op]]]) -> None:
    """Each edge's batches one after the other, the edges' at the same moments."""
    together = Barrier(len(batches))

    def take(edge: str) -> None:
        scope, n = EdgeScope(edge, 1, frozenset({"tea"}), frozenset({"main"})), 1
        try:
            for batch in batches[edge]:
                together.wait(30)
                intake.take_ops(scope, "orders", n, batch)
                n += len(batch)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(batches)) as pool:
        list(pool.map(take, batches))


def test_orders_and_carts_in_opposite_orders() -> None:
    carts = sorted(new_cart_id() for _ in range(2))
    batches = {
        "a": [[cart_op(carts[0], n), order_op("a", "one", carts[1])] for n in range(1, ROUNDS)],
        "b": [[order_op("b", "one", carts[0]), cart_op(carts[1], n)] for n in range(ROUNDS, 2 * ROUNDS - 1)],
    }

    take_side_by_side(batches)

    assert Order.objects.count() == 2 * (ROUNDS - 1)


def test_links_and_carts_in_opposite_orders() -> None:
    pairs = [sorted(new_cart_id() for _ in range(2)) for _ in range(ROUNDS)]

    def link(n: int) -> Op:
        least, greater = pairs[n]
        return Op("cart_alias", pack(CartAlias(source=greater, target=least, hlc=n, link_id=f"{n}")))

    batches = {
        "a": [[cart_op(pairs[n][0], n), link(n)] for n in range(1, ROUNDS)],
        "b": [[link(n), cart_op(pairs[n][0], n + ROUNDS)] for n in range(1, ROUNDS)],
    }

    take_side_by_side(batches)
