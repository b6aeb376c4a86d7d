"""Central's writers do the same on SQLite, where the simulator runs them, as on PostgreSQL, where central does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.db import connections
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from central.orders.actions import change_status
from central.simulated import Central
from central.stock import assortment
from central.stock.giving_up import write_off
from central.stock.recalling import nobody_waits
from central.stock.receipts import receive_stock, set_stocks
from central.tests import stores
from infra.crypto.fields import keyring
from node import clock
from node.realms import ORDERS, alias_of
from sync import hub, intake, logreader
from sync.contracts.cart import CartAlias, CartDelta, Dot, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.frames import Cursor, Op
from sync.contracts.orders import GrantUse, OrderLine, PlacedOrder, SealedPerson
from sync.contracts.stock import Answer, Ask, GrantDoc, GrantReport, Renew
from sync.core import cart as core
from sync.core import link as io
from sync.discover import load_central
from sync.numbering import number_batch
from sync.sequencer import connect, sequence_batch
from sync.store.central.log import begin_anew, cut_log
from sync.store.jobs import registry
from sync.topics import EdgeScope
from sync.upstream import answer_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["orders", "default", "edge"], transaction=True)]

NODES = ("a", "b")
VARIANTS = tuple(uuid5(UUID(int=0), name) for name in ("tea", "cup", "book"))
KEYS = tuple(LineKey("tea", f"T-{number}") for number in range(3))
#: the last is a customer's: it cannot be joined to another customer's, and is the root of whatever joins it
CARTS = ("a" * 32, "b" * 32, "c" * 32, "0" * 31 + "d")
TOPICS = {node: frozenset({"cart", f"grant:{node}", f"order_state:{node}"}) for node in NODES}

nodes, carts, which = st.sampled_from(NODES), st.sampled_from(CARTS), st.integers(0, 1000)
units, few = st.integers(1, 6), st.integers(0, 4)
wishes = st.dictionaries(st.sampled_from(VARIANTS), units, min_size=1, max_size=3)


class Edge:
    """What an edge knows of itself, as far as central can tell."""

    def __init__(self, node: str) -> None:
        self.node, self.epoch = node, 1
        self.sent: list[Op] = []
        self.cursor: Cursor | None = None
        self.grants: dict[str, GrantDoc] = {}
        self.used: dict[str, int] = {}

    @property
    def scope(self) -> EdgeScope:
        return EdgeScope(self.node, self.epoch, frozenset({"tea"}), frozenset({"all"}))

    def keep(self, grants: list[GrantDoc]) -> None:
        self.grants.update({grant.id: grant for grant in grants})


def sequenced() -> int:
    """Production's own way on PostgreSQL, the simulator's on SQLite."""
    if connections[alias_of(ORDERS)].vendor != "postgresql":
        return number_batch(ORDERS)

    async def one_batch() -> int:
        async with await connect(ORDERS) as conn:
            return await sequence_batch(conn)

    return asyncio.run(one_batch())


class TwoStores(RuleBasedStateMachine):
    both: stores.Both  # of the test's own

    def __init__(self) -> None:
        super().__init__()
        self.both.empty()
        self.edges = {node: Edge(node) for node in NODES}
        self.orders: list[PlacedOrder] = []
        self.told: list[tuple[str, str, bytes]] = []
        self.dots = 0
        hub.tell_by(lambda *message: self.told.append(message))

    def run(self, work: Any) -> Any:
        def with_tells() -> Any:
            self.told = []
            return work(), self.told

        found = self.both.run(with_tells)
        return found[0] if found else None

    def dot(self) -> Dot:
        self.dots += 1
        return Dot("c" * 16, self.dots)

    @initialize(wanted=wishes)
    def shops_open(self, wanted: dict[UUID, int]) -> None:
        self.goods_come_in(dict.fromkeys(VARIANTS, 8))
        self.log_grows()
        for node in NODES:
            self.edge_asks(node, wanted, "must")
            self.edge_reads_on(node, 1)

    # --- people

    @rule(wanted=wishes)
    def goods_come_in(self, wanted: dict[UUID, int]) -> None:
        self.run(lambda: receive_stock(wanted, who="desk", note="a pallet"))

    @rule(wanted=st.dictionaries(st.sampled_from(VARIANTS), st.integers(0, 12), min_size=1))
    def stock_is_corrected(self, wanted: dict[UUID, int]) -> None:
        def correct() -> Any:
            with nobody_waits():
                short = set_stocks(wanted, who="desk")
            return {variant: error.data for variant, error in short.items()}

        self.run(correct)

    @rule(number=which, to=st.sampled_from(["cancelled", "confirmed"]))
    def order_is_moved(self, number: int, to: str) -> None:
        if self.orders:
            order = UUID(self.orders[number % len(self.orders)].id)
            self.run(lambda: change_status(order, to, by="desk").ver)

    @rule(node=nodes, hours=st.sampled_from([1, 30]))
    def edge_is_given_up(self, node: str, hours: int) -> None:
        self.hours_pass(hours)
        for grant in sorted(self.edges[node].grants)[:2]:
            self.run(lambda grant=grant: write_off(UUID(grant), reason="gone", by="desk").lost)

    # --- questions of edges

    @rule(node=nodes, wanted=wishes, how=st.sampled_from(["must", "may", "idle"]))
    def edge_asks(self, node: str, wanted: dict[UUID, int], how: str) -> None:
        asked = {one.hex: count for one, count in wanted.items()}
        edge, body = self.edges[node], pack(Ask(wanted=asked, must=how == "must", is_idle=how == "idle"))
        role = Central()
        if answer := self.run(lambda: role.answer(edge.scope, "ask_stock", body)[0]):
            edge.keep(unpack(answer, Answer).grants)

    @rule(node=nodes)
    def edge_renews(self, node: str) -> None:
        edge, answer = self.edges[node], answer_of("renew_stock")
        body = pack(Renew(grants=sorted(edge.grants)))
        self.run(lambda: answer(edge.scope, body))

    @rule(node=nodes)
    def edge_joins_anew(self, node: str) -> None:
        edge = self.edges[node] = Edge(node)
        edge.epoch = 2 + self.both.clock.seconds

    # --- ops of edges

    def send(self, node: str, *ops: Op) -> None:
        edge = self.edges[node]
        first = len(edge.sent) + 1
        edge.sent += ops
        self.run(lambda: intake.take_ops(edge.scope, ORDERS, first, ops))

    @rule(node=nodes, back=few, skip=few)
    def edge_repeats_or_skips(self, node: str, back: int, skip: int) -> None:
        edge = self.edges[node]
        first = max(1, len(edge.sent) + 1 - back)
        ops = edge.sent[first - 1 :] or [Op("cart", b"too early")]
        self.run(lambda: intake.take_ops(edge.scope, ORDERS, first + (skip if not back else 0), ops))

    @rule(node=nodes, floor=st.integers(2, 5))
    def edge_knows_of_more(self, node: str, floor: int) -> None:
        edge = self.edges[node]
        edge.sent += [Op("lost", b"")] * floor
        first = len(edge.sent) + 1
        self.run(lambda: intake.take_ops(edge.scope, ORDERS, first, [], first))

    @rule(node=nodes, cart=carts, key=st.sampled_from(KEYS), puts=st.lists(units, min_size=1, max_size=3))
    def shopper_puts(self, node: str, cart: str, key: LineKey, puts: list[int]) -> None:
        deltas = [core.add(self.dot(), key, count, hlc=self.both.clock.seconds) for count in puts]
        self.send(node, *(Op("cart", pack(CartDelta(cart=cart, delta=core.encode(delta)))) for delta in deltas))

    @rule(node=nodes, cart=carts, number=which)
    def shopper_takes_out(self, node: str, cart: str, number: int) -> None:
        seen = [Dot("c" * 16, 1 + number % self.dots)] if self.dots else []
        delta = core.remove(self.dot(), seen)
        self.send(node, Op("cart", pack(CartDelta(cart=cart, delta=core.encode(delta)))))

    @rule(node=nodes, pair=st.lists(st.sampled_from(CARTS), min_size=2, max_size=2))
    def carts_are_linked(self, node: str, pair: list[str]) -> None:
        alias = CartAlias(source=max(pair), target=min(pair), hlc=self.both.clock.seconds, link_id=f"l{self.dots}")
        self.send(node, Op("cart_alias", pack(alias)))

    @rule(node=nodes, cart=carts, wanted=wishes, number=which, age=few)
    def order_is_placed(self, node: str, cart: str, wanted: dict[UUID, int], number: int, age: int) -> None:
        edge = self.edges[node]
        uses = {variant: self._use(edge, variant, count) for variant, count in wanted.items()}
        lines = [_line(variant, count, uses[variant]) for variant, count in wanted.items()]
        order = _order(len(self.orders), edge.node, cart, lines, self.both.clock.time_ns() // 10**6 - 1000 * age)
        self.orders.append(order)
        reports = [self._report(edge, use.grant) for use in uses.values() if use]
        self.send(node, Op("order", pack(order)), *reports)

    def _use(self, edge: Edge, variant: UUID, count: int) -> GrantUse | None:
        for grant in edge.grants.values():
            left = grant.units - edge.used.get(grant.id, 0)
            if grant.variant == variant.hex and left > 0:
                edge.used[grant.id] = edge.used.get(grant.id, 0) + min(count, left)
                return GrantUse(grant=grant.id, units=min(count, left))
        return None

    def _report(self, edge: Edge, grant: str, *, returned: int = 0, is_sealed: bool = False) -> Op:
        report = GrantReport(grant=grant, sold=edge.used.get(grant, 0), returned=returned, is_sealed=is_sealed)
        return Op("grant_report", pack(report))

    @rule(node=nodes, number=which)
    def order_comes_by_a_second_way(self, node: str, number: int) -> None:
        if self.orders:
            self.send(node, Op("order", pack(self.orders[number % len(self.orders)])))

    @rule(node=nodes, number=which)
    def basket_is_sold_twice(self, node: str, number: int) -> None:
        if self.orders:
            first = self.orders[number % len(self.orders)]
            twin = _order(len(self.orders), node, first.cart, first.lines, first.placed_at + 1, taken_of=first)
            self.orders.append(twin)
            self.send(node, Op("order", pack(twin)))

    @rule(node=nodes, returned=few, is_sealed=st.booleans())
    def edge_reports(self, node: str, returned: int, is_sealed: bool) -> None:
        edge = self.edges[node]
        reports = [self._report(edge, grant, returned=returned, is_sealed=is_sealed) for grant in sorted(edge.grants)]
        self.send(node, *reports[:3])

    @rule(node=nodes, kind=st.sampled_from(["order", "cart", "cart_alias", "grant_report", "unheard_of"]))
    def edge_sends_nonsense_between(self, node: str, kind: str) -> None:
        good = CartDelta(cart=CARTS[0], delta=core.encode(core.add(self.dot(), KEYS[0], 1)))
        self.send(node, Op("cart", pack(good)), Op(kind, b"\xc1 nonsense"), Op("cart", pack(good)))

    # --- the log

    @rule()
    def log_grows(self) -> None:
        self.run(sequenced)

    @rule(node=nodes, entries=st.integers(1, 30))
    def edge_reads_on(self, node: str, entries: int) -> None:
        edge = self.edges[node]
        if edge.cursor is None:
            if found := self.run(lambda: logreader.read_head(edge.scope, ORDERS)):
                edge.cursor = found.cursor
            return
        self.run(lambda: logreader.check(edge.scope, io.Check(ORDERS, edge.cursor)))
        read = io.ReadLog(ORDERS, edge.cursor, entries, 100_000, TOPICS[node])
        found = self.run(lambda: logreader.read_log(read, {"cart": frozenset(CARTS[:2])}))
        edge.cursor = found.to if isinstance(found, io.LogRead) else None

    @rule(node=nodes, topic=st.sampled_from(["grant", "order_state"]))
    def edge_reads_a_page(self, node: str, topic: str) -> None:
        self.run(lambda: logreader.read_page(io.ReadPage(ORDERS, f"{topic}:{node}", "")))
        self.run(lambda: logreader.read_state(io.ReadState("cart", frozenset(CARTS))))

    @rule(node=nodes)
    def log_is_cut(self, node: str) -> None:
        edge = self.edges[node]
        if edge.cursor is not None:
            self.run(lambda: logreader.save_acked(edge.scope, ORDERS, edge.cursor.epoch, edge.cursor.seq))
        self.run(lambda: cut_log(ORDERS))

    @rule()
    def log_begins_anew(self) -> None:
        self.run(lambda: begin_anew(ORDERS))

    # --- what happens by itself

    @rule()
    def time_passes(self) -> None:
        self.run(Central().periodic)

    @rule(hours=st.integers(1, 30))
    def hours_pass(self, hours: int) -> None:
        self.both.clock.seconds += 3600 * hours
        self.run(Central().periodic)

    @rule()
    def books_are_read(self) -> None:
        role = Central()
        self.run(lambda: (role.audit(), role.orders(), role.carts(), role.books(), role.log_heads()))


def _line(variant: UUID, count: int, use: GrantUse | None) -> OrderLine:
    return OrderLine(
        key=KEYS[VARIANTS.index(variant)],
        variant=variant.hex,
        title="Чай",
        options_title="",
        units=count,
        price=100,
        currency="RUB",
        price_ver=1,
        charged=100 * count,
        rate_micros=1_000_000,
        rate_ver=0,
        uses=[use] if use else [],
        pending=count - (use.units if use else 0),
    )


def _order(
    number: int,
    node: str,
    cart: str,
    lines: list[OrderLine],
    placed_at: int,
    *,
    taken_of: PlacedOrder | None = None,
) -> PlacedOrder:
    order = uuid5(UUID(int=1), str(number)).hex
    if taken_of is None:
        # Tokens of the order's own, taken whole.
        put = core.joined(
            core.add(Dot("d" * 16, 1 + 10 * number + at), line.key, line.units) for at, line in enumerate(lines)
        )
    else:
        tokens = core.decode(taken_of.taken.delta).tokens
        put = core.joined(core.add(dot, token.key, token.units) for dot, token in tokens.items())
    taken = core.join(put, core.checkout(put, order, list(put.tokens)))
    goods = sum(line.charged for line in lines)
    return PlacedOrder(
        id=order,
        # Two disks may have given out one number.
        number=f"TEA-A-{number // 2:06}",
        site="tea",
        edge=node,
        cart=cart,
        placed_at=placed_at,
        currency="RUB",
        lines=lines,
        delivery="pickup",
        delivery_title="Pick-up",
        delivery_price=0,
        payment="cash",
        payment_provider="cash_on_delivery",
        goods_total=goods,
        total=goods,
        person=SealedPerson(key_id="1", sealed=b"sealed"),
        taken=CartDelta(cart=cart, delta=core.encode(taken)),
        consent_at=placed_at,
        consent_text="1",
        utm={"source": "letter"},
    )


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[stores.Both]:
    load_central()
    # Now, and not inside the first step: both draw from the same luck.
    registry.load()
    keyring()
    monkeypatch.setattr(assortment, "_read", None)  # the realm of the catalogue is none of theirs
    made = stores.Both([stores.postgres(), stores.sqlite()], monkeypatch)
    yield made
    clock.install(clock.MACHINE)
    hub.tell_by(None)


def test_both_stores_say_the_same_after_every_step(both: stores.Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwoStores, "both", both, raising=False)

    run_state_machine_as_test(
        TwoStores,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            # Shrinking would take many minutes: what failed is told whole.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
