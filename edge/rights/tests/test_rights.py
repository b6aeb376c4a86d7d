from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections

from edge.rights import keeper as keeping
from edge.rights import lease, service
from edge.rights.applies import apply
from edge.rights.models import Hold, Right
from node.realms import EDGE, atomic
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantDoc, GrantReport, Recall, Renew, Renewed
from sync.link import LinkDown
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
    yield
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


def test_the_lease_ends_before_central_would_think_so():
    assert lease.stop_at(1_000, 100) == 1_000 + 100_000 - 200 - 5_000


def test_held_units_are_sold_and_reported_by_totals():
    give(doc())

    assert service.hold("o1", {TEA: 3}) == {}
    assert right() == (3, 0, 0)
    (use,) = service.sell("o1", {TEA: 3})[TEA]

    assert (use.grant, use.units) == ("a" * 32, 3)
    assert right() == (0, 3, 0)
    assert service.free_units([TEA, CUP]) == {TEA: 7, CUP: 0}
    assert reports() == [GrantReport(grant="a" * 32, sold=3, returned=0)]


def test_units_that_are_there_are_sold_without_being_held_first():
    give(doc(units=2), doc("b", units=4))

    uses = service.sell_now("o1", {TEA: 5})

    assert uses is not None and sorted(use.units for use in uses[TEA]) == [2, 3]
    assert service.free_units([TEA]) == {TEA: 1}
    assert Hold.objects.count() == 0


@pytest.mark.parametrize("wanted", [{TEA: 3}, {TEA: 1, CUP: 1}])
def test_where_one_unit_lacks_nothing_is_sold_at_once(wanted):
    give(doc(units=2))

    assert service.sell_now("o1", wanted) is None
    assert (right(), reports()) == ((0, 0, 0), [])


def test_an_order_that_holds_units_already_is_not_sold_others_at_once():
    give(doc(units=5))
    service.hold("o1", {TEA: 3})

    assert service.sell_now("o1", {TEA: 3}) is None
    assert right() == (3, 0, 0)


def test_a_short_hold_keeps_what_there_is_and_says_what_lacks():
    give(doc(units=2), doc("b", units=1))

    assert service.hold("o1", {TEA: 5, CUP: 1}) == {TEA: 2, CUP: 1}
    give(doc("c", units=2))

    assert service.hold("o1", {TEA: 5}) == {}
    assert sum(use.units for use in service.sell("o1", {TEA: 5})[TEA]) == 5


def test_what_one_checkout_holds_another_cannot():
    give(doc(units=2))
    service.hold("o1", {TEA: 2})

    assert service.hold("o2", {TEA: 1}) == {TEA: 1}
    service.release("o1")
    assert service.hold("o2", {TEA: 1}) == {}


def test_holding_again_adds_only_the_difference():
    give(doc())

    service.hold("o1", {TEA: 2})
    service.hold("o1", {TEA: 3})

    assert right() == (3, 0, 0)


def test_holds_of_dead_checkouts_end(clock):
    give(doc())
    service.hold("o1", {TEA: 4})
    clock[0] += service.HOLD_MS - 1
    service.release_expired()
    assert right() == (4, 0, 0)

    clock[0] += 1
    service.release_expired()

    assert right() == (0, 0, 0)
    service.hold("o2", {TEA: 4})
    service.release_all()
    assert right() == (0, 0, 0)
    assert Hold.objects.count() == 0


def test_nothing_is_held_or_sold_after_the_stop(clock):
    give(doc())
    service.hold("o1", {TEA: 1})
    clock[0] = lease.stop_at(clock[0], 86400)

    assert service.hold("o2", {TEA: 1}) == {TEA: 1}
    assert service.sell("o1", {TEA: 1}) == {}
    assert right() == (0, 0, 0)
    assert reports() == []


def test_another_boot_sells_nothing_until_central_was_asked(monkeypatch):
    give(doc())
    monkeypatch.setattr(lease, "boot_id", lambda: "another")

    assert service.hold("o1", {TEA: 1}) == {TEA: 1}
    give(doc())
    assert service.hold("o1", {TEA: 1}) == {}


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


def test_a_recall_takes_only_what_nobody_holds():
    give(doc(units=5))
    service.hold("o1", {TEA: 3})

    service.give_back({TEA: 4, CUP: 1})

    assert right() == (3, 0, 2)
    assert service.sell("o1", {TEA: 3})[TEA][0].units == 3


def test_a_published_grant_is_known_but_sells_nothing_before_a_renewal():
    apply("grant:a", "a" * 32, 1, pack(doc()))
    assert service.hold("o1", {TEA: 1}) == {TEA: 1}

    give(doc())
    assert service.hold("o1", {TEA: 1}) == {}

    apply("grant:a", "a" * 32, 2, pack(doc(is_open=False)))
    assert service.sell("o1", {TEA: 1}) == {}


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
            if service.hold(order, {key: units for key, units in wanted.items() if units}):
                service.release(order)
                return 0
            return sum(use.units for uses in service.sell(order, wanted).values() for use in uses)

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
        self.renewed: list[list[str]] = []

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        if not self.is_up:
            raise LinkDown
        if kind == "renew_stock":
            ids = unpack(body, Renew).grants
            self.renewed.append(ids)
            return pack(Renewed(grants=[doc(one[0]) for one in ids]))
        self.asked.append(unpack(body, Ask))
        grants = [doc(variant[0], units, variant) for variant, units in self.asked[-1].wanted.items()]
        return pack(Answer(grants=grants, left={}))


@pytest.fixture
def central(monkeypatch):
    pretend = PretendCentral()
    monkeypatch.setattr(keeping, "link", pretend)
    return pretend


def card(variant: str, is_on_sale: bool = True) -> None:
    body = pack({"variant": variant, "is_on_sale": is_on_sale, "title": "more than stock reads"})
    Document.objects.create(topic="card:main", key=variant, ver=1, body=body)


@parallel
async def test_a_round_renews_what_is_held_and_asks_for_what_is_low(central):
    def prepare() -> None:
        give(doc("a", units=15, variant=TEA))
        apply("grant:a", "b" * 32, 1, pack(doc("b", units=4, variant=CUP)))
        for variant in (TEA, CUP, "3" * 32):
            card(variant)
        card("4" * 32, is_on_sale=False)

    await writer.run(prepare)

    await keeping.Keeper().round()

    assert central.renewed == [["a" * 32, "b" * 32]]
    # TEA has enough; CUP has 4 since the renewal; the third has none
    assert central.asked == [Ask(wanted={CUP: 16, "3" * 32: 20}, must=False)]
    free = await reader.run(lambda: service.free_units([TEA, CUP]))
    assert free == {TEA: 15, CUP: 20}


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
async def test_a_start_frees_what_a_dead_process_held(central):
    central.is_up = False
    await writer.run(lambda: (give(doc()), service.hold("o1", {TEA: 4})))
    keeper = keeping.Keeper()

    await keeper.start()
    await keeper.stop()

    assert await reader.run(lambda: service.free_units([TEA])) == {TEA: 10}
