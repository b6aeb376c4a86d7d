from __future__ import annotations

import random
from itertools import permutations

import pytest

from sync.core import escrow
from sync.core.escrow import Held, Noted, Pace, TooMuch, joined

HOUR_MS = 3_600_000
NOTED = Noted("first", 1_000_000, 1_700_000_000_000)


def test_the_edge_stops_before_central_would_think_so_on_clocks_that_drift():
    assert escrow.stop_at(1_000, 100) == 1_000 + 100_000 - 200 - 5_000
    assert escrow.freeze_at(1_000, 100) == 1_000 + 100_000 + 200 + 5_000


@pytest.mark.parametrize(
    ("state", "now", "is_to"), [("open", 10, False), ("open", 11, True), ("frozen", 11, False), ("sealed", 11, False)]
)
def test_only_an_open_grant_that_is_overdue_is_frozen(state, now, is_to):
    assert escrow.is_to_freeze(state, 10, now) is is_to


@pytest.mark.parametrize(
    ("hours", "is_trusted", "left"),
    [(1, True, True), (23, True, True), (24, True, False), (1, False, False), (-1, True, False)],
)
def test_what_a_reboot_leaves_of_a_lease(hours, is_trusted, left):
    stop = escrow.stop_at(NOTED.boottime_ms, 86_400)

    now = Noted("second", 500, NOTED.wall_ms + hours * HOUR_MS)
    after = escrow.stop_after_reboot(stop, NOTED, now, is_wall_trusted=is_trusted)

    assert (after > 500) is left
    assert after <= 500 + (24 - hours) * HOUR_MS if left else after == 0


def test_reports_give_the_same_end_in_every_order_and_number():
    told = [(1, 0, False), (3, 2, False), (3, 4, False), (4, 4, True)]

    ends = set()
    for order in permutations(told + told[:2]):
        held = Held(units=10)
        for sold, returned, is_sealed in order:
            held = joined(held, sold=sold, returned=returned, is_sealed=is_sealed)
        ends.add(held)

    assert ends == {Held(units=10, state="sealed", sold=4, returned=6)}


def test_the_last_word_frees_what_was_not_sold_and_not_what_orders_say_was():
    assert joined(Held(units=10, state="frozen", booked=3), sold=2, returned=0, is_sealed=True).returned == 7


@pytest.mark.parametrize(("sold", "returned"), [(11, 0), (6, 5), (-1, 0), (0, -1)])
def test_a_report_of_more_than_was_granted_is_refused(sold, returned):
    with pytest.raises(TooMuch):
        joined(Held(units=10), sold=sold, returned=returned, is_sealed=False)


def test_a_disk_of_another_epoch_gets_nothing_back():
    frozen = Held(units=10, state="frozen", sold=2)

    after = joined(frozen, sold=5, returned=4, is_sealed=True, is_of_its_epoch=False)

    assert after == Held(units=10, state="frozen", sold=5, returned=0)


def test_a_write_off_counts_all_that_may_have_been_sold():
    assert escrow.written_off(Held(units=10, state="frozen", sold=4, returned=2, booked=3))[1] == 5


@pytest.mark.parametrize("state", ["open", "sealed", "written_off"])
def test_only_what_is_frozen_is_written_off(state):
    with pytest.raises(ValueError, match=state):
        escrow.written_off(Held(units=1, state=state))


# --- sizes


@pytest.mark.parametrize(
    ("wanted", "pool", "at_edges", "here", "edges", "must", "is_idle", "given"),
    [
        (5, 100, 0, 0, 3, False, False, 5),
        (50, 100, 0, 0, 3, False, False, 26),  # at most 0.8 of the third part
        (50, 74, 26, 26, 3, False, False, 0),
        (5, 5, 0, 0, 3, False, False, 0),  # fewer than two for each: every sale asks
        (5, 5, 0, 0, 3, True, False, 5),
        (5, 3, 0, 0, 3, True, False, 3),
        (20, 100, 0, 0, 3, False, True, 5),  # idle: a twentieth, of all edges together
        (20, 97, 3, 0, 3, False, True, 2),
        (20, 90, 10, 10, 3, False, True, 0),
        (20, 15, 0, 0, 3, False, True, 0),
    ],
)
def test_the_size_of_a_grant(wanted, pool, at_edges, here, edges, must, is_idle, given):
    assert (
        escrow.units_to_grant(
            wanted=wanted, pool=pool, at_edges=at_edges, at_this_edge=here, edges=edges, must=must, is_idle=is_idle
        )
        == given
    )


def test_idle_edges_together_keep_a_twentieth_whoever_asks_first():
    rng = random.Random(7)
    for _ in range(300):
        edges, unsold = rng.randint(1, 6), rng.randint(0, 400)
        at = [0] * edges
        for _ in range(20):
            here = rng.randrange(edges)
            keep = escrow.units_to_keep(unsold=unsold, at_edges=sum(at), at_this_edge=at[here], edges=edges)
            at[here] = min(at[here], keep)
            at[here] += escrow.units_to_grant(
                wanted=20,
                pool=unsold - sum(at),
                at_edges=sum(at),
                at_this_edge=at[here],
                edges=edges,
                must=False,
                is_idle=True,
            )
        assert sum(at) <= unsold * 0.05


@pytest.mark.parametrize(
    ("free", "sold", "asked"), [(0, 0, 10), (4, 0, 6), (5, 0, 0), (12, 0, 0), (0, 20, 28), (13, 20, 15), (14, 20, 0)]
)
def test_an_edge_asks_when_less_than_half_of_what_it_likes_is_left(free, sold, asked):
    pace = Pace().after(sold, 0) if sold else None

    assert escrow.units_to_ask(free=free, pace=pace, now_ms=0) == asked


def test_with_ten_units_for_each_edge_nobody_waits_for_an_answer_that_four_sales_overtake():
    rng = random.Random(7)
    for edges in range(1, 7):
        for _ in range(50):
            shops = [_Shop() for _ in range(edges)]
            unsold = rng.randint(10 * edges, 60 * edges)
            for shop in shops:  # each has sold before: its first answer is here
                shop.ask(unsold, shops)
                shop.take()
            while unsold >= 10 * edges:
                shop = rng.choice(shops)
                assert shop.free, (edges, unsold)
                shop.sell()
                unsold -= 1
                shop.ask(unsold, shops)


class _Shop:
    """An edge whose asks are answered four sales later, one at a time."""

    def __init__(self) -> None:
        self.free = self.coming = self.sales = 0
        self.pace: Pace | None = None

    def sell(self) -> None:
        self.free -= 1
        self.pace = (self.pace or Pace()).after(1, 0)
        self.sales += 1
        if self.sales == 4:
            self.take()

    def ask(self, unsold: int, shops: list[_Shop]) -> None:
        wanted = 0 if self.coming else escrow.units_to_ask(free=self.free, pace=self.pace, now_ms=0)
        if wanted:
            at_edges = sum(shop.free + shop.coming for shop in shops)
            self.sales = 0
            self.coming = escrow.units_to_grant(
                wanted=wanted,
                pool=unsold - at_edges,
                at_edges=at_edges,
                at_this_edge=self.free,
                edges=len(shops),
                must=False,
            )

    def take(self) -> None:
        self.free, self.coming = self.free + self.coming, 0


# --- pace


def test_a_steady_pace_is_known_and_forgotten_by_halves():
    pace = Pace()
    for minute in range(600):
        pace = pace.after(1, minute * 60_000)
    assert pace.per_hour(599 * 60_000) == pytest.approx(60, rel=0.02)
    assert pace.units_ahead(599 * 60_000) in (120, 121)
    assert pace.per_hour(599 * 60_000 + HOUR_MS) == pytest.approx(30, rel=0.02)
    assert pace.units_ahead(599 * 60_000 + 24 * HOUR_MS) == 0


def test_a_clock_that_went_back_makes_no_sale_newer():
    pace = Pace().after(8, HOUR_MS)

    assert pace.after(0, 0).at_ms == HOUR_MS
    assert pace.per_hour(0) == pace.per_hour(HOUR_MS)
