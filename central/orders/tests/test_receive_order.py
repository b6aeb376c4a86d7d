"""An order is taken in once, whole, whatever way and however often it comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from central.carts.actions import join_delta
from central.carts.queries import cart_state
from central.cluster.models import Site
from central.orders import intake, receiving
from central.orders.errors import BrokenOrder, OrderConflict
from central.orders.models import Order, OrderChange, OrderLine
from central.orders.tests.make import make_line, make_placed
from central.orders.topics import _page, _read
from central.orders.upstream import take_in_orders
from central.stock.models import PendingUnits
from node.realms import atomic
from sync.contracts.cart import CartDelta, Dot, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import OrderStateDoc
from sync.core import cart as core
from sync.store.central.models import Outbox
from sync.store.jobs.models import Job
from sync.topics import EdgeScope
from sync.upstream import Poison

pytestmark = pytest.mark.django_db(databases=["default", "orders"])

EDGE = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))


@pytest.fixture(autouse=True)
def sites() -> None:
    Site.objects.create(
        id="tea", name="Чабрец", label="Чай", colour="#0b7285", origin="http://tea.localhost:8401", currency="RUB",
        theme="tea",
    )  # fmt: skip


def test_an_order_arrives_whole() -> None:
    placed = make_placed(
        make_line(units=2),
        make_line("ink", "I-1", price=1_050, currency="EUR", rate_micros=98_500_000),
        region="msk",
        language="ar",
    )

    order = receiving.receive_order(placed)

    order.refresh_from_db()
    assert (order.number, order.status_id, order.site_label, order.domain) == (
        placed.number,
        "new",
        "Чай",
        "tea.localhost",
    )
    assert (order.goods_total, order.total) == (100_000 + 103_425, 233_425)
    lines = OrderLine.objects.values_list("site", "site_label", "sku", "units", "price", "currency", "charged")
    assert list(lines) == [
        ("tea", "Чай", "T-1", 2, 50_000, "RUB", 100_000),
        ("ink", "ink", "I-1", 1, 1_050, "EUR", 103_425),  # a site we have not heard of is named by its id
    ]
    assert (order.region, order.language) == ("msk", "ar")
    assert (order.utm, order.referer, order.seconds_on_site) == (placed.utm, placed.referer, 95)


def test_the_same_order_again_is_the_first_one() -> None:
    body = pack(make_placed())
    for _ in range(3):
        take_in_orders(EDGE, [body])

    assert Order.objects.count() == 1
    assert OrderLine.objects.count() == 1
    assert OrderChange.objects.filter(kind="received").count() == 1
    assert PendingUnits.objects.count() == 1
    assert Outbox.objects.using("orders").filter(topic="event").count() == 1


def test_a_second_other_order_under_one_id_is_refused_and_changes_nothing() -> None:
    placed = make_placed()
    receiving.receive_order(placed)
    other = msgspec.structs.replace(placed, referer="https://other.example.com/")

    with pytest.raises(OrderConflict):
        receiving.receive_order(other)
    with pytest.raises(Poison, match="order_conflict"), atomic("orders"):
        take_in_orders(EDGE, [pack(other)])

    assert Order.objects.get().referer == placed.referer


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"total": 1},
        {"goods_total": 1},
        {"currency": "rubles"},
        {"number": ""},
        {"cart": "short"},
        {"delivery_title": "x" * 200},
        {"site": "tea\0"},
        {"lines": [make_line(units=0)]},
        {"lines": [make_line(charged=49_999)]},
        {"lines": [make_line(rate_micros=2_000_000)]},
        {"lines": [make_line(variant="none")]},
        {"utm": {"source": "x" * 1000}},
        {"placed_at": 0},
        {"id": "not-a-uuid"},
    ],
    ids=str,
)
def test_an_order_that_contradicts_itself_is_poison_and_leaves_nothing(change: dict[str, object]) -> None:
    placed = msgspec.structs.replace(make_placed(), **change)

    with pytest.raises(Poison), atomic("orders"):
        take_in_orders(EDGE, [pack(placed)])

    assert not Order.objects.exists()
    assert not Job.objects.using("orders").exists()


def test_garbage_is_poison() -> None:
    with pytest.raises(Poison):
        take_in_orders(EDGE, [b"\xc1garbage"])


def test_many_at_once_are_taken_in_as_one_after_the_other() -> None:
    first = make_placed(make_line(units=2), make_line("ink", "I-1"))
    same_number = make_placed(number=first.number)
    last = make_placed(make_line(units=3))

    take_in_orders(EDGE, [pack(one) for one in (first, same_number, first, last)])

    numbers = {order.pk.hex: order.number for order in Order.objects.all()}
    assert numbers == {
        first.id: first.number,
        same_number.id: f"{first.number}-2",
        last.id: last.number,
    }
    assert OrderLine.objects.count() == 4
    assert PendingUnits.objects.count() == 4
    assert OrderChange.objects.filter(kind="received").count() == 3
    told = Outbox.objects.using("orders").filter(topic="order_state:a").values_list("key", flat=True)
    assert sorted(told) == sorted(numbers)
    jobs = Job.objects.using("orders").filter(handler="orders.match_customer")
    assert jobs.count() == 3


def test_two_of_many_that_sold_one_basket_are_flagged_as_well() -> None:
    key, cart = LineKey("tea", "T-1"), "0" * 32
    seen = core.add(Dot("a" * 16, 1), key, 2)
    placed = []
    for number, placed_at in ((1, 2_000), (2, 1_000)):
        order_id = UUID(int=number).hex
        taken = CartDelta(cart=cart, delta=core.encode(core.checkout(seen, order_id, [Dot("a" * 16, 1)])))
        placed.append(make_placed(id=order_id, cart=cart, taken=taken, placed_at=placed_at))

    take_in_orders(EDGE, [pack(one) for one in placed])

    assert [Order.objects.get(pk=one.id).is_duplicate_suspect for one in placed] == [True, False]


def test_one_among_many_that_is_refused_leaves_nothing_of_the_others() -> None:
    good = make_placed()
    forged = msgspec.structs.replace(good, referer="https://other.example.com/")

    with pytest.raises(Poison, match="order_conflict"), atomic("orders"):
        take_in_orders(EDGE, [pack(good), pack(forged)])

    assert not Order.objects.exists()
    assert not Job.objects.using("orders").exists()


def test_many_orders_ask_the_database_as_often_as_one() -> None:
    take_in_orders(EDGE, [pack(make_placed())])  # labels of sites are known from here on

    def questions(count: int) -> int:
        bodies = [pack(make_placed()) for _ in range(count)]
        with CaptureQueriesContext(connections["orders"]) as seen:
            take_in_orders(EDGE, bodies)
        return len(seen)

    assert questions(20) == questions(1)


def test_what_the_order_says_of_itself_is_arithmetic() -> None:
    intake.check(make_placed())
    with pytest.raises(BrokenOrder, match="add up"):
        intake.check(msgspec.structs.replace(make_placed(), total=5))


def test_a_number_that_a_restored_disk_gave_out_twice_is_marked_and_nothing_is_lost() -> None:
    first = make_placed()
    second = make_placed(number=first.number)

    assert [receiving.receive_order(first).number, receiving.receive_order(second).number] == [
        first.number,
        f"{first.number}-2",
    ]


def test_the_edge_and_the_workers_are_told_in_the_same_transaction() -> None:
    order = receiving.receive_order(make_placed())

    told = Outbox.objects.using("orders").get(topic="order_state:a")
    assert (told.key, told.ver) == (order.pk.hex, 1)
    handlers = set(Job.objects.using("orders").values_list("handler", flat=True))
    assert {"orders.match_customer", "orders.make_pay_page"} <= handlers


def test_the_edge_reads_the_state_of_its_own_orders_only() -> None:
    mine, other = receiving.receive_order(make_placed()), receiving.receive_order(make_placed(edge="b"))

    found = _read("order_state:a", [mine.pk.hex, other.pk.hex])

    assert set(found) == {mine.pk.hex}
    ver, body = found[mine.pk.hex]
    doc = unpack(body or b"", OrderStateDoc)
    assert (ver, doc.number, doc.status, doc.titles["ru"], doc.is_final) == (1, mine.number, "new", "Новый", False)
    assert [row[0] for row in _page("order_state:a", "", 10)] == [mine.pk.hex]
    assert _page("order_state:a", mine.pk.hex, 10) == []


def test_what_the_order_took_leaves_the_cart_and_what_came_since_stays() -> None:
    key, cart = LineKey("tea", "T-1"), "0" * 32
    seen = core.add(Dot("a" * 16, 1), key, 2)
    order_id = UUID(int=7).hex
    taken = core.checkout(seen, order_id, [Dot("a" * 16, 1)])
    join_delta(CartDelta(cart=cart, delta=core.encode(core.add(Dot("b" * 16, 1), key, 1))))
    receiving.receive_order(make_placed(id=order_id, cart=cart, taken=CartDelta(cart=cart, delta=core.encode(taken))))

    assert core.quantity(cart_state(cart), key) == 1


def test_two_cut_off_shops_that_sold_one_basket_both_stand_and_the_later_is_flagged() -> None:
    key, cart = LineKey("tea", "T-1"), "0" * 32
    seen = core.add(Dot("a" * 16, 1), key, 2)
    orders = []
    for number, placed_at in ((1, 2_000), (2, 1_000)):  # the later one comes first
        order_id = UUID(int=number).hex
        taken = CartDelta(cart=cart, delta=core.encode(core.checkout(seen, order_id, [Dot("a" * 16, 1)])))
        orders.append(receiving.receive_order(make_placed(id=order_id, cart=cart, taken=taken, placed_at=placed_at)))

    assert [Order.objects.get(pk=order.pk).is_duplicate_suspect for order in orders] == [True, False]


def test_an_order_of_the_past_has_its_history_and_disturbs_nobody() -> None:
    placed, then = make_placed(), datetime(2026, 3, 1, 12, tzinfo=UTC)
    moves = [
        receiving.PastMove("confirmed", "olga", then + timedelta(hours=1)),
        receiving.PastMove("sent", "igor", then),
    ]

    for _ in range(2):
        receiving.write_past_orders([receiving.PastOrder(placed, UUID(int=5), then, moves)])

    order = Order.objects.get(pk=placed.id)
    assert (order.status_id, order.customer, order.received_at, order.ver) == ("sent", UUID(int=5), then, 3)
    assert list(order.changes.order_by("order_ver").values_list("kind", "by", "at")) == [
        ("received", "edge:a", then),
        ("status", "olga", then + timedelta(hours=1)),
        ("status", "igor", then),
    ]
    assert not Job.objects.using("orders").exists() and not Outbox.objects.using("orders").exists()


@pytest.mark.django_db(databases=["default", "orders"], transaction=True)
def test_one_order_by_many_ways_at_one_moment_is_one_and_none_fails() -> None:
    placed = make_placed()
    other = make_placed(number=placed.number)

    def take(body: bytes) -> str:
        try:
            with atomic("orders"):
                take_in_orders(EDGE, [body])
            return "taken"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = set(pool.map(take, [pack(placed), pack(other)] * 6))

    assert outcomes == {"taken"}
    assert set(Order.objects.values_list("number", flat=True)) == {placed.number, f"{placed.number}-2"}
