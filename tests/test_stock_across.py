"""Stock over both ends at once: central's ledger and an edge's rights, with the real code on either side of a wire.

The wire is a function call here; that the link carries each message once and in order is proved where the link is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from uuid import UUID

import pytest
from django.db import connections

from central.orders.deciding import decide
from central.orders.models import DuplicatePair
from central.orders.models import Order as CentralOrder
from central.stock import assortment, receipts
from central.stock.queries import Stock, check_balance, stock_of
from edge.cart import limits as limiting
from edge.cart import service as carts
from edge.cart.limits import Limits
from edge.cart.models import Alias, SeenOp, StoredCart
from edge.checkout.models import Counter, Kept
from edge.checkout.models import Order as EdgeOrder
from edge.checkout.tests import make
from edge.checkout.tests.conftest import Shopper, central_keys, edge_home, shop  # noqa: F401
from edge.rights import keeper as keeping
from edge.rights import service as rights
from edge.rights.models import Hold, Right
from edge.shopper import session
from edge.shopper.models import Handle
from node import config as node_config
from node.realms import ORDERS
from sync import hub
from sync.contracts.cart import Dot, LineKey
from sync.contracts.codec import unpack
from sync.contracts.frames import Op
from sync.contracts.orders import PlacedOrder
from sync.core.cart import add
from sync.discover import load_central
from sync.intake import take_ops
from sync.join import join_in_process
from sync.link import LinkDown
from sync.store.central.models import LastN, Quarantine
from sync.store.edge.models import Outgoing, OutgoingHead
from sync.store.writer import reader, writer
from sync.topics import EdgeScope
from sync.upstream import answer_of

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders", "edge"], transaction=True)

ASSAM = UUID("1" * 32)
SCOPE = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))


@pytest.fixture(autouse=True)
def all_is_offered(monkeypatch):
    """Goods here are ids without a catalogue."""
    load_central()
    monkeypatch.setattr(assortment, "_read", None)


class Wire:
    """Carries questions to central's answers and the edge's outbox into central's intake."""

    def __init__(self) -> None:
        self.is_up = True
        #: so many connections will break after central has decided and before it is heard
        self.breaks = 0

    async def comes_back(self, *, within: float) -> bool:
        return self.is_up

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        answer = answer_of(kind)
        if not self.is_up or answer is None:
            raise LinkDown
        said = await asyncio.to_thread(_closing, lambda: answer(SCOPE, body))
        if self.breaks:
            self.breaks -= 1
            raise LinkDown
        return said

    async def deliver(self, edge: EdgeScope = SCOPE, waiting: list[tuple[int, str, bytes]] | None = None) -> None:
        """Everything the edge has to say reaches central, some of it twice."""
        waiting = await reader.run(_outbox) if waiting is None else waiting

        def take_in() -> None:
            for n, kind, body in waiting:
                for _ in range(random.Random(n).choice((1, 2))):
                    take_ops(edge, ORDERS, n, [Op(kind, body)])

        await at_central(take_in)


def _outbox() -> list[tuple[int, str, bytes]]:
    rows = Outgoing.objects.filter(realm=ORDERS).order_by("n").values_list("n", "kind", "body")
    return [(n, kind, bytes(body)) for n, kind, body in rows]


def _closing(work):
    try:
        return work()
    finally:
        connections.close_all()


@pytest.fixture
def wire(shop, monkeypatch):  # noqa: F811
    load_central()
    wire = Wire()
    monkeypatch.setattr(keeping, "link", wire)
    monkeypatch.setattr(limiting, "link", wire)
    monkeypatch.setattr(hub, "tell", lambda node, kind, body: writer.submit(lambda: _recalled(body)))
    return wire


def _recalled(body: bytes) -> None:
    from sync.contracts.stock import Recall

    rights.give_back(unpack(body, Recall).wanted)


async def at_central(work):
    return await asyncio.to_thread(_closing, work)


async def buy(number: int, units: int) -> int:
    cart = f"{number:032x}"
    await carts.join_state(cart, add(Dot(f"{number:016x}", 1), LineKey("tea", "assam"), units, price_ref=1, hlc=1))
    shopper = Shopper(await make.cookie(cart))
    return (await shopper.buy((await shopper.get("/_r/checkout")).json()["quote"])).status_code


def _unsold_here() -> int:
    return sum(right.units - right.sold - right.returned for right in Right.objects.all())


@pytest.mark.slow
async def test_many_shoppers_at_once_buy_no_more_than_there_is(wire):
    await at_central(lambda: receipts.receive_stock({ASSAM: 60}, who="anna"))
    await keeping.Keeper().round()
    assert await reader.run(lambda: rights.free_units([ASSAM.hex])) == {ASSAM.hex: 3}  # idle: a twentieth

    codes = await asyncio.gather(*[buy(number, 1 + number % 3) for number in range(48)])
    await wire.deliver()

    bought = sum(1 + number % 3 for number, code in enumerate(codes) if code == 303)
    assert set(codes) == {303, 409}
    assert bought == 60 - await reader.run(_unsold_here)
    assert await at_central(check_balance) == []
    assert await at_central(Quarantine.objects.using("orders").count) == 0
    stock = (await at_central(lambda: stock_of([ASSAM])))[ASSAM]
    assert (stock.sold, stock.total, stock.pending) == (bought, 60 - bought, 0)
    assert await at_central(CentralOrder.objects.count) == codes.count(303)
    assert (await at_central(lambda: LastN.objects.using("orders").get(edge="a"))).n == len(await reader.run(_outbox))


async def test_cut_off_the_edge_sells_what_it_has_and_the_rest_waits_for_goods(wire):
    await at_central(lambda: receipts.receive_stock({ASSAM: 10}, who="anna"))
    await keeping.ask({ASSAM.hex: 8}, must=False, timeout=1)
    wire.is_up = False

    codes = [await buy(number, 3) for number in range(4)]

    assert codes == [303] * 4
    wire.is_up = True
    await wire.deliver()
    # 8 were this edge's; 2 lay in the pool and serve the oldest that waits; 2 wait for goods
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(sold=10, pending=2)
    await at_central(lambda: receipts.receive_stock({ASSAM: 5}, who="anna"))
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(total=3, pool=3, sold=12)
    assert await at_central(check_balance) == []


async def test_every_order_that_was_confirmed_is_at_central_as_the_edge_made_it(wire):
    await at_central(lambda: receipts.receive_stock({ASSAM: 50}, who="anna"))

    await asyncio.gather(*[buy(number, 2) for number in range(5)])
    await wire.deliver()
    await wire.deliver()

    made = await reader.run(
        lambda: {order.pk: unpack(bytes(order.body), PlacedOrder) for order in EdgeOrder.objects.all()}
    )
    kept = await at_central(lambda: {order.pk.hex: order.number for order in CentralOrder.objects.all()})
    assert kept == {order: placed.number for order, placed in made.items()}
    assert len(made) == 5


def _empty_disk() -> None:
    """What a shop knows of its own; what central published stays."""
    for model in (EdgeOrder, Kept, Counter, StoredCart, Alias, SeenOp, Handle, Hold, Right, Outgoing, OutgoingHead):
        model.objects.all().delete()


async def test_two_shops_that_were_cut_off_sold_one_basket_both_stand_and_one_is_doubted(
    wire,
    central_keys,  # noqa: F811
    tmp_path,
):
    await at_central(lambda: receipts.receive_stock({ASSAM: 5}, who="anna"))
    wire.is_up = False

    assert await buy(7, 2) == 303
    sold_at_a = await reader.run(_outbox)
    await writer.run(_empty_disk)
    carts.forget_all()
    session.forget_all()
    (tmp_path / "b").mkdir()
    with node_config.overridden(home=tmp_path / "b"):
        answer = make.answer_as_central(central_keys.sign, "b")
        join_in_process(tmp_path / "b", make.token(central_keys.sign), answer)
        assert await buy(7, 2) == 303  # the same tokens of the same cart, on the disk of another shop
    sold_at_b = await reader.run(_outbox)

    wire.is_up = True
    await wire.deliver(dataclasses.replace(SCOPE, node="b"), sold_at_b)
    await wire.deliver(SCOPE, sold_at_a)

    orders = await at_central(lambda: list(CentralOrder.objects.order_by("placed_at")))
    assert [(order.edge, order.is_duplicate_suspect) for order in orders] == [("a", False), ("b", True)]
    assert len({order.basket for order in orders}) == 1
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(total=1, pool=1, sold=4)
    pair = await at_central(DuplicatePair.objects.get)
    await at_central(lambda: decide(pair.pk, DuplicatePair.Decision.CANCEL_LATER, by="anna"))
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(total=3, pool=3, sold=2)
    assert await at_central(check_balance) == []
    assert await at_central(Quarantine.objects.using("orders").count) == 0


async def test_a_cart_that_is_looked_at_hears_of_what_others_bought_and_is_corrected(wire):
    await at_central(lambda: receipts.receive_stock({ASSAM: 5}, who="anna"))
    cart = "e" * 32
    await carts.join_state(cart, add(Dot("e" * 16, 1), LineKey("tea", "assam"), 4, price_ref=1, hlc=1))
    shopper = Shopper(await make.cookie(cart))

    async def line() -> tuple[int, int | None, list[str]]:
        await Limits().look()
        [one] = (await shopper.get("/_r/cart")).json()["lines"]
        return one["qty"], one["left"], one["notes"]

    assert await line() == (4, None, [])

    assert await buy(1, 3) == 303
    await wire.deliver()
    assert await line() == (2, 2, ["few", "corrected"])

    assert await buy(2, 2) == 303
    await wire.deliver()
    assert await line() == (2, 0, ["sold_out"])

    await at_central(lambda: receipts.receive_stock({ASSAM: 50}, who="anna"))
    assert await line() == (2, None, ["corrected"])


async def test_a_question_whose_answer_was_lost_is_asked_anew_and_gives_the_same_units_once(wire):
    await at_central(lambda: receipts.receive_stock({ASSAM: 4}, who="anna"))
    wire.breaks = 2

    assert await buy(1, 3) == 303

    [order] = await reader.run(lambda: list(EdgeOrder.objects.all()))
    assert [line.pending for line in unpack(bytes(order.body), PlacedOrder).lines] == [0]
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(total=4, pool=1, at_edges=3)
    await wire.deliver()
    assert (await at_central(lambda: stock_of([ASSAM])))[ASSAM] == Stock(total=1, pool=1, sold=3)
