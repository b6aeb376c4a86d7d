"""Moves between statuses are data; every change is in the history, and history stands."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connections
from django.db.models import ProtectedError

from central.orders import actions, receiving
from central.orders.errors import MoveRefused, StaleOrder, UnknownOrder, UnknownStatus
from central.orders.models import Order, OrderChange, OrderStatus, StatusMove
from central.orders.tests.make import make_placed
from central.stock.models import PendingUnits
from node.realms import atomic
from sync.store.central.models import Outbox
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=["default", "orders"])


@pytest.fixture
def order() -> Order:
    return receiving.receive_order(make_placed())


def test_a_button_moves_the_order_and_says_so_to_all(order: Order) -> None:
    actions.change_status(order.pk, "confirmed", by="olga", note="созвонились", seconds=12)

    order.refresh_from_db()
    assert (order.status_id, order.ver) == ("confirmed", 2)
    change = order.changes.get(kind="status")
    assert (change.was, change.became, change.by) == ({"status": "new"}, {"status": "confirmed"}, "olga")
    assert (change.said, change.seconds_editing, change.order_ver) == ({"note": "созвонились"}, 12, 2)
    assert Outbox.objects.using("orders").filter(topic="order_state:a", ver=2).count() == 1
    assert Job.objects.using("orders").filter(handler="orders.mail_status").count() == 1


@pytest.mark.parametrize("to", ["sent", "delivered", "returned"])
def test_a_move_that_is_no_button_is_refused_and_changes_nothing(order: Order, to: str) -> None:
    with pytest.raises(MoveRefused):
        actions.change_status(order.pk, to, by="olga")

    order.refresh_from_db()
    assert (order.status_id, order.ver, order.changes.count()) == ("new", 1, 1)


def test_a_move_that_a_desk_adds_is_a_button_at_once(order: Order) -> None:
    OrderStatus.objects.create(
        code="gift", group="done", title_en="Gift", title_ru="Подарок", verb_en="Give", verb_ru="Подарить"
    )
    StatusMove.objects.create(source_id="new", target_id="gift")

    assert actions.change_status(order.pk, "gift", by="olga").status_id == "gift"


def test_the_same_move_twice_is_one_change(order: Order) -> None:
    for _ in range(2):
        actions.change_status(order.pk, "confirmed", by="olga")

    assert order.changes.filter(kind="status").count() == 1


def test_unknown_things_are_refused(order: Order) -> None:
    with pytest.raises(UnknownStatus):
        actions.change_status(order.pk, "no-such", by="olga")
    with pytest.raises(UnknownOrder):
        actions.change_status(uuid4(), "confirmed", by="olga")


def test_a_page_that_was_overtaken_is_told_so(order: Order) -> None:
    actions.edit_order(order.pk, note="первый", by="olga", seen_ver=1)

    with pytest.raises(StaleOrder):
        actions.edit_order(order.pk, note="второй", by="igor", seen_ver=1)
    with pytest.raises(StaleOrder):
        actions.change_status(order.pk, "confirmed", by="igor", seen_ver=1)

    assert Order.objects.get().note == "первый"


def test_a_note_is_kept_encrypted_with_what_it_was(order: Order) -> None:
    for note in ("Позвонить Анне", "Анна не отвечает"):
        actions.edit_order(order.pk, note=note, by="olga")

    assert [change.said for change in order.changes.filter(kind="edited")] == [
        {"note_was": "Позвонить Анне", "note": "Анна не отвечает"},
        {"note": "Позвонить Анне"},
    ]
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT note FROM orders_order UNION ALL SELECT words FROM orders_orderchange")
        assert all("Анн".encode() not in bytes(row[0]) for row in cursor.fetchall() if row[0])


def test_cancelling_gives_its_units_back(order: Order) -> None:
    actions.change_status(order.pk, "cancelled", by="olga")

    assert PendingUnits.objects.get().state == "cancelled"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE orders_orderchange SET by = 'nobody'", "DELETE FROM orders_orderchange"],
)
def test_history_cannot_be_edited_by_anybody(order: Order, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="cannot be changed"),
        atomic("orders"),
        connections["orders"].cursor() as cursor,
    ):
        cursor.execute(statement)

    assert OrderChange.objects.get().by == "edge:a"


def test_an_order_with_history_cannot_be_deleted(order: Order) -> None:
    with pytest.raises(ProtectedError):
        order.delete()


def test_every_status_but_the_final_ones_leads_somewhere_and_reads_in_both_languages() -> None:
    for status in OrderStatus.objects.all():
        assert status.title_en and status.title_ru and status.verb_en and status.verb_ru
        assert status.is_final or status.moves_out.exists()
    assert OrderStatus.objects.filter(is_first=True).count() == 1
