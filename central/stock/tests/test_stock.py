from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from django.db import IntegrityError, connections

from central.stock import booking, granting, recalling, receipts, topics
from central.stock.errors import NotEnoughInPool, UnknownGrant, WrongUnits
from central.stock.events import PendingResolved
from central.stock.ledger import Book
from central.stock.models import POOL, Balance, Grant, Movement, PendingUnits
from central.stock.queries import Stock, check_balance, stock_of
from central.stock.receives import ask_stock, take_grant_reports
from central.stock.tests.make import make_edge, make_line, make_order
from node.realms import ORDERS, atomic
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantDoc, GrantReport
from sync.events import RecordedEvent, kind_of
from sync.store.central.models import Outbox
from sync.upstream import Poison

REALMS = ["default", "orders"]
pytestmark = pytest.mark.django_db(databases=REALMS)

TEA = uuid.UUID(int=1)
CUP = uuid.UUID(int=2)


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """What central pushed to edges. The channel layer is not ours to test here, and any push may be lost."""
    sent: list[tuple[str, str, bytes]] = []
    monkeypatch.setattr(recalling, "RECALL_S", 0.1)
    monkeypatch.setattr("sync.hub.tell", lambda node, kind, body: sent.append((node, kind, body)))
    return sent


@pytest.fixture(autouse=True)
def books_add_up():
    yield
    assert check_balance() == []


def receive(units: int, variant: uuid.UUID = TEA) -> None:
    receipts.receive_stock({variant: units}, who="anna")


def grant(units: int, node: str = "a", variant: uuid.UUID = TEA, epoch: int = 1) -> Grant:
    (made,) = granting.grant_rights(make_edge(node, epoch), {variant: units}, must=True)
    return made


def report(made: Grant, sold: int = 0, returned: int = 0, is_sealed: bool = False) -> Grant:
    told = GrantReport(grant=made.pk.hex, sold=sold, returned=returned, is_sealed=is_sealed)
    return granting.take_reports(made.edge, [told])[0]


def stock(variant: uuid.UUID = TEA) -> Stock:
    return stock_of([variant])[variant]


def events() -> list[str]:
    bodies = Outbox.objects.using("orders").filter(topic="event").values_list("body", flat=True)
    return [unpack(bytes(body), RecordedEvent).kind for body in bodies]


# --- receipts and corrections


def test_received_units_lie_in_the_pool_and_in_the_ledger():
    receipts.receive_stock({TEA: 7, CUP: 2}, who="anna", note="note 12", ref="D-12")

    assert stock() == Stock(total=7, pool=7)
    row = Movement.objects.get(variant=TEA)
    assert (row.source, row.target, row.units, row.cause) == ("supplier", "pool", 7, "receipt")
    assert (row.who, row.note, row.ref) == ("anna", "note 12", "D-12")


@pytest.mark.parametrize("units", [0, -1, 1_000_000_001])
def test_a_wrong_number_of_units_changes_nothing(units):
    with pytest.raises(WrongUnits):
        receive(units)

    assert Movement.objects.count() == 0


def test_a_correction_sets_what_is_unsold_in_pool_and_at_edges():
    receive(10)
    grant(4)

    receipts.set_stock(TEA, 25, who="anna")
    assert stock() == Stock(total=25, pool=21, at_edges=4)

    receipts.set_stock(TEA, 4, who="anna", note="broken")
    assert stock() == Stock(total=4, pool=0, at_edges=4)
    assert Movement.objects.filter(target="written_off").get().units == 21


def test_a_correction_below_what_edges_hold_recalls_and_else_says_so(told):
    receive(10)
    grant(8)

    with pytest.raises(NotEnoughInPool) as caught:
        receipts.set_stock(TEA, 3, who="anna")

    assert caught.value.data == {"variant": TEA.hex, "has": 2, "at_edges": 8, "lacks": 5}
    assert stock() == Stock(total=10, pool=2, at_edges=8)
    assert [(node, kind) for node, kind, _ in told] == [("a", "recall")]


def test_the_database_refuses_a_pool_below_zero():
    receive(1)

    with pytest.raises(IntegrityError), atomic(ORDERS):
        Balance.objects.filter(variant=TEA, place=POOL).update(units=-1)


def test_the_book_refuses_to_move_what_is_not_there():
    receive(1)

    with pytest.raises(NotEnoughInPool), atomic(ORDERS):
        Book([TEA]).move(TEA, POOL, "sold", 2, Movement.Cause.ORDER)


# --- grants


def test_asking_again_and_again_does_not_drain_the_pool():
    receive(100)

    for _ in range(20):
        granting.grant_rights(make_edge(), {TEA: 100})

    assert stock() == Stock(total=100, pool=20, at_edges=80)  # one edge: 80 % and no more


def test_a_grant_is_published_to_its_edge_only():
    receive(5)

    made = grant(2)

    row = Outbox.objects.using("orders").get(topic="grant:a")
    assert (row.key, row.ver) == (made.pk.hex, 1)
    ver, body = topics._read("grant:a", [made.pk.hex])[made.pk.hex]
    assert unpack(body, GrantDoc) == GrantDoc(id=made.pk.hex, edge="a", epoch=1, variant=TEA.hex, units=2, ttl_s=86400)
    assert topics._read("grant:b", [made.pk.hex]) == {}
    assert topics._page("grant:a", "", 10) == [(made.pk.hex, ver, body)]
    assert topics._page("grant:a", made.pk.hex, 10) == []


def test_returned_units_lie_in_the_pool_again():
    receive(5)
    made = grant(5)

    report(made, returned=3)

    assert stock() == Stock(total=5, pool=3, at_edges=2)


def test_reports_give_the_same_end_in_every_order_and_number():
    receive(120)
    reports = [(1, 0, False), (1, 2, False), (4, 2, False)]

    for order in permutations([*reports, reports[0]]):
        made = grant(10)
        for sold, returned, is_sealed in order:
            joined = report(made, sold, returned, is_sealed)
        assert (joined.sold, joined.returned, joined.state) == (4, 2, "open")
        report(made, 4, 2, is_sealed=True)

    assert stock() == Stock(total=120, pool=24, at_edges=96)


def test_a_seal_frees_what_was_not_sold_once():
    receive(10)
    made = grant(6)

    report(made, sold=2, returned=1, is_sealed=True)
    report(made, sold=2, returned=1, is_sealed=True)

    assert stock() == Stock(total=10, pool=8, at_edges=2)  # two are sold, and wait for their order
    assert topics._read("grant:a", [made.pk.hex])[made.pk.hex] == (2, None)
    assert topics._page("grant:a", "", 10) == []


def test_after_the_seal_nothing_more_may_have_been_sold():
    receive(10)
    made = grant(6)
    report(made, sold=2, is_sealed=True)

    with pytest.raises(WrongUnits):
        report(made, sold=3)


@pytest.mark.parametrize(("sold", "returned"), [(6, 0), (0, 6), (3, 3), (-1, 0)])
def test_a_report_of_more_than_was_granted_is_poison_and_changes_nothing(sold, returned):
    receive(10)
    made = grant(5)

    with pytest.raises(Poison), atomic(ORDERS):
        take_grant_reports(make_edge(), [pack(GrantReport(grant=made.pk.hex, sold=sold, returned=returned))])

    assert stock() == Stock(total=10, pool=5, at_edges=5)


def test_many_reports_at_once_come_to_the_same_as_one_after_the_other():
    receive(10)
    receive(10, variant=CUP)
    tea, cup = grant(5), grant(5, variant=CUP)
    told = [
        GrantReport(grant=tea.pk.hex, sold=1, returned=0),
        GrantReport(grant=cup.pk.hex, sold=0, returned=2),
        GrantReport(grant=tea.pk.hex, sold=3, returned=1, is_sealed=True),
        GrantReport(grant=tea.pk.hex, sold=2, returned=0),  # an old one, by another path
    ]

    take_grant_reports(make_edge(), [pack(one) for one in told])

    tea.refresh_from_db()
    assert (tea.sold, tea.returned, tea.state) == (3, 2, Grant.State.SEALED)
    assert (stock(TEA).pool, stock(CUP).pool) == (5 + 2, 5 + 2)


def test_one_wrong_report_among_many_changes_nothing():
    receive(10)
    made, other = grant(3), grant(3)
    told = [GrantReport(grant=made.pk.hex, sold=0, returned=2), GrantReport(grant=other.pk.hex, sold=9, returned=0)]

    with pytest.raises(Poison), atomic(ORDERS):
        take_grant_reports(make_edge(), [pack(one) for one in told])

    assert stock().pool == 4


def test_an_edge_cannot_report_for_another():
    receive(10)
    made = grant(5, node="a")

    with pytest.raises(UnknownGrant):
        granting.take_reports("b", [GrantReport(grant=made.pk.hex, sold=0, returned=5)])
    with pytest.raises(Poison):
        take_grant_reports(make_edge("b"), [pack(GrantReport(grant="no uuid", sold=0, returned=5))])

    assert stock().pool == 5


def test_a_new_epoch_freezes_what_the_lost_disk_held():
    receive(10)
    old = grant(4, epoch=1)

    grant(1, epoch=2)

    old.refresh_from_db()
    assert (old.state, old.ver) == ("frozen", 2)
    assert stock() == Stock(total=10, pool=5, at_edges=5)  # frozen units are not sellable, nor free
    assert granting.open_grants(make_edge(epoch=2), [old.pk]) == []


# --- asking


def test_an_ask_is_answered_with_grants_and_what_is_left():
    receive(30)

    answer = unpack(ask_stock(make_edge(), pack(Ask(wanted={TEA.hex: 4, CUP.hex: 1}, must=True))), Answer)

    assert [(doc.variant, doc.units, doc.edge, doc.epoch) for doc in answer.grants] == [(TEA.hex, 4, "a", 1)]
    assert answer.left == {TEA.hex: 26, CUP.hex: 0}


def test_a_short_ask_takes_the_pool_and_recalls_the_rest_from_others(told):
    receive(5)
    grant(3, node="b")

    answer = unpack(ask_stock(make_edge("a"), pack(Ask(wanted={TEA.hex: 4}, must=True))), Answer)

    assert [doc.units for doc in answer.grants] == [2]
    assert answer.left == {TEA.hex: 0}
    assert [(node, kind) for node, kind, _ in told] == [("b", "recall")]


def test_nobody_to_recall_from_is_answered_at_once(told, monkeypatch):
    monkeypatch.setattr(granting, "retry", lambda attempt: pytest.fail("it waits for nobody"))

    answer = unpack(ask_stock(make_edge("a"), pack(Ask(wanted={TEA.hex: 4}, must=True))), Answer)

    assert (answer.grants, answer.left, told) == ([], {TEA.hex: 0}, [])


# --- orders


def test_an_order_is_booked_once_however_often_it_comes():
    receive(10)
    made = grant(6)
    placed = make_order(make_line(TEA, 2, (made, 2)))

    booking.book_orders([placed])
    booking.book_orders([placed])

    assert stock() == Stock(total=8, pool=4, at_edges=4, sold=2)
    made.refresh_from_db()
    assert (made.booked, made.sold) == (2, 0)


def test_the_order_and_the_report_may_come_in_any_order():
    receive(10)
    for is_order_first in (True, False):
        made = grant(5)
        placed = make_order(make_line(TEA, 3, (made, 3)))
        steps = [lambda: booking.book_orders([placed]), lambda: report(made, sold=3, returned=2, is_sealed=True)]  # noqa: B023
        for step in steps if is_order_first else reversed(steps):
            step()
        made.refresh_from_db()
        assert (made.sold, made.booked, made.returned, made.state) == (3, 3, 2, "sealed")

    assert stock() == Stock(total=4, pool=4, sold=6)


def test_units_with_no_right_wait_and_get_theirs_when_goods_come_in():
    first = make_order(make_line(TEA, 3), placed_at=1_700_000_000_000)
    second = make_order(make_line(TEA, 1), placed_at=1_700_000_000_001)
    booking.book_orders([second])
    booking.book_orders([first])
    assert stock() == Stock(pending=4)

    receive(2)
    assert stock() == Stock(sold=2, pending=2)
    assert events() == []

    receive(2)
    assert stock() == Stock(sold=4)
    assert events() == [kind_of(PendingResolved)] * 2
    assert set(PendingUnits.objects.values_list("state", flat=True)) == {"resolved"}


def test_the_oldest_order_is_served_first_and_later_returns_serve_the_next():
    receive(2)
    made = grant(2)
    old, new = (make_order(make_line(TEA, 1), placed_at=1_700_000_000_000 + n) for n in range(2))
    booking.book_orders([new])
    booking.book_orders([old])

    report(made, returned=1)

    assert [str(row.order) for row in PendingUnits.objects.filter(state="resolved")] == [str(uuid.UUID(old.id))]
    assert stock() == Stock(total=1, pool=0, at_edges=1, sold=1, pending=1)


def test_free_units_serve_a_pending_order_on_arrival():
    receive(5)

    booking.book_orders([make_order(make_line(TEA, 2), make_line(TEA, 1))])

    assert stock() == Stock(total=2, pool=2, sold=3)


def test_a_right_that_does_not_cover_the_line_oversells_nothing():
    receive(5)
    small, other = grant(2), grant(3, node="b")
    ghost = Grant(id=uuid.uuid4(), edge="a", epoch=1, variant=TEA, units=9)

    booking.book_orders([make_order(make_line(TEA, 9, (small, 5), (ghost, 4)))])
    booking.book_orders([make_order(make_line(CUP, 3, (other, 3)))])

    assert stock() == Stock(total=3, at_edges=3, sold=2, pending=7)
    assert stock(CUP) == Stock(pending=3)


def test_a_cancelled_order_gives_its_units_back_once():
    receive(3)
    made = grant(3)
    placed = make_order(make_line(TEA, 2, (made, 2)), make_line(CUP, 1))
    booking.book_orders([placed])

    for _ in range(2):
        booking.free_order(uuid.UUID(placed.id), who="anna", note="changed her mind")
    receive(1, CUP)

    assert stock() == Stock(total=3, pool=2, at_edges=1)
    assert stock(CUP) == Stock(total=1, pool=1)


# --- many at once, on real connections


@pytest.mark.django_db(databases=REALMS, transaction=True)
@pytest.mark.slow
def test_a_hundred_asks_at_once_never_grant_more_than_there_is():
    receive(57)
    receive(33, CUP)

    def ask(number: int) -> int:
        try:
            wanted = {TEA: 1, CUP: 1} if number % 2 else {CUP: 1, TEA: 1}
            return len(granting.grant_rights(make_edge(f"e{number % 5}"), wanted, must=True))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        given = sum(pool.map(ask, range(100)))

    assert given == 57 + 33
    assert stock() == Stock(total=57, at_edges=57)
    assert stock(CUP) == Stock(total=33, at_edges=33)
    assert check_balance() == []


def test_the_shopper_waits_no_longer_once_nobody_holds_any(monkeypatch):
    monkeypatch.setattr(recalling, "RECALL_S", 60)
    receive(4)
    theirs = grant(4, node="b")
    monkeypatch.setattr("sync.hub.tell", lambda node, kind, body: report(theirs, returned=4))

    grants = granting.grant_or_recall(make_edge("a"), {TEA: 9})

    assert sum(one.units for one in grants) == 4


@pytest.mark.django_db(databases=REALMS, transaction=True)
def test_a_shopper_waits_for_units_that_another_edge_gives_back(monkeypatch):
    receive(4)
    theirs = grant(4, node="b")

    def give_back() -> None:
        report(theirs, returned=3)
        connections.close_all()

    helpers: list[threading.Thread] = []

    def tell(node: str, kind: str, body: bytes) -> None:
        helpers.append(threading.Thread(target=give_back))
        helpers[-1].start()

    monkeypatch.setattr("sync.hub.tell", tell)
    monkeypatch.setattr(recalling, "RECALL_S", 10)

    grants = granting.grant_or_recall(make_edge("a"), {TEA: 3})

    for helper in helpers:
        helper.join()
    assert sum(one.units for one in grants) == 3
    assert stock() == Stock(total=4, at_edges=4)
