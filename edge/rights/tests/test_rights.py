from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections

from edge.rights import keeper as keeping
from edge.rights import lease, pace, service
from edge.rights.applies import apply
from edge.rights.models import Hold, Right
from node.realms import EDGE, atomic
from sync.contracts.codec import pack, unpack
from sync.contracts.orders import GrantUse
from sync.contracts.stock import Answer, Ask, GrantDoc, GrantReport, Recall, Renew, Renewed
from sync.core import escrow
from sync.discover import load_edge
from sync.link import LinkDown
from sync.store.edge.highwater import adopt_epoch
from sync.store.edge.models import Document, Outgoing
from sync.store.writer import reader, writer

pytestmark = pytest.mark.django_db(databases=["edge"])
parallel = pytest.mark.django_db(databases=["edge"], transaction=True)

TEA, CUP = "1" * 32, "2" * 32


@pytest.fixture
def clock(monkeypatch):
    """CLOCK_BOOTTIME in our hands, in milliseconds."""
    now = [1_000_000]
    monkeypatch.setattr(lease, "boottime_ms", lambda: now[0])
    return now


@pytest.fixture(autouse=True)
def no_threads_left():
    pace.forget_all()
    service._forgotten.clear()
    yield
    pace.forget_all()
    service._forgotten.clear()
    writer.stop()
    reader.stop()


def doc(grant: str = "a", units: int = 10, variant: str = TEA, is_open: bool = True) -> GrantDoc:
    return GrantDoc(id=grant * 32, edge="a", epoch=1, variant=variant, units=units, ttl_s=86400, is_open=is_open)


def give(*docs: GrantDoc) -> None:
    service.add_grants(docs, lease.boottime_ms())


def right(grant: str = "a") -> tuple[int, int, int]:
    found = Right.objects.get(pk=grant * 32)
    return found.held, found.sold, found.returned


def reports() -> list[GrantReport]:
    rows = Outgoing.objects.filter(kind="grant_report").order_by("n").values_list("body", flat=True)
    return [unpack(bytes(body), GrantReport) for body in rows]


def test_held_units_are_sold_and_reported_by_totals():
    give(doc())

    assert service.hold("o1", {TEA: 3}) == {}
    assert right() == (3, 0, 0)
    (use,) = (service.sell("o1", {TEA: 3}) or {})[TEA]

    assert (use.grant, use.units) == ("a" * 32, 3)
    assert right() == (0, 3, 0)
    assert service.free_units([TEA, CUP]) == {TEA: 7, CUP: 0}
    assert reports() == [GrantReport(grant="a" * 32, sold=3, returned=0)]


def test_units_that_are_there_are_sold_without_being_held_first():
    give(doc(units=2), doc("b", units=4))

    uses = service.sell("c1", {TEA: 5})

    assert uses is not None and sorted(use.units for use in uses[TEA]) == [2, 3]
    assert service.free_units([TEA]) == {TEA: 1}
    assert Hold.objects.count() == 0


@pytest.mark.parametrize("wanted", [{TEA: 3}, {TEA: 1, CUP: 1}])
def test_where_one_unit_lacks_nothing_is_sold(wanted):
    give(doc(units=2))
    service.hold("c1", {TEA: 1})

    assert service.sell("c1", wanted) is None
    assert (right(), reports()) == ((1, 0, 0), [])


def test_cut_off_what_there_is_is_sold_and_the_rest_waits():
    give(doc(units=2))

    uses = service.sell("c1", {TEA: 3, CUP: 1}, partly=True)

    assert uses == {TEA: [GrantUse(grant="a" * 32, units=2)]}


def test_what_a_cart_holds_is_sold_first_then_what_is_free():
    give(doc(units=2), doc("b", units=5))
    service.hold("c1", {TEA: 3})

    uses = service.sell("c1", {TEA: 4})

    assert uses is not None and sum(use.units for use in uses[TEA]) == 4
    assert [(one.held, one.sold) for one in Right.objects.order_by("grant")] == [(0, 2), (0, 2)]


def test_what_was_held_and_is_not_bought_is_free_again():
    give(doc())
    service.hold("c1", {TEA: 5})

    service.sell("c1", {TEA: 2})

    assert right() == (0, 2, 0)


def test_a_short_hold_keeps_what_there_is_and_says_what_lacks():
    give(doc(units=2), doc("b", units=1))

    assert service.hold("o1", {TEA: 5, CUP: 1}) == {TEA: 2, CUP: 1}
    give(doc("c", units=2))

    assert service.hold("o1", {TEA: 5}) == {}
    assert sum(use.units for use in (service.sell("o1", {TEA: 5}) or {})[TEA]) == 5


def test_what_one_checkout_holds_another_cannot():
    give(doc(units=2))
    service.hold("o1", {TEA: 2})

    assert service.hold("o2", {TEA: 1}) == {TEA: 1}
    service.release("o1")
    assert service.hold("o2", {TEA: 1}) == {}


def test_holding_again_takes_or_gives_only_the_difference():
    give(doc())

    service.hold("c1", {TEA: 2})
    service.hold("c1", {TEA: 3})
    assert right() == (3, 0, 0)

    service.hold("c1", {TEA: 1})
    assert right() == (1, 0, 0)
    service.hold("c1", {CUP: 1})
    assert right() == (0, 0, 0)


def test_a_hold_ends_ten_minutes_after_its_checkout_was_last_opened(clock):
    give(doc())
    service.hold("c1", {TEA: 4})
    clock[0] += service.HOLD_MS - 1
    service.hold("c1", {TEA: 4})
    clock[0] += service.HOLD_MS - 1
    service.release_expired()
    assert right() == (4, 0, 0)

    clock[0] += 1
    service.release_expired()

    assert right() == (0, 0, 0)
    assert (Hold.objects.count(), reports()) == (0, [])  # it expires back into the right: central need not know


def test_the_holds_of_two_carts_that_became_one_are_the_one_carts():
    give(doc(units=2), doc("b", units=5))
    service.hold("c1", {TEA: 3})
    service.hold("c2", {TEA: 1})

    service.move_holds("c1", "c2")

    assert service.is_held("c2", {TEA: 4}, for_ms=1000)
    assert sum(use.units for use in (service.sell("c2", {TEA: 4}) or {})[TEA]) == 4
    assert Hold.objects.count() == 0


# --- the lease


def test_nothing_is_held_or_sold_after_the_stop(clock):
    give(doc())
    service.hold("c1", {TEA: 1})
    clock[0] = escrow.stop_at(clock[0], 86400)

    assert service.hold("c2", {TEA: 1}) == {TEA: 1}
    assert service.sell("c1", {TEA: 1}) is None
    assert service.sell("c1", {TEA: 1}, partly=True) == {}
    assert right()[1:] == (0, 0)


def test_at_the_stop_a_right_is_sealed_with_what_it_sold_and_holds_end(clock):
    give(doc(), doc("b"))
    service.sell("c1", {TEA: 3})
    service.hold("c2", {TEA: 2})
    clock[0] = escrow.stop_at(clock[0], 86400) - 1
    service.seal_ended()
    assert reports()[-1].is_sealed is False

    clock[0] += 1
    service.seal_ended()
    service.seal_ended()

    sealed = [report for report in reports() if report.is_sealed]
    assert sorted((one.grant[0], one.sold, one.returned) for one in sealed) == [("a", 3, 0), ("b", 0, 0)]
    assert Hold.objects.count() == 0
    assert service.hold("c2", {TEA: 1}) == {TEA: 1}


def test_one_renewal_lets_every_right_live_on(clock):
    give(doc(), doc("b", variant=CUP))
    clock[0] += 86_000_000

    service.extend(clock[0], 86400)
    clock[0] += 86_000_000
    service.seal_ended()

    assert service.free_units([TEA, CUP]) == {TEA: 10, CUP: 10}
    clock[0] += 1_000_000
    service.seal_ended()
    assert service.free_units([TEA, CUP]) == {TEA: 0, CUP: 0}


def test_a_renewal_counts_from_when_it_was_sent_and_never_shortens(clock):
    give(doc())
    service.extend(clock[0], 86400)
    service.extend(clock[0] - 60_000, 86400)

    clock[0] = escrow.stop_at(clock[0], 86400) - 1
    assert service.free_units([TEA]) == {TEA: 10}
    clock[0] += 1
    assert service.free_units([TEA]) == {TEA: 0}


def test_a_renewal_does_not_bring_back_what_had_ended(clock):
    give(doc())
    clock[0] = escrow.stop_at(clock[0], 86400)

    service.extend(clock[0], 86400)

    assert service.free_units([TEA]) == {TEA: 0}
    assert reports() == [GrantReport(grant="a" * 32, sold=0, returned=0, is_sealed=True)]


def test_another_boot_sells_nothing_until_central_was_asked(monkeypatch):
    give(doc())
    monkeypatch.setattr(lease, "boot_id", lambda: "another")

    assert service.hold("c1", {TEA: 1}) == {TEA: 1}
    give(doc())
    assert service.hold("c1", {TEA: 1}) == {}


class Machine:
    """The clocks of an edge that reboots."""

    def __init__(self, monkeypatch) -> None:
        self.boot, self.boottime, self.wall, self.is_synced = "first", 1_000_000, 1_700_000_000_000, True
        monkeypatch.setattr(lease, "boot_id", lambda: self.boot)
        monkeypatch.setattr(lease, "boottime_ms", lambda: self.boottime)
        monkeypatch.setattr(lease, "wall_ms", lambda: self.wall)
        monkeypatch.setattr(lease, "is_wall_trusted", lambda: self.is_synced)

    def reboot(self, hours: float) -> None:
        """Off for so long, by the wall clock."""
        self.boot, self.boottime, self.wall = self.boot + "+", 5_000, self.wall + int(hours * 3_600_000)
        service.wake()


@pytest.fixture
def machine(monkeypatch) -> Machine:
    return Machine(monkeypatch)


def test_a_reboot_takes_its_time_off_the_lease(machine):
    give(doc())
    service.extend(machine.boottime, 86400)

    machine.reboot(23)
    assert service.free_units([TEA]) == {TEA: 10}

    machine.boottime += 3_600_000
    service.seal_ended()
    assert service.free_units([TEA]) == {TEA: 0}
    assert reports() == [GrantReport(grant="a" * 32, sold=0, returned=0, is_sealed=True)]


@pytest.mark.parametrize(("hours", "is_synced"), [(24, True), (0.1, False), (-0.1, True)])
def test_after_a_reboot_that_no_clock_can_measure_the_lease_is_over(machine, hours, is_synced):
    give(doc())
    service.extend(machine.boottime, 86400)
    machine.is_synced = is_synced

    machine.reboot(hours)

    assert service.free_units([TEA]) == {TEA: 0}
    assert [report.is_sealed for report in reports()] == [True]


def test_holds_outlive_the_process_but_not_the_machine(machine):
    give(doc())
    service.extend(machine.boottime, 86400)
    service.hold("c1", {TEA: 4})

    service.wake()
    assert right() == (4, 0, 0)

    machine.reboot(0.01)
    assert right() == (0, 0, 0)


def test_whether_the_wall_clock_is_in_sync_is_read_from_the_kernel():
    assert lease.is_wall_trusted() in (True, False)


def test_a_late_answer_does_not_shorten_the_lease(clock):
    give(doc())
    until = Right.objects.get().stop_at

    service.add_grants([doc()], clock[0] - 60_000)

    assert Right.objects.get().stop_at == until


def test_a_used_up_right_says_its_last_word_and_is_forgotten():
    give(doc(units=3))
    service.hold("o1", {TEA: 2})
    service.sell("o1", {TEA: 2})

    service.give_back({TEA: 9})

    assert reports()[-1] == GrantReport(grant="a" * 32, sold=2, returned=1, is_sealed=True)
    Document.objects.create(topic="grant:a", key="a" * 32, ver=2, body=None)
    apply("grant:a", "a" * 32, 2, None)
    give(doc(units=3))
    assert Right.objects.count() == 0  # a late answer does not bring it back

    Document.objects.all().delete()  # a snapshot drops what is deleted
    give(doc())
    assert Right.objects.count() == 0


def test_a_recall_takes_only_what_nobody_holds():
    give(doc(units=5))
    service.hold("o1", {TEA: 3})

    service.give_back({TEA: 4, CUP: 1})

    assert right() == (3, 0, 2)
    assert (service.sell("o1", {TEA: 3}) or {})[TEA][0].units == 3


def test_a_published_grant_is_known_but_sells_nothing_before_a_renewal():
    apply("grant:a", "a" * 32, 1, pack(doc()))
    assert service.hold("o1", {TEA: 1}) == {TEA: 1}

    give(doc())
    assert service.hold("o1", {TEA: 1}) == {}


def test_a_grant_that_central_counts_on_no_more_is_sealed_also_when_its_answer_was_lost():
    give(doc())
    service.sell("c1", {TEA: 2})

    apply("grant:a", "a" * 32, 2, pack(doc(is_open=False)))
    apply("grant:a", "a" * 32, 3, pack(doc(is_open=False)))
    apply("grant:a", "b" * 32, 2, pack(doc("b", is_open=False)))

    assert service.sell("c1", {TEA: 1}) is None
    assert reports()[1:] == [
        GrantReport(grant="a" * 32, sold=2, returned=0, is_sealed=True),
        GrantReport(grant="b" * 32, sold=0, returned=0, is_sealed=True),
    ]


# --- epochs


def test_a_new_epoch_sells_nothing_from_what_the_old_one_held_and_returns_nothing():
    load_edge()
    adopt_epoch(1)
    give(doc())
    service.hold("c1", {TEA: 2})

    adopt_epoch(2)

    assert service.hold("c1", {TEA: 1}) == {TEA: 1}
    assert right() == (0, 0, 0)
    apply("grant:a", "a" * 32, 2, pack(doc(is_open=False)))
    apply("grant:a", "b" * 32, 1, pack(doc("b")))
    service.give_back({TEA: 10})
    service.wake()
    assert reports() == []
    assert not Right.objects.filter(pk="b" * 32).exists()


def test_the_same_epoch_again_fences_nothing():
    load_edge()
    adopt_epoch(1)
    give(doc())

    adopt_epoch(1)

    assert service.free_units([TEA]) == {TEA: 10}


@pytest.mark.parametrize("change", [{"held": 11}, {"sold": 6, "returned": 5}, {"sold": 4, "held": 4, "returned": 3}])
def test_the_database_refuses_to_oversell(change):
    give(doc())

    with pytest.raises(IntegrityError), atomic(EDGE):
        Right.objects.update(**change)


@parallel
def test_a_hundred_checkouts_at_once_never_sell_more_than_there_is():
    writer.run_sync(lambda: give(doc(units=20), doc("b", units=17), doc("c", units=9, variant=CUP)))

    def check_out(number: int) -> int:
        order, wanted = f"{number:032x}", {TEA: 1 + number % 2, CUP: number % 2}

        def buy() -> int:
            if service.hold(order, wanted):
                service.release(order)
                return 0
            return sum(use.units for uses in (service.sell(order, wanted) or {}).values() for use in uses)

        return writer.run_sync(buy)

    with ThreadPoolExecutor(16) as pool:
        sold = sum(pool.map(check_out, range(100)))

    rights = Right.objects.all()
    assert sum(one.sold for one in rights) == sold
    assert all(one.held == 0 and one.sold <= one.units for one in rights)
    totals: dict[str, int] = {}
    for report in reports():
        totals[report.grant] = max(totals.get(report.grant, 0), report.sold)
    assert sum(totals.values()) == sold
    assert service.free_units([TEA])[TEA] == 0
    connections.close_all()


# --- the keeper


class PretendCentral:
    """The far end of the link: answers as the hub would, and remembers what it was asked."""

    def __init__(self) -> None:
        self.is_up = True
        self.asked: list[Ask] = []
        self.renewals = 0
        self.keep = 1000
        self._names = iter("abcdefghijklmnopqrstuvwxyz")

    async def comes_back(self, *, within: float) -> bool:
        return self.is_up

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        if not self.is_up:
            raise LinkDown
        if kind == "renew_stock":
            assert unpack(body, Renew) == Renew()
            self.renewals += 1
            return pack(Renewed(ttl_s=86400))
        ask = unpack(body, Ask)
        self.asked.append(ask)
        grants = [doc(next(self._names), units, variant) for variant, units in ask.wanted.items() if units]
        return pack(Answer(grants=grants, left={}, keep=dict.fromkeys(ask.wanted, self.keep) if ask.is_idle else {}))


@pytest.fixture
def central(monkeypatch):
    pretend = PretendCentral()
    monkeypatch.setattr(keeping, "link", pretend)
    return pretend


def card(variant: str, is_on_sale: bool = True) -> None:
    body = pack({"variant": variant, "is_on_sale": is_on_sale, "title": "more than stock reads"})
    Document.objects.create(topic="card:main", key=variant, ver=1, body=body)


@parallel
async def test_a_round_renews_the_lease_and_asks_for_a_few_of_what_nobody_buys(central):
    def prepare() -> None:
        give(doc("z", units=15, variant=TEA))
        for variant in (TEA, CUP):
            card(variant)
        card("4" * 32, is_on_sale=False)

    await writer.run(prepare)

    await keeping.Keeper().round()

    assert central.renewals == 1
    assert central.asked == [Ask(wanted={TEA: 5, CUP: 20}, is_idle=True)]
    assert await reader.run(lambda: service.free_units([TEA, CUP])) == {TEA: 20, CUP: 20}


@parallel
async def test_what_an_idle_edge_has_too_much_of_goes_back(central):
    central.keep = 3
    await writer.run(lambda: (give(doc("z", units=50)), service.hold("c1", {TEA: 4})))
    pace.forget_all()

    await keeping.Keeper().round()

    assert await reader.run(lambda: right("z")) == (4, 0, 43)


@parallel
async def test_what_sells_or_lies_in_a_cart_is_asked_for_and_not_given_back(central):
    central.keep = 0
    await writer.run(lambda: (give(doc("z", units=9)), service.sell("c1", {TEA: 8})))
    pace.expect([CUP])

    await keeping.Keeper().round()

    # eight sold within the hour: 11 for two more; of a cup in a cart, ten
    assert central.asked == [Ask(wanted={TEA: 10, CUP: 10})]
    assert await reader.run(lambda: service.free_units([TEA, CUP])) == {TEA: 11, CUP: 10}


@parallel
async def test_idle_goods_are_asked_about_now_and_then_only(central):
    await writer.run(lambda: card(TEA))
    keeper = keeping.Keeper()

    await keeper.round()
    for moment in (1.0, 100.0):
        keeper._round_at = 0.0
        await keeper._tend(asyncio.get_running_loop().time() + moment)

    assert len(central.asked) == 1


@parallel
async def test_the_pace_outlives_the_process(central):
    await writer.run(lambda: (give(doc(units=9)), service.sell("c1", {TEA: 8})))
    await writer.run(pace.write)
    pace.forget_all()

    await reader.run(pace.load)

    assert pace.units_lacking(TEA, free=0) == 11
    assert not pace.is_idle(TEA)


@parallel
async def test_a_cut_link_leaves_the_rights_as_they_are(central):
    await writer.run(lambda: give(doc()))
    central.is_up = False

    with pytest.raises(LinkDown):
        await keeping.Keeper().round()
    with pytest.raises(LinkDown):
        await keeping.ask({TEA: 1}, must=True, timeout=1)

    assert await reader.run(lambda: service.free_units([TEA])) == {TEA: 10}


@parallel
async def test_a_recall_is_answered_by_a_report(central):
    await writer.run(lambda: give(doc()))

    await keeping.on_recall(pack(Recall(wanted={TEA: 4})))

    assert await reader.run(reports) == [GrantReport(grant="a" * 32, sold=0, returned=4)]


@parallel
async def test_a_start_seals_what_ended_while_the_process_was_down(central, clock):
    central.is_up = False
    await writer.run(lambda: (give(doc()), service.hold("c1", {TEA: 4})))
    clock[0] += 86_400_000
    keeper = keeping.Keeper()

    await keeper.start()
    await keeper.stop()

    assert await reader.run(reports) == [GrantReport(grant="a" * 32, sold=0, returned=0, is_sealed=True)]
    assert await reader.run(lambda: Hold.objects.count()) == 0


@parallel
async def test_many_who_wait_for_the_same_are_two_questions(central):
    answers = await asyncio.gather(*(keeping.Urgent().ask({TEA: 1}, timeout=1) for _ in range(1)))
    urgent = keeping.Urgent()
    central.asked.clear()

    answers += await asyncio.gather(*(urgent.ask({TEA: 2, CUP: 1}, timeout=1) for _ in range(20)))

    assert answers == [True] * 21
    assert urgent.waits == 20
    assert central.asked in (
        [Ask(wanted={TEA: 40, CUP: 20}, must=True)],
        [Ask(wanted={TEA: 2, CUP: 1}, must=True)],  # the others heard that nothing is left
    )


@parallel
async def test_who_waits_for_a_cut_link_hears_so_and_the_next_may_ask_again(central):
    urgent = keeping.Urgent()
    central.is_up = False
    with pytest.raises(LinkDown):
        await urgent.ask({TEA: 1}, timeout=1)

    central.is_up = True
    assert await urgent.ask({TEA: 1}, timeout=1)
    assert await reader.run(lambda: service.free_units([TEA])) == {TEA: 1}
