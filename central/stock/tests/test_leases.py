from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from central.cluster.events import EpochEnded
from central.stock import booking, giving_up, granting, leases, receipts
from central.stock.errors import NotFrozen, UnknownGrant
from central.stock.handlers import freeze_epoch
from central.stock.models import EdgeLease, Grant, Movement
from central.stock.queries import Stock, check_balance, left_of, stock_of
from central.stock.receives import ask_stock, renew_stock, take_grant_reports
from central.stock.tests.make import make_edge, make_line, make_order
from node.realms import ORDERS, atomic
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantReport, Renew, Renewed

pytestmark = pytest.mark.django_db(databases=["default", "orders"])

TEA = uuid.UUID(int=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch):
    monkeypatch.setattr("sync.hub.tell", lambda node, kind, body: None)


@pytest.fixture(autouse=True)
def books_add_up():
    yield
    assert check_balance() == []


def grant(units: int = 10, node: str = "a", epoch: int = 1) -> Grant:
    receipts.receive_stock({TEA: units}, who="anna")
    (made,) = granting.grant_rights(make_edge(node, epoch), {TEA: units}, must=True)
    return made


def state(made: Grant) -> str:
    made.refresh_from_db()
    return str(made.state)


def tell(made: Grant, epoch: int = 1, **report: int | bool) -> None:
    body = pack(GrantReport(grant=made.pk.hex, **({"sold": 0, "returned": 0} | report)))
    take_grant_reports(make_edge(made.edge, epoch), [body])


def stock() -> Stock:
    return stock_of([TEA])[TEA]


# --- the lease


def test_a_grant_is_frozen_when_its_edge_can_sell_from_it_no_more_and_not_before():
    made = grant()
    assert made.freeze_at - made.created_at > DAY * 1.002

    assert leases.freeze_overdue(made.freeze_at) == 0
    assert state(made) == "open"
    assert leases.freeze_overdue(made.freeze_at + timedelta(seconds=1)) == 1

    assert (state(made), made.ver) == ("frozen", 2)
    assert stock() == Stock(total=10, at_edges=10)  # frozen units are on sale nowhere


def test_one_renewal_lets_an_edge_sell_on_from_all_its_grants_and_no_other_edge():
    mine, also_mine, other = grant(), grant(), grant(node="b")
    late = timezone.now() + 2 * DAY
    EdgeLease.objects.create(edge="a", epoch=1, freeze_at=late)

    answer = unpack(renew_stock(make_edge("a"), pack(Renew())), Renewed)
    Grant.objects.update(freeze_at=timezone.now() - DAY)
    leases.freeze_overdue()

    assert answer == Renewed(ttl_s=86400)
    assert [state(one) for one in (mine, also_mine, other)] == ["open", "open", "frozen"]
    assert EdgeLease.objects.get().freeze_at == late  # a clock set back shortens no promise


def test_an_edge_of_an_earlier_version_is_told_which_of_its_grants_are_open():
    mine, other = grant(), grant(node="b")

    answer = unpack(renew_stock(make_edge("a"), pack(Renew(grants=[mine.pk.hex, other.pk.hex]))), Renewed)

    assert [doc.id for doc in answer.grants] == [mine.pk.hex]


def test_the_lease_of_a_dead_epoch_keeps_nothing_alive():
    made = grant()
    leases.renew_lease(make_edge(epoch=1))
    Grant.objects.update(freeze_at=timezone.now() - DAY)

    leases.renew_lease(make_edge(epoch=2))

    assert state(made) == "frozen"
    leases.renew_lease(make_edge(epoch=1))
    assert EdgeLease.objects.get().epoch == 2


def test_a_late_seal_of_a_frozen_grant_frees_the_rest_and_a_fresh_one_may_follow():
    made = grant()
    leases.freeze_overdue(made.freeze_at + DAY)
    assert unpack(ask_stock(make_edge("b"), pack(Ask(wanted={TEA.hex: 1}, must=True))), Answer).grants == []

    tell(made, sold=3, is_sealed=True)

    assert state(made) == "sealed"
    assert stock() == Stock(total=10, pool=7, at_edges=3)
    assert len(granting.grant_rights(make_edge(), {TEA: 5}, must=True)) == 1


# --- epochs


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_disk_of_a_later_epoch_frees_nothing_of_what_an_earlier_one_held(is_sealed):
    made = grant()
    freeze_epoch(EpochEnded(node="a", epoch=1), None)

    tell(made, epoch=2, sold=2, returned=5, is_sealed=is_sealed)

    assert (state(made), made.sold, made.returned) == ("frozen", 2, 0)
    assert stock() == Stock(total=10, at_edges=10)


def test_an_epoch_that_ended_freezes_its_own_grants_and_earlier_ones_only():
    first, second, third, other = grant(epoch=1), grant(epoch=2), grant(epoch=3), grant(node="b")

    # The third grant was asked for in a later epoch, which froze the earlier ones already.
    assert [state(one) for one in (first, second, third, other)] == ["frozen", "frozen", "open", "open"]
    assert freeze_epoch(EpochEnded(node="a", epoch=3), None) == {"frozen": 1}
    assert freeze_epoch(EpochEnded(node="a", epoch=3), None) == {"frozen": 0}
    assert (state(third), state(other)) == ("frozen", "open")


# --- writing off


def test_a_frozen_right_is_written_off_with_a_reason_and_counts_as_sold():
    made = grant()
    tell(made, sold=4, returned=2)
    booking.book_orders([make_order(make_line(TEA, 3, (made, 3)))])
    leases.freeze_overdue(made.freeze_at + DAY)

    giving_up.write_off(made.pk, reason="the machine burned", by="anna")
    giving_up.write_off(made.pk, reason="again", by="boris")

    assert state(made) == "written_off"
    assert (made.lost, made.reason, made.written_off_by) == (5, "the machine burned", "anna")
    assert stock() == Stock(total=2, pool=2, sold=3)
    row = Movement.objects.get(target="written_off")
    assert (row.units, row.cause, row.who, row.note, row.ref) == (
        5, "write_off", "anna", "the machine burned", made.pk.hex,
    )  # fmt: skip


def test_orders_of_a_written_off_edge_that_comes_back_take_from_what_was_lost():
    made = grant()
    leases.freeze_overdue(made.freeze_at + DAY)
    giving_up.write_off(made.pk, reason="lost", by="anna")
    receipts.receive_stock({TEA: 1}, who="anna")

    booking.book_orders([make_order(make_line(TEA, 4, (made, 4)))])
    tell(made, sold=4, is_sealed=True)

    assert (state(made), made.lost, made.late, made.booked) == ("written_off", 6, 4, 4)
    assert stock() == Stock(total=1, pool=1, sold=4)  # nobody else's unit was taken, and nobody waits


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_right_that_is_not_frozen_cannot_be_written_off(is_sealed):
    made = grant()
    if is_sealed:
        tell(made, is_sealed=True)

    with pytest.raises(NotFrozen):
        giving_up.write_off(made.pk, reason="no", by="anna")

    assert Movement.objects.filter(target="written_off").count() == 0


def test_a_right_that_is_not_there_cannot_be_written_off():
    with pytest.raises(UnknownGrant):
        giving_up.write_off(uuid.uuid4(), reason="no", by="anna")


def test_the_database_refuses_to_lose_what_was_sold():
    made = grant()

    with pytest.raises(IntegrityError), atomic(ORDERS):
        Grant.objects.filter(pk=made.pk).update(booked=6, lost=5)


# --- idle edges


def test_an_idle_edge_gets_and_keeps_a_few_of_much_and_none_of_few():
    receipts.receive_stock({TEA: 100, uuid.UUID(int=2): 12}, who="anna")
    wanted = {TEA.hex: 20, uuid.UUID(int=2).hex: 20}

    first = unpack(ask_stock(make_edge("a"), pack(Ask(wanted=wanted, is_idle=True))), Answer)
    second = unpack(ask_stock(make_edge("b"), pack(Ask(wanted=wanted, is_idle=True))), Answer)

    assert [(doc.variant, doc.units) for doc in first.grants] == [(TEA.hex, 5)]
    assert first.keep == {TEA.hex: 5, uuid.UUID(int=2).hex: 0}
    assert (second.grants, second.keep[TEA.hex]) == ([], 0)


def test_what_is_left_is_what_lies_in_the_pool_and_at_edges_but_not_what_is_frozen_there():
    frozen = grant(4)
    leases.freeze_overdue(frozen.freeze_at + DAY)
    grant(7, node="b")
    receipts.receive_stock({TEA: 10}, who="anna")

    assert (left_of([TEA]), stock().total) == ({TEA: 17}, 21)


def test_who_asks_anew_gets_what_he_has_not_heard_of_and_only_then_more():
    known, unheard = grant(3), grant(2)
    grant(5, node="b")
    receipts.receive_stock({TEA: 9}, who="anna")

    def ask_again(units: int) -> list[tuple[str, int]]:
        ask = Ask(wanted={TEA.hex: units}, must=True, knows=[known.pk.hex])
        answer = unpack(ask_stock(make_edge("a"), pack(ask)), Answer)
        return [(doc.id, doc.units) for doc in answer.grants]

    assert ask_again(2) == [(unheard.pk.hex, 2)]
    (first, _), (_, units) = ask_again(3)
    assert (first, units) == (unheard.pk.hex, 1)
    leases.freeze_epochs("a", below=2)
    assert unheard.pk.hex not in dict(ask_again(1))
