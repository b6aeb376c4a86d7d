"""One basket, sold twice by shops that were cut off: both orders stand, one charge, one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from central.orders import actions, deciding, receiving
from central.orders.duplicates import basket_of
from central.orders.errors import AlreadyDecided, CannotCancel, UnknownPair
from central.orders.models import DuplicatePair, Order, OrderChange, StatusMove
from central.orders.tests.make import make_line, make_placed
from central.payments.actions import settle_payment
from central.payments.models import Payment
from central.payments.providers import provider_named
from central.stock.queries import check_balance, stock_of
from central.stock.receipts import receive_stock
from central.ui.tests import cast
from sync import events
from sync.contracts.cart import CartDelta, Dot, LineKey
from sync.contracts.orders import PlacedOrder
from sync.core import cart as core

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)

Decision = DuplicatePair.Decision
DOT, KEY = Dot("a" * 16, 1), LineKey("tea", "T-1")
LINE = make_line(pending=1, variant=UUID(int=5).hex)


@pytest.fixture(autouse=True)
def shops(node_home: Any) -> None:
    cast.site("tea")
    cast.site("clay")


def placed(n: int, placed_at: int, **more: Any) -> PlacedOrder:
    """An order that takes the one unit of the one token of the one cart."""
    order_id, cart = UUID(int=n).hex, "c" * 32
    taken = core.checkout(core.add(DOT, KEY, 1), order_id, [DOT])
    return make_placed(
        LINE,
        id=order_id,
        cart=cart,
        taken=CartDelta(cart=cart, delta=core.encode(taken)),
        placed_at=placed_at,
        payment_provider="pretend_card",
        **more,
    )


def twice(**more: Any) -> DuplicatePair:
    """The one that was placed later arrives first."""
    receiving.receive_order(placed(2, 2_000, edge="b", **more))
    receiving.receive_order(placed(1, 1_000, edge="a"))
    return DuplicatePair.objects.get()


def order(number: int) -> Order:
    return Order.objects.get(pk=UUID(int=number))


def said(number: int) -> list[str]:
    rows = OrderChange.objects.filter(order=UUID(int=number), kind="duplicate").order_by("at", "order_ver")
    return [row.became["duplicate"] for row in rows]


def charges() -> list[tuple[int, str]]:
    return [(payment.order.int, payment.state) for payment in Payment.objects.order_by("created_at")]


def test_both_stand_and_the_later_one_is_doubted_however_they_arrive() -> None:
    pair = twice()
    third = placed(3, 3_000)
    receiving.receive_order(third)
    receiving.receive_order(third)

    assert (pair.earlier_id.int, pair.later_id.int) == (1, 2)
    assert [order(number).is_duplicate_suspect for number in (1, 2, 3)] == [False, True, True]
    assert DuplicatePair.objects.count() == 2
    assert (said(1), said(2), said(3)) == (["is_doubted"], ["suspect", "is_doubted"], ["suspect"])


def test_a_basket_has_one_name_whatever_the_order_and_the_number_of_its_tokens() -> None:
    cart, dots = "c" * 32, [Dot("b" * 16, 2), Dot("a" * 16, 7)]
    held = core.join(*(core.add(dot, KEY, 1) for dot in dots))

    def named(order_id: str, taken: list[Dot], cart: str = cart) -> str:
        return basket_of(cart, CartDelta(cart=cart, delta=core.encode(core.checkout(held, order_id, taken))))

    assert named("1" * 32, dots) == named("2" * 32, dots[::-1])
    assert named("1" * 32, dots[:1]) != named("1" * 32, dots)
    assert named("1" * 32, dots, "d" * 32) != named("1" * 32, dots)
    assert basket_of(cart, CartDelta(cart=cart, delta=core.encode(core.EMPTY))) == ""


def test_one_basket_is_one_charge_and_it_is_the_earlier_orders(tmp_path: Path) -> None:
    receiving.receive_order(placed(2, 2_000, edge="b"))
    events.run_due()
    assert charges() == [(2, "waiting")]

    receiving.receive_order(placed(1, 1_000))
    events.run_due()

    assert charges() == [(1, "waiting")]


def test_both_kept_are_two_charges() -> None:
    pair = twice()
    events.run_due()
    assert charges() == [(1, "waiting")]

    deciding.decide(pair.pk, Decision.KEEP_BOTH, by="ada")
    deciding.decide(pair.pk, Decision.KEEP_BOTH, by="ada")
    events.run_due()

    assert charges() == [(1, "waiting"), (2, "waiting")]
    assert [order(number).status_id for number in (1, 2)] == ["new", "new"]
    assert not order(2).is_duplicate_suspect
    assert (said(1), said(2)) == (["is_doubted", "keep_both"], ["suspect", "keep_both"])
    with pytest.raises(AlreadyDecided):
        deciding.decide(pair.pk, Decision.CANCEL_LATER, by="ada")


def test_the_later_one_cancelled_frees_its_units_and_is_never_charged() -> None:
    receive_stock({UUID(int=5): 2}, who="test")
    pair = twice()
    assert stock_of([UUID(int=5)])[UUID(int=5)].sold == 2

    deciding.decide(pair.pk, Decision.CANCEL_LATER, by="ada")
    events.run_due()

    assert [order(number).status_id for number in (1, 2)] == ["new", "cancelled"]
    assert (stock_of([UUID(int=5)])[UUID(int=5)].sold, check_balance()) == (1, [])
    assert charges() == [(1, "waiting")]
    assert said(2) == ["suspect", "cancel_later"]
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by) == ("cancel_later", "ada")


def test_the_earlier_one_cancelled_hands_its_charge_to_the_later() -> None:
    pair = twice()
    events.run_due()
    card: Any = provider_named("pretend_card")
    settle_payment("pretend_card", card.pay(Payment.objects.get().provider_ref, "4242424242424242"))
    assert charges() == [(1, "paid")]

    deciding.decide(pair.pk, Decision.CANCEL_EARLIER, by="ada")
    events.run_due()

    assert charges() == [(2, "paid")]
    assert [order(number).status_id for number in (1, 2)] == ["cancelled", "new"]
    assert not order(2).is_duplicate_suspect


def test_an_order_cancelled_by_its_own_button_decides_its_pairs() -> None:
    pair = twice()

    actions.change_status(UUID(int=1), "cancelled", by="ada")
    events.run_due()

    pair.refresh_from_db()
    assert pair.decision == Decision.CANCEL_EARLIER
    assert not order(2).is_duplicate_suspect
    assert charges() == [(2, "waiting")]


def test_an_order_too_far_on_its_way_is_not_cancelled_and_nothing_changes() -> None:
    pair = twice()
    Order.objects.filter(pk=UUID(int=1)).update(status="returned")
    Order.objects.filter(pk=UUID(int=2)).update(status="packed")
    StatusMove.objects.filter(source="packed", target="cancelled").delete()

    with pytest.raises(CannotCancel):
        deciding.decide(pair.pk, Decision.CANCEL_LATER, by="ada")

    pair.refresh_from_db()
    assert pair.is_open
    with pytest.raises(UnknownPair):
        deciding.decide(pair.pk + 1, Decision.KEEP_BOTH, by="ada")


def test_the_queue_shows_both_side_by_side_and_decides_by_one_click() -> None:
    pair = twice(number="CLAY-B-000009")
    ada = cast.signed_in(cast.staff("ada", "manager"))
    viewer = cast.signed_in(cast.staff("vera", "viewer"))
    first = order(1).number

    assert "CLAY-B-000009" in ada.get("/").content.decode()
    listed = ada.get("/orders/duplicates?open=1").content.decode()
    assert "CLAY-B-000009" in listed and first in listed
    page = ada.get(f"/orders/duplicates/{pair.pk}").content.decode()
    assert "Cancel the later" in page and page.count("T-1") >= 2
    assert f"/orders/duplicates/{pair.pk}" in ada.get(f"/orders/{UUID(int=2)}").content.decode()
    assert viewer.post(f"/orders/duplicates/{pair.pk}/decide", {"decision": "keep_both"}).status_code == 403
    assert ada.post(f"/orders/duplicates/{pair.pk}/decide", {"decision": "nonsense"}).status_code == 404

    done = ada.post(f"/orders/duplicates/{pair.pk}/decide", {"decision": "cancel_later"})

    assert done.status_code == 302
    assert order(2).status_id == "cancelled"
    assert "CLAY-B-000009" not in ada.get("/orders/duplicates?open=1").content.decode()
    assert "Cancel the later" not in ada.get(f"/orders/duplicates/{pair.pk}").content.decode()


def test_who_sees_one_of_both_shops_reads_nothing_of_the_other_and_decides_nothing() -> None:
    line = make_line("clay", "C-1", pending=1, variant=UUID(int=6).hex)
    taken = placed(2, 2_000).taken
    receiving.receive_order(placed(1, 1_000))
    receiving.receive_order(
        make_placed(
            line, site="clay", id=UUID(int=2).hex, cart="c" * 32, taken=taken, number="CLAY-B-000009", placed_at=2_000
        )
    )
    pair = DuplicatePair.objects.get()
    tom = cast.signed_in(cast.staff("tom", "manager", sites=["tea"]))

    page = tom.get(f"/orders/duplicates/{pair.pk}").content.decode()

    assert order(1).number in page and "CLAY-B" not in page and "C-1" not in page
    assert "CLAY-B" not in tom.get("/orders/duplicates").content.decode()
    assert tom.post(f"/orders/duplicates/{pair.pk}/decide", {"decision": "keep_both"}).status_code == 404
    nobody = cast.signed_in(cast.staff("nick", "manager", sites=[]))
    assert nobody.get(f"/orders/duplicates/{pair.pk}").status_code == 404
