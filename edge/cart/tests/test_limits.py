"""Carts that are looked at say what is left and are corrected, while central can be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.cart import limits as limiting
from edge.cart import service
from edge.cart.limits import Limits
from edge.cart.tests.world import ASSAM, BOWL, PEN, Browser, from_central, on_disk, outbox
from edge.live import carts as live
from edge.pages.tests import make
from edge.rights import lease, scarce
from edge.rights import service as rights
from edge.rights.models import Hold, Lease, Right
from node import clock
from sync.contracts.cart import CartDelta, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import MOST_LEFT, GrantDoc, Left, LeftAsk
from sync.core import cart as core
from sync.link import LinkDown
from sync.store.writer import writer

pytestmark = pytest.mark.django_db(databases=["edge"], transaction=True)

LONG_AGO = 1e9


class PretendCentral:
    """The far end of the link: `stock` by SKU."""

    def __init__(self, variant_of: Callable[[str], str]) -> None:
        self.is_up = True
        self.stock: dict[str, int] = {}
        self.asked: list[dict[str, int]] = []
        self._variant_of = variant_of

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        if not self.is_up:
            raise LinkDown
        assert kind == "stock_left"
        wanted = unpack(body, LeftAsk).wanted
        self.asked.append(wanted)
        there = {self._variant_of(sku): units for sku, units in self.stock.items()}
        return pack(Left(left={variant: min(there.get(variant, 0), units) for variant, units in wanted.items()}))


def variant_of(sku: str) -> str:
    return make.make_variant(sku, 1, "nib=F" if sku == "ink-pen" else "").id


@pytest.fixture
def central(cluster, monkeypatch) -> PretendCentral:
    pretend = PretendCentral(variant_of)
    monkeypatch.setattr(limiting, "link", pretend)
    yield pretend
    writer.run_sync(lambda: [model.objects.all().delete() for model in (Hold, Right, Lease)])


@pytest.fixture
def minutes(monkeypatch) -> Callable[[float], None]:
    """Let time pass for what is remembered of stock."""
    ahead = [0.0]
    real = clock.monotonic
    monkeypatch.setattr(scarce.clock, "monotonic", lambda: real() + ahead[0])

    def passes(seconds: float) -> None:
        ahead[0] += seconds

    return passes


async def look(asker: Limits | None = None) -> None:
    """As the task does when it is time to ask."""
    await (asker or Limits()).look()


async def lines(shopper: Browser) -> dict[str, Any]:
    return {line["key"][1]: line for line in (await shopper.view())["lines"]}


def give(sku: str, units: int) -> None:
    doc = GrantDoc(id=f"{len(sku):032x}", edge="a", epoch=1, variant=variant_of(sku), units=units, ttl_s=86400)
    writer.run_sync(lambda: rights.add_grants([doc], lease.boottime_ms()))


async def test_a_line_that_wants_more_than_is_left_is_corrected_and_says_so(shopper, central):
    central.stock = {"tea-assam": 2}
    await shopper.put_in(ASSAM, 5)

    await look()

    line = (await lines(shopper))["tea-assam"]
    assert (line["qty"], line["left"], line["notes"], line["is_sold"]) == (2, 2, ["few", "corrected"], True)
    assert line["note_texts"][0] == "Осталось всего 2 шт."
    delta = unpack(bytes(outbox()[-1].body), CartDelta).delta
    assert [take.cause for _, takes in delta.take for _, take in takes] == [core.SHORT]


async def test_what_is_sold_out_stays_marked_and_uncounted_and_counts_again_when_there_is_some(shopper, central):
    central.stock = {"tea-assam": 0, "clay-bowl": 9}
    await shopper.send(shopper.add(ASSAM, 3), shopper.add(BOWL, 1))
    total = (await shopper.view())["totals"][0]["amount"]

    await look()

    view = await shopper.view()
    tea, bowl = view["lines"]
    assert (tea["qty"], tea["is_sold"], tea["notes"], tea["sum"], tea["sum_text"]) == (3, False, ["sold_out"], 0, "—")
    assert (bowl["left"], bowl["notes"]) == (None, [])
    assert view["totals"][0]["amount"] == bowl["sum"] < total
    assert "is-not-sold" in (await shopper.get("/cart")).text

    central.stock["tea-assam"] = 100
    await look()

    view = await shopper.view()
    assert (view["lines"][0]["notes"], view["totals"][0]["amount"]) == ([], total)


async def test_out_of_reach_of_central_nothing_is_corrected_and_nothing_is_called_sold_out(shopper, central):
    central.stock = {"tea-assam": 0}
    await shopper.put_in(ASSAM, 5)
    await look()
    assert not (await lines(shopper))["tea-assam"]["is_sold"]

    central.is_up = False
    await shopper.put_in(BOWL, 5)
    await look()

    shown = await lines(shopper)
    assert {sku: (line["qty"], line["is_sold"], line["notes"]) for sku, line in shown.items()} == {
        "tea-assam": (5, True, []),
        "clay-bowl": (5, True, []),
    }


async def test_what_central_does_not_say_anew_is_forgotten(shopper, central, minutes):
    central.stock = {"tea-assam": 0}
    await shopper.put_in(ASSAM, 5)
    asker = Limits()
    await look(asker)

    minutes(scarce.KEPT_S + 1)
    await look(asker)  # not yet time to ask again

    assert (len(central.asked), (await lines(shopper))["tea-assam"]["is_sold"]) == (1, True)


async def test_one_question_for_all_carts_and_none_before_its_time(cluster, shopper, central):
    central.stock = {"tea-assam": 9, "ink-pen": 9}
    other = await Browser("tea").open()
    await shopper.send(shopper.add(ASSAM, 2), shopper.add(PEN, 1))
    await other.put_in(ASSAM, 4)
    asker = Limits()

    await look(asker)
    await look(asker)

    # One more than the most that one cart wants: so "just as many" is told from "enough".
    assert central.asked == [{variant_of("tea-assam"): 5, variant_of("ink-pen"): 2}]


async def test_nothing_is_asked_of_what_this_edge_may_sell_itself(shopper, central):
    central.stock = {"tea-assam": 9}
    give("tea-assam", 5)
    await shopper.put_in(ASSAM, 5)
    await look()
    assert central.asked == []

    # The cart's own hold is as good as a right of ours; another cart's is not.
    root = await shopper.root()
    await writer.run(lambda: rights.hold(root, {variant_of("tea-assam"): 3}))
    await look()
    assert central.asked == []

    await writer.run(lambda: (rights.release(root), rights.hold("f" * 32, {variant_of("tea-assam"): 3})))
    await look()
    assert central.asked == [{variant_of("tea-assam"): 6}]


async def test_a_cart_nobody_looks_at_is_let_be(shopper, central, monkeypatch):
    await shopper.put_in(ASSAM, 5)
    monkeypatch.setattr(live.clock, "monotonic", lambda: LONG_AGO)

    await look()

    assert (central.asked, await shopper.units()) == ([], {"tea-assam": 5})


async def test_a_question_is_bounded_and_in_turn_names_all(shopper, central, monkeypatch):
    monkeypatch.setattr(limiting, "MOST_LEFT", 1)
    monkeypatch.setattr(limiting, "ASK_EVERY_S", 0.0)
    central.stock = {"tea-assam": 9, "ink-pen": 9}
    await shopper.send(shopper.add(ASSAM, 2), shopper.add(PEN, 1))
    asker = Limits()

    for _ in range(2):
        await look(asker)

    assert [len(asked) for asked in central.asked] == [1, 1]
    assert central.asked[0].keys() != central.asked[1].keys()
    assert MOST_LEFT == 500


async def test_two_lines_of_one_variant_share_what_is_left_and_the_second_stays_marked(cluster, shopper, central):
    sister = make.make_product("ink", "pen", variants=[make.make_variant("tea-assam", 900)])
    await make.arrive(*make.cards_of(sister, currency="RUB"), ver=2)
    central.stock = {"tea-assam": 2}
    await shopper.send(shopper.add(ASSAM, 3), shopper.add(["ink", "tea-assam", ""], 4))

    await look()

    first, second = (await shopper.view())["lines"]
    assert (first["qty"], first["left"], first["is_sold"]) == (2, 2, True)
    assert (second["qty"], second["left"], second["is_sold"]) == (4, 0, False)


async def test_two_shops_that_watch_one_cart_do_not_take_twice(cluster, shopper, central):
    """Both hear that two are left before either hears of the other's correction; then both are at rest."""
    central.stock = {"tea-assam": 2}
    await shopper.put_in(ASSAM, 5)
    root = await shopper.root()
    key = LineKey(*ASSAM)
    at_sister = on_disk(lambda: service.load(root))
    line = core.line_of(at_sister, key)
    sisters = CartDelta(cart=root, delta=core.encode(core.corrected(at_sister, line, 2)))

    await look()
    await from_central(root, pack(sisters))
    assert await shopper.units() == {"tea-assam": 2}

    sent = len(outbox())
    for _ in range(3):
        await look()
    assert (await shopper.units(), len(outbox())) == ({"tea-assam": 2}, sent)


async def test_who_adds_more_than_there_is_is_corrected_again_and_keeps_what_he_had(shopper, central):
    central.stock = {"tea-assam": 2}
    await shopper.put_in(ASSAM, 5)
    await look()

    await shopper.put_in(ASSAM, 3)
    await look()

    assert await shopper.units() == {"tea-assam": 2}


async def test_open_tabs_are_woken_by_news_of_stock(shopper, central):
    central.stock = {"tea-assam": 0}
    await shopper.put_in(ASSAM, 1)
    await shopper.view()
    watcher = live.watch(await shopper.root())
    try:
        watcher.news.clear()
        await look()
        assert watcher.news.is_set()
        watcher.news.clear()
        await look()  # no news
        assert not watcher.news.is_set()
    finally:
        live.unwatch(watcher)
