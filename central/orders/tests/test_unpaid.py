from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from central.cluster.actions import edit_site
from central.cluster.errors import BadField
from central.cluster.models import Site
from central.cluster.tests.make import make_site
from central.orders import actions, unpaid
from central.orders.models import Order
from central.orders.receiving import receive_order
from central.orders.tests.make import make_line, make_placed
from central.payments.models import Payment
from central.stock.models import Movement
from central.stock.queries import Stock, check_balance, stock_of
from central.stock.receipts import receive_stock

pytestmark = pytest.mark.django_db(databases=["default", "orders"])

LATER = timedelta(minutes=31)


@pytest.fixture(autouse=True)
def books_add_up():
    yield
    assert check_balance() == []


@pytest.fixture(autouse=True)
def shop() -> None:
    make_site("tea")


@pytest.fixture
def order() -> Order:
    """Two units sold, to be paid online, the page to pay on was made just now."""
    line = make_line(units=2)
    receive_stock({uuid.UUID(line.variant): 3}, who="anna")
    order = receive_order(make_placed(line, payment_provider="pretend_card"))
    pay(order)
    return order


def pay(order: Order, state: str = "waiting") -> Payment:
    key = uuid.uuid4().hex
    return Payment.objects.create(
        order=order.pk, provider="pretend_card", amount=1, currency="RUB", state=state, idempotency_key=key
    )


def stock(order: Order) -> Stock:
    return stock_of([order.lines.get().variant])[order.lines.get().variant]


def kinds(order: Order) -> list[str]:
    return list(order.changes.order_by("order_ver").values_list("kind", flat=True))


def test_what_nobody_paid_for_in_time_is_free_again_once(order: Order) -> None:
    assert unpaid.free_unpaid(timezone.now() + LATER - timedelta(minutes=2)) == 0
    assert stock(order) == Stock(total=1, pool=1, sold=2)

    assert unpaid.free_unpaid(timezone.now() + LATER) == 1
    assert unpaid.free_unpaid(timezone.now() + LATER) == 0

    order.refresh_from_db()
    assert order.unpaid_at is not None and kinds(order) == ["received", "unpaid"]
    assert stock(order) == Stock(total=3, pool=3)
    row = Movement.objects.get(cause="unpaid")
    assert (row.source, row.target, row.units, row.ref, row.who) == ("sold", "pool", 2, order.pk.hex, "system")


@pytest.mark.parametrize("state", ["paid", "open"])
def test_what_was_paid_or_has_no_page_to_pay_on_yet_is_kept(order: Order, state: str) -> None:
    pay(order, state)

    assert unpaid.free_unpaid(timezone.now() + LATER) == 0
    assert stock(order).sold == 2


def test_an_order_to_be_paid_at_the_door_is_kept(order: Order) -> None:
    Payment.objects.all().delete()

    assert unpaid.free_unpaid(timezone.now() + LATER) == 0


def test_the_time_is_a_setting_and_may_be_for_ever(order: Order) -> None:
    edit_site("tea", by="anna", unpaid_minutes=120)
    assert unpaid.free_unpaid(timezone.now() + LATER) == 0
    edit_site("tea", by="anna", unpaid_minutes=0)
    assert unpaid.free_unpaid(timezone.now() + timedelta(days=400)) == 0
    edit_site("tea", by="anna", unpaid_minutes=31)
    assert unpaid.free_unpaid(timezone.now() + LATER + timedelta(minutes=1)) == 1


def test_each_shop_has_its_own_time_or_its_parent_s(order: Order) -> None:
    make_site("ink", parent="tea", unpaid_minutes=5)
    line = make_line(units=1)
    receive_stock({uuid.UUID(line.variant): 1}, who="anna")
    inks = receive_order(make_placed(line, site="ink", payment_provider="pretend_card"))
    pay(inks)

    assert unpaid.free_unpaid(timezone.now() + timedelta(minutes=6)) == 1
    order.refresh_from_db()
    inks.refresh_from_db()
    assert (order.unpaid_at, inks.unpaid_at is None) == (None, False)

    edit_site("tea", by="anna", unpaid_minutes=1, locks=["unpaid_minutes"])
    assert Site.objects.get(pk="ink").unpaid_minutes == 1


def test_a_time_beyond_a_week_is_refused() -> None:
    with pytest.raises(BadField) as refused:
        edit_site("tea", by="anna", unpaid_minutes=10_081)

    assert "unpaid_minutes" in str(refused.value.data)


def test_an_order_that_is_paid_after_all_takes_its_units_again_or_waits(order: Order) -> None:
    unpaid.free_unpaid(timezone.now() + LATER)
    variant = order.lines.get().variant
    receive_order(make_placed(make_line(units=2)))  # of three units two are another shopper's by now

    unpaid.paid_after_all(order.pk)
    unpaid.paid_after_all(order.pk)

    order.refresh_from_db()
    assert (order.unpaid_at, order.pending_units) == (None, 1)
    assert stock_of([variant])[variant] == Stock(sold=3, pending=1)
    receive_stock({variant: 1}, who="anna")
    assert stock_of([variant])[variant] == Stock(sold=4)


def test_a_cancelled_order_gives_back_only_what_it_has(order: Order) -> None:
    unpaid.free_unpaid(timezone.now() + LATER)
    unpaid.paid_after_all(order.pk)

    actions.change_status(order.pk, "cancelled", by="anna")

    assert stock(order) == Stock(total=3, pool=3)
