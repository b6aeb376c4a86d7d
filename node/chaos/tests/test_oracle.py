"""The oracle bites: a small world in which all is well, and each promise broken in turn."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from node.chaos import oracle
from node.chaos.oracle import DUPLICATE, LOST_OP, LOST_ORDER, OTHER, OVERSOLD, UNCONVERGED, Held, Violation, name_of
from node.chaos.promises import Journal, Line, Look, Op, Order

KEY, OTHER_KEY = ["tea", "T-1", ""], ["tea", "T-2", ""]
CART, NODES = "c" * 32, {"tea": "a"}
ORDER = "0" * 31 + "1"


def op(seq: int, kind: str, key: list[str] = KEY, **body: Any) -> Op:
    return Op(dot=f"x:{seq}", kind=kind, key=key, body=body, tab="t", cart=name_of(CART), acked=1.0)


class World:
    """Two units of T-1 were added, one of them taken out again and one ordered; T-2 was added and removed."""

    def __init__(self) -> None:
        self.journal = Journal(
            ops=[
                op(1, "add", units=2),
                op(2, "dec", takings=[[["x", 1], [KEY, 2, 1, 1], 1]]),
                op(3, "add", OTHER_KEY, units=1),
                op(4, "remove", OTHER_KEY, seen=[["x", 3]]),
            ],
            orders=[
                Order(
                    id=ORDER, tab="t", site="tea", cart=name_of(CART), dots={"x:1": KEY},
                    lines=[Line(key=KEY, units=1)], acked=2.0,
                )
            ],
            looks=[Look("t", "tea", name_of(CART))],
        )  # fmt: skip
        self.state: dict[str, Any] = {
            "ctx": {"x": 4, "o": 1},
            "tok": [[["x", 1], [KEY, 2, 1, 1]]],
            "take": [[["x", 1], [[["x", 2], [1, "dec"]], [["o", 1], [1, f"order:{ORDER}"]]]]],
        }
        self.books: dict[str, Any] = {
            "orders": {
                ORDER: {
                    "is_live": True, "is_suspect": False, "waiting": 0,
                    "lines": [{"key": KEY, "variant": "v", "units": 1, "pending": 0}],
                }
            },
            "booked": {ORDER: {"v": 1}},
            "goods": {"v": {"sku": "T-1", "received": 1, "written_off": 0, "sold": 1}},
            "receipts": ["note-1"],
            "audit": [],
        }  # fmt: skip
        self.links: dict[str, str] = {}
        self.bytes_at_edge, self.hash = b"bytes", "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"
        self.edge_links: dict[str, str] = {}
        self.receipts = ["note-1"]

    def violations(self) -> list[Violation]:
        held = Held.of({"carts": {CART: {"state": self.state, "hash": self.hash}}, "links": self.links}, self.books)
        held.edges = {"a": ({CART: self.bytes_at_edge}, self.edge_links)}
        return oracle.judge(self.journal, held, NODES, self.receipts)

    @property
    def add(self) -> Op:
        return self.journal.ops[0]

    @property
    def order(self) -> Order:
        return self.journal.orders[0]

    @property
    def central(self) -> dict[str, Any]:
        return self.books["orders"][ORDER]


def test_a_world_in_which_all_is_well() -> None:
    assert World().violations() == []


def _second_order(world: World, *, is_suspect: bool) -> None:
    """Another shop, cut off, sold the same unit."""
    other = "0" * 31 + "2"
    world.journal.orders.append(
        Order(id=other, tab="t", site="tea", cart=name_of(CART), dots={"x:1": KEY}, lines=[Line(key=KEY, units=2)])
    )
    world.state["take"][0][1].append([["p", 1], [2, f"order:{other}"]])
    world.books["orders"][other] = {
        **copy.deepcopy(world.central), "is_suspect": is_suspect,
        "lines": [{"key": KEY, "variant": "v", "units": 2, "pending": 2}],
    }  # fmt: skip


BREAKS: dict[str, tuple[str, Callable[[World], Any]]] = {
    "an op central's cart does not know": (LOST_OP, lambda world: world.state["ctx"].update(x=3)),
    "a cart that is not at central": (LOST_OP, lambda world: setattr(world.add, "cart", "another")),
    "a token that nobody removed and that is gone": (
        LOST_OP, lambda world: world.state.update(tok=[], take=[]),
    ),
    "a token with other units": (LOST_OP, lambda world: world.state["tok"][0].__setitem__(1, [KEY, 3, 1, 1])),
    "a dec that took nothing": (LOST_OP, lambda world: world.state["take"][0][1].pop(0)),
    "a removed token that is back": (
        LOST_OP, lambda world: world.state["tok"].append([["x", 3], [OTHER_KEY, 1, 1, 1]]),
    ),
    "units taken by nobody": (
        LOST_OP, lambda world: world.state["take"][0][1].append([["y", 9], [1, "dec"]]),
    ),
    "units taken by an order that nobody placed": (
        LOST_OP, lambda world: world.state["take"][0][1].append([["y", 9], [1, "order:unknown"]]),
    ),
    "an order that is not there": (LOST_ORDER, lambda world: world.books.update(orders={}, booked={})),
    "an order with other lines": (LOST_ORDER, lambda world: world.central["lines"][0].update(units=3)),
    "an order that took its units twice": (DUPLICATE, lambda world: world.books["booked"][ORDER].update(v=2)),
    "a refused order that was taken": (
        DUPLICATE, lambda world: (setattr(world.order, "acked", 0.0), setattr(world.order, "refused", "not_enough")),
    ),
    "one unit sold to two, and nobody is told": (DUPLICATE, lambda world: _second_order(world, is_suspect=False)),
    "more sold than came in": (OVERSOLD, lambda world: world.books["goods"]["v"].update(sold=2)),
    "more promised than came in": (OVERSOLD, lambda world: world.books["goods"]["v"].update(received=0, sold=0)),
    "a promised unit that waits after all": (OVERSOLD, lambda world: world.central.update(waiting=1)),
    "books that do not add up": (OVERSOLD, lambda world: world.books["audit"].append("1 is not 2")),
    "a cart with other bytes at a shop": (UNCONVERGED, lambda world: setattr(world, "bytes_at_edge", b"others")),
    "a cart that another one stands for at a shop": (
        UNCONVERGED, lambda world: world.edge_links.update({CART: "b" * 32}),
    ),
    "a delivery that is not in the ledger": (OTHER, lambda world: world.receipts.append("note-2")),
    "an answer nobody should get": (OTHER, lambda world: world.journal.odd.append("dot_conflict")),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_promise_is_seen(what: str) -> None:
    kind, break_it = BREAKS[what]
    world = World()
    break_it(world)

    assert {one.kind for one in world.violations()} == {kind}


def test_two_orders_of_one_unit_are_no_breach_when_one_is_a_suspect() -> None:
    world = World()
    _second_order(world, is_suspect=True)

    assert world.violations() == []


def test_what_was_not_acknowledged_may_be_there_or_not() -> None:
    world = World()
    world.add.acked = world.order.acked = 0.0
    assert world.violations() == []

    world.state["ctx"].update(x=0)
    world.journal.ops = world.journal.ops[:1]
    world.state.update(tok=[], take=[])
    world.books.update(orders={}, booked={})
    assert world.violations() == []


def test_a_line_that_a_shop_corrected_to_what_is_left_is_explained_and_what_nobody_asked_for_is_not() -> None:
    world = World()
    world.state["take"][0][1].append([["shop", 1], [1, "dec"]])
    assert [one.kind for one in world.violations()] == [LOST_OP]

    world.state["take"][0][1][-1][1][1] = "short"
    assert world.violations() == []
