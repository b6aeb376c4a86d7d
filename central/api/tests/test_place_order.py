"""An order placed by a key: priced by the catalogue, sold out of the pool, made once, seen by its own sites only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from central.api.models import RememberedCall
from central.api.tests.caller import refused
from central.api.tests.test_access import BODIES
from central.catalog.models import Offer
from central.orders.models import Order, OrderChange
from central.orders.placing import WantedLine, WantedOrder, place_order
from central.people.models import OrderContact
from central.stock.granting import grant_rights
from central.stock.queries import Stock, check_balance, stock_of
from central.stock.receipts import receive_stock
from central.stock.rules import set_rules
from central.ui.tests import cast
from sync.contracts.cart import LineKey
from sync.events import run_due
from sync.topics import EdgeScope

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"])


@pytest.fixture
def tea(shops: Any) -> UUID:
    """The variant of the tea shop's goods, of which there are five."""
    variant: UUID = Offer.objects.get(site="tea").variant_id
    receive_stock({variant: 5}, who="test")
    return variant


def body(units: int = 1, **changes: Any) -> dict[str, Any]:
    return {**BODIES["create_order"], "lines": [{"sku": "Tea-1", "units": units}], **changes}


def test_an_order_is_priced_by_the_catalogue_and_sold_out_of_the_pool(caller, tea) -> None:
    made = caller()

    answer = made.post("orders", body(2), idempotency_key="one")

    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert (said["number"], said["goods_total"], said["total"], said["pending_units"]) == (
        "TEA-API-000001",
        90_000,
        90_000,
        0,
    )
    stock = stock_of([tea])[tea]
    assert (stock.pool, stock.sold, stock.pending) == (3, 2, 0)
    assert check_balance() == []
    run_due()
    order = Order.objects.get(pk=said["id"])
    assert OrderContact.objects.get(pk=order.pk).phone == "+70000000001"
    assert order.customer is not None
    received = OrderChange.objects.get(order=order, kind="received")
    assert received.by == f"key:{made.key.prefix}"
    assert made.post(f"orders/{order.pk}/status", {"to": "cancelled"}).status_code == 200
    assert stock_of([tea])[tea].pool == 5  # freed like any other order's


def test_the_same_call_is_one_order_also_when_its_answer_was_forgotten(caller, tea) -> None:
    made = caller()
    first = made.post("orders", body(), idempotency_key="one")
    RememberedCall.objects.all().delete()

    again = made.post("orders", body(), idempotency_key="one")
    RememberedCall.objects.all().delete()
    other = made.post("orders", body(2), idempotency_key="one")
    elsewhere = caller().post("orders", body(), idempotency_key="one")

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert refused(other) == (409, "order_conflict")
    assert elsewhere.status_code == 201  # another key's names are its own
    assert stock_of([tea])[tea].sold == 2


def test_without_an_idempotency_key_nothing_is_placed(caller, tea) -> None:
    assert refused(caller().post("orders", body())) == (400, "bad_request")
    assert Order.objects.filter(edge="").count() == 0


def test_more_than_there_is_is_refused_whole_with_what_is_left(caller, tea) -> None:
    answer = caller().post("orders", body(6), idempotency_key="one")

    assert refused(answer) == (409, "not_enough")
    assert answer.json()["lines"] == [{"site": "tea", "sku": "Tea-1", "options": "", "left": 5}]
    assert stock_of([tea])[tea].sold == 0
    assert Order.objects.filter(edge="").count() == 0


def test_what_an_edge_may_sell_is_not_sold_here(caller, tea) -> None:
    cast.node("a", "tea")
    [grant] = grant_rights(EdgeScope("a", 1, frozenset({"tea"}), frozenset({"main"})), {tea: 3}, must=True)

    answer = caller().post("orders", body(5), idempotency_key="one")

    assert refused(answer) == (409, "not_enough")
    assert answer.json()["lines"][0]["left"] == 5 - grant.units
    assert check_balance() == []


def test_a_desk_that_may_sells_below_what_is_free_and_shops_count_the_shortage(caller, tea) -> None:
    set_rules(["tea", "clay"], below=["tea"], hiding=[], by="ada")
    edge = EdgeScope("a", 1, frozenset({"tea"}), frozenset({"main"}))

    answer = caller().post("orders", body(8), idempotency_key="one")

    assert (answer.status_code, answer.json()["pending_units"]) == (201, 3)
    assert stock_of([tea])[tea] == Stock(sold=5, pending=3)
    run_due()
    receive_stock({tea: 2}, who="test")
    assert grant_rights(edge, {tea: 2}, must=True) == []  # what came in is the order's
    receive_stock({tea: 2}, who="test")
    assert sum(grant.units for grant in grant_rights(edge, {tea: 9}, must=True)) == 1
    run_due()
    order = Order.objects.get(pk=answer.json()["id"])
    assert (order.pending_units, order.lines.get().pending) == (0, 0)
    assert check_balance() == []


def test_the_rule_of_one_desk_is_not_anothers_and_off_it_refuses_again(caller, tea) -> None:
    set_rules(["clay"], below=["clay"], hiding=[], by="ada")
    assert refused(caller().post("orders", body(8), idempotency_key="one")) == (409, "not_enough")

    set_rules(["tea"], below=["tea"], hiding=[], by="ada")
    set_rules(["tea"], below=[], hiding=[], by="ada")
    assert refused(caller().post("orders", body(8), idempotency_key="two")) == (409, "not_enough")
    assert stock_of([tea])[tea] == Stock(total=5, pool=5)


def test_a_cancelled_shortage_waits_for_nothing_any_more(caller, tea) -> None:
    set_rules(["tea"], below=["tea"], hiding=[], by="ada")
    made = caller()
    order = made.post("orders", body(8), idempotency_key="one").json()["id"]

    made.post(f"orders/{order}/status", {"to": "cancelled"})

    assert stock_of([tea])[tea] == Stock(total=5, pool=5)
    assert Order.objects.get(pk=order).pending_units == 0
    assert check_balance() == []


def test_a_price_of_ones_own_needs_its_right(caller, tea) -> None:
    lines = [{"sku": "Tea-1", "units": 1, "price": 100}]
    poor = caller(rights=["make_orders"]).post("orders", body(lines=lines), idempotency_key="one")
    rich = caller(rights=["make_orders", "price_orders"]).post("orders", body(lines=lines), idempotency_key="one")

    assert (*refused(poor), poor.json()["right"]) == (403, "no_right", "price_orders")
    assert (rich.status_code, rich.json()["total"]) == (201, 100)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": [{"sku": "Nothing", "units": 1}]}, "lines"),
        ({"lines": [{"sku": "Tea-1", "units": 1}, {"sku": "Tea-1", "units": 1}]}, "lines"),
        ({"delivery": "rocket"}, "delivery"),
        ({"payment": "shells"}, "payment"),
        ({"buyer": {"name": "A", "phone": "12"}}, "phone"),
        ({"buyer": {"name": "A", "phone": "+70000000001", "email": "at"}}, "email"),
    ],
)
def test_what_cannot_be_placed_is_refused_and_sells_nothing(caller, tea, changes: Any, field: str) -> None:
    answer = caller().post("orders", body(**changes), idempotency_key="one")

    assert (*refused(answer), answer.json()["field"]) == (422, "bad_order", field)
    assert stock_of([tea])[tea].sold == 0


def test_no_key_places_an_order_at_another_site_nor_with_its_goods(caller, tea) -> None:
    made = caller()
    for changes in ({"site": "hush"}, {"lines": [{"sku": "Hush-1", "units": 1, "site": "hush"}]}):
        assert refused(made.post("orders", body(**changes), idempotency_key=str(changes))) == (404, "unknown_site")
    assert Order.objects.filter(edge="").count() == 0


def test_the_buyer_lies_sealed_in_the_database(caller, tea) -> None:
    caller().post("orders", body(), idempotency_key="one")

    for table in ("orders_order", "orders_orderline", "orders_orderchange"):
        with connections["orders"].cursor() as cursor:
            cursor.execute(f"SELECT {table}::text FROM {table}")
            rows = " ".join(row for (row,) in cursor.fetchall())
        for word in ("Anna Example", "70000000001"):
            assert word not in rows and word.encode().hex() not in rows


@pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"], transaction=True)
def test_a_crowd_never_buys_more_than_there_is_and_one_call_is_one_order(shops) -> None:
    variant = Offer.objects.get(site="tea").variant_id
    receive_stock({variant: 5}, who="test")

    def buy(number: int) -> str:
        said = {"name": "A", "phone": "+70000000001", "email": "", "address": "", "comment": ""}
        wanted = WantedOrder(
            id=UUID(int=1000 + number // 2), site="tea", lines=[WantedLine(LineKey("tea", "Tea-1"), 1)],
            delivery="pickup", payment="cash", consent_text="api", said=str(number // 2), **said,
        )  # fmt: skip
        try:
            return place_order(wanted)[0].number
        except Exception as error:
            return type(error).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(buy, range(16)))

    assert len({one for one in told if one.startswith("TEA")}) == 5
    assert {one for one in told if not one.startswith("TEA")} == {"NotEnough"}
    assert stock_of([variant])[variant].pool == 0
    assert check_balance() == []
