"""Several warehouses and the ledger: where units lie, where they are taken from, and that the rows add up."""

from __future__ import annotations

import random
import uuid
from contextlib import suppress

import pytest
from django.db import IntegrityError
from django.utils import timezone

from central.stock import booking, granting, receipts, warehouses
from central.stock.audit import breaches
from central.stock.errors import (
    BadWarehouse,
    NotEnoughInPool,
    StaleWarehouse,
    StockError,
    UnknownWarehouse,
    WarehouseInUse,
    WarehouseOff,
)
from central.stock.models import MAIN, POOL, Balance, Grant, Movement, Warehouse
from central.stock.queries import check_balance, shipped_from, stock_by_warehouse, stock_of
from central.stock.tests.make import make_edge, make_line, make_order
from node.realms import ORDERS, atomic
from sync.contracts.orders import PlacedOrder
from sync.contracts.stock import GrantReport

pytestmark = pytest.mark.django_db(databases=["default", "orders"])

TEA, CUP = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr("central.stock.recalling.RECALL_S", 0.05)
    monkeypatch.setattr("sync.hub.tell", lambda node, kind, body: None)


@pytest.fixture(autouse=True)
def books_add_up():
    yield
    assert check_balance() == []


@pytest.fixture
def north() -> str:
    return warehouses.add_warehouse("north", name="North", position=5).pk


def receive(units: int, warehouse: str = MAIN, variant: uuid.UUID = TEA) -> None:
    receipts.receive_stock({variant: units}, who="anna", warehouse=warehouse)


def free(variant: uuid.UUID = TEA) -> dict[str, int]:
    return {one.warehouse: one.pool for one in stock_by_warehouse([variant])[variant]}


def grant(units: int, node: str = "a") -> list[Grant]:
    return granting.grant_rights(make_edge(node), {TEA: units}, must=True)


# --- warehouses


def test_a_cluster_begins_with_one_warehouse_that_holds_all():
    receipts.receive_stock({TEA: 3}, who="anna")

    assert list(Warehouse.objects.values_list("code", "is_active")) == [(MAIN, True)]
    assert free() == {MAIN: 3}


def test_a_warehouse_is_added_and_edited_but_not_switched_by_an_edit(north):
    row = warehouses.edit_warehouse(north, name="Nord", hours="9–18", is_pickup=True, is_active=False, seen_ver=1)

    assert (row.name, row.hours, row.is_pickup, row.is_active, row.ver) == ("Nord", "9–18", True, True, 2)
    with pytest.raises(StaleWarehouse):
        warehouses.edit_warehouse(north, name="Late", seen_ver=1)
    with pytest.raises(BadWarehouse):
        warehouses.add_warehouse("north", name="Again")
    with pytest.raises(BadWarehouse):
        warehouses.add_warehouse("Nord!", name="Bad")
    with pytest.raises(UnknownWarehouse):
        receive(1, "nowhere")


def test_a_warehouse_with_goods_or_the_last_one_is_not_switched_off(north):
    receive(2, north)

    with pytest.raises(WarehouseInUse):
        warehouses.switch_off(north)
    receipts.transfer_stock({TEA: 2}, source=north, target=MAIN, who="anna")
    warehouses.switch_off(north)
    receipts.set_stock(TEA, 0, who="anna")
    with pytest.raises(WarehouseInUse):
        warehouses.switch_off(MAIN)

    with pytest.raises(WarehouseOff):
        receive(1, north)
    warehouses.switch_on(north)
    receive(1, north)


# --- where units are taken from


def test_units_are_taken_in_the_order_of_warehouses_and_a_grant_is_of_one(north):
    receive(4)
    receive(2, north)

    made = grant(5)

    assert [(one.warehouse, one.units) for one in made] == [("north", 2), (MAIN, 3)]
    assert free() == {"north": 0, MAIN: 1}


def test_an_order_says_where_each_unit_lies_and_a_cancelled_one_goes_back_there(north):
    receive(4)
    receive(2, north)
    made = grant(5)
    placed = make_order(make_line(TEA, 5, *((one, one.units) for one in made)))
    booking.book_orders([placed])

    assert shipped_from(uuid.UUID(placed.id)) == {TEA: {"north": 2, MAIN: 3}}
    booking.free_order(uuid.UUID(placed.id), who="anna")

    assert shipped_from(uuid.UUID(placed.id)) == {}
    assert free() == {"north": 2, MAIN: 4}


def test_of_two_orders_the_cancelled_one_goes_back_to_its_own_warehouse(north):
    receive(1, north)
    receive(1)
    first, second = (make_order(make_line(TEA, 1, (made, 1))) for made in grant(2))
    booking.book_orders([first, second])
    assert shipped_from(uuid.UUID(second.id)) == {TEA: {MAIN: 1}}

    booking.free_order(uuid.UUID(second.id), who="anna")

    assert free() == {"north": 0, MAIN: 1}


def test_what_an_edge_gives_back_goes_where_it_came_from(north):
    receive(2, north)
    receive(1)
    first, _second = grant(3)

    granting.take_reports("a", [GrantReport(grant=first.pk.hex, sold=0, returned=2, is_sealed=True)])

    assert free() == {"north": 2, MAIN: 0}


def test_waiting_orders_are_served_out_of_any_warehouse(north):
    placed = make_order(make_line(TEA, 3))
    booking.book_orders([placed])

    receive(1, north)
    receive(5)

    assert shipped_from(uuid.UUID(placed.id)) == {TEA: {"north": 1, MAIN: 2}}
    assert stock_of([TEA])[TEA].pool == 3


# --- transfers and corrections


def test_a_transfer_is_two_rows_and_changes_no_total(north):
    receive(5)

    ref = receipts.transfer_stock({TEA: 3}, source=MAIN, target=north, who="anna", note="van")

    assert free() == {"north": 3, MAIN: 2}
    rows = Movement.objects.filter(ref=ref).order_by("id")
    assert [(row.warehouse, row.change, row.left, row.left_here) for row in rows] == [
        (MAIN, -3, 2, 2),
        ("north", 3, 5, 3),
    ]
    with pytest.raises(NotEnoughInPool):
        receipts.transfer_stock({TEA: 4, CUP: 1}, source=north, target=MAIN, who="anna")
    assert free() == {"north": 3, MAIN: 2}


def test_stock_is_raised_and_lowered_for_a_reason(north):
    receive(1)

    receipts.change_stock(TEA, 4, warehouse=north, who="anna", note="found")
    receipts.change_stock(TEA, -3, warehouse=north, who="anna", note="broken")

    assert free() == {"north": 1, MAIN: 1}
    last = Movement.objects.latest("id")
    assert (last.change, last.left, last.left_here, last.note) == (-3, 2, 1, "broken")
    with pytest.raises(NotEnoughInPool):
        receipts.change_stock(TEA, -2, warehouse=north, who="anna", note="gone")


def test_one_warehouse_is_counted_anew_and_the_others_stay(north):
    receive(5)
    receive(5, north)

    receipts.set_stock(TEA, 1, who="anna", warehouse=north)

    assert free() == {"north": 1, MAIN: 5}


# --- the ledger


def test_the_database_refuses_to_change_or_delete_a_movement():
    receive(5)

    with pytest.raises(IntegrityError), atomic(ORDERS):
        Movement.objects.update(units=1)
    with pytest.raises(IntegrityError), atomic(ORDERS):
        Movement.objects.all().delete()
    assert Movement.objects.get().units == 5


def test_whatever_happens_the_rows_add_up_to_the_stock_shown(north):
    """A walk of random actions; after each the ledger's changes sum up to the stock, and its last row says it."""
    chance = random.Random(11)
    placed: list[PlacedOrder] = []
    for _ in range(200):
        _one_step(chance, north, placed)
        for variant in (TEA, CUP):
            rows = list(Movement.objects.filter(variant=variant).order_by("id"))
            shown = stock_of([variant])[variant]
            assert sum(row.change for row in rows) == shown.total
            assert not rows or rows[-1].left == shown.total
            for one in stock_by_warehouse([variant])[variant]:
                here = [row for row in rows if row.warehouse == one.warehouse]
                assert sum(row.change for row in here) == one.pool + one.at_edges == (here[-1].left_here if here else 0)
    assert {row.cause for row in Movement.objects.all()} >= set(Movement.Cause) - {Movement.Cause.WRITE_OFF}
    assert breaches() == []


def _one_step(chance: random.Random, north: str, placed: list[PlacedOrder]) -> None:
    variant, warehouse, units = chance.choice((TEA, CUP)), chance.choice((MAIN, north)), chance.randrange(1, 6)
    steps = (
        lambda: receive(units, warehouse, variant),
        lambda: receipts.change_stock(variant, chance.choice((-units, units)), warehouse=warehouse, who="a", note="n"),
        lambda: receipts.transfer_stock({variant: units}, source=warehouse, target=MAIN, who="a"),
        lambda: receipts.set_stock(variant, units * 2, who="a"),
        lambda: granting.grant_rights(make_edge(chance.choice("ab")), {variant: units}, must=True),
        lambda: _return(chance),
        lambda: _order(chance, variant, units, placed),
        lambda: booking.free_order(uuid.UUID(placed.pop().id), who="a") if placed else None,
        lambda: _unpaid(placed[-1], chance) if placed else None,
    )
    with suppress(StockError):  # a refused step changes nothing, which is asked right after
        chance.choice(steps)()


def _return(chance: random.Random) -> None:
    open_grants = list(Grant.objects.filter(state=Grant.State.OPEN).order_by("created_at"))
    if open_grants:
        one = chance.choice(open_grants)
        told = GrantReport(grant=one.pk.hex, sold=one.booked, returned=one.units - one.booked)
        granting.take_reports(one.edge, [told])


def _unpaid(order: PlacedOrder, chance: random.Random) -> None:
    """Nobody pays in time; half of them pay after all."""
    booking.free_order(uuid.UUID(order.id), who="system", cause=Movement.Cause.UNPAID)
    if chance.random() < 0.5:
        wanted = {uuid.UUID(line.variant): line.units for line in order.lines}
        booking.take_again(uuid.UUID(order.id), wanted, placed_at=timezone.now(), who="a")


def _order(chance: random.Random, variant: uuid.UUID, units: int, placed: list[PlacedOrder]) -> None:
    grants = Grant.objects.filter(variant=variant, state=Grant.State.OPEN).order_by("created_at")
    uses = [(one, one.units - one.returned - one.booked) for one in grants]
    uses = [(one, min(left, units)) for one, left in uses if left > 0][:1]
    order = make_order(make_line(variant, units, *uses))
    booking.book_orders([order])
    placed.append(order)


# --- the audit


@pytest.mark.parametrize(
    ("table", "wrong", "rules"),
    [
        ("stock_balance", "units = units + 1 WHERE place = 'sold'", {"sums", "nowhere"}),
        ("stock_balance", "warehouse = 'north' WHERE place = 'edge:a'", {"sums", "nowhere", "at_edge"}),
        ("stock_grant", "booked = booked + 1", {"at_edge"}),
        ("stock_grant", "sold = 0", {"shrunk"}),
    ],
)
def test_an_audit_finds_what_is_wrong(table, wrong, rules):
    from django.db import connections

    from central.stock.auditing import look_at_books

    receive(9)
    (made,) = grant(5)
    booking.book_orders([make_order(make_line(TEA, 2, (made, 2)))])
    granting.take_reports("a", [GrantReport(grant=made.pk.hex, sold=2, returned=0)])
    look_at_books()
    assert breaches() == []

    with connections["orders"].cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        cursor.execute(f"UPDATE {table} SET {wrong}")
        found = {one.rule for one in breaches()}
        cursor.execute("ROLLBACK TO SAVEPOINT before")

    assert found == rules
    assert Balance.objects.filter(place=POOL).exists()


def test_people_are_told_once_when_the_books_break_and_once_when_they_are_right_again():
    from django.db import connections

    from central.stock.auditing import BROKEN, MENDED, look_at_books
    from central.stock.models import BreachRow
    from central.ui.notices import NoticeDue
    from sync.contracts.codec import unpack
    from sync.events import RecordedEvent, kind_of
    from sync.store.central.models import Outbox

    def told() -> list[str]:
        rows = Outbox.objects.using("orders").filter(topic="event").order_by("id").values_list("body", flat=True)
        events = [unpack(bytes(body), RecordedEvent) for body in rows]
        return [unpack(one.body, NoticeDue).notice for one in events if one.kind == kind_of(NoticeDue)]

    receive(3)
    look_at_books()
    assert told() == []

    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units + 1 WHERE place = 'pool'")
    look_at_books()
    look_at_books()
    assert told() == [BROKEN]
    assert {(row.rule, row.has, row.should) for row in BreachRow.objects.filter(ended_at=None)} == {
        ("nowhere", 1, 0),
        ("sums", 4, 3),
    }

    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units - 1 WHERE place = 'pool'")
    look_at_books()
    look_at_books()
    assert told() == [BROKEN, MENDED]
    assert not BreachRow.objects.filter(ended_at=None).exists()


def test_between_whole_rounds_only_what_moved_is_added_up(monkeypatch):
    from datetime import timedelta

    from django.db import connections
    from django.utils import timezone

    from central.stock import auditing
    from central.stock.models import Audit

    monkeypatch.setattr(auditing, "LATE", 0)
    receive(3)
    receive(3, variant=CUP)
    auditing.look_at_books()
    Audit.objects.update(full_at=timezone.now(), full_ms=10_000)  # a whole round is dear
    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units + 1 WHERE place = 'pool' AND variant = %s", [TEA])

    receive(1, variant=CUP)
    assert auditing.look_at_books() == []
    receive(1)
    assert {one.variant for one in auditing.look_at_books()} == {TEA}

    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units - 1 WHERE place = 'pool' AND variant = %s", [TEA])
    assert auditing.look_at_books() == []
    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units + 1 WHERE place = 'pool' AND variant = %s", [TEA])
    Audit.objects.update(full_at=timezone.now() - timedelta(seconds=301), full_ms=10_000)
    assert {one.rule for one in auditing.look_at_books()} == {"sums", "nowhere"}
    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units - 1 WHERE place = 'pool' AND variant = %s", [TEA])
