"""Small worlds of carts: histories of several shops whose deltas arrive in any order, any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from sync.contracts.cart import CartOp, Dot, LineKey, Token
from sync.core import cart as core
from sync.core.cart import EMPTY, Cart

KEYS = [LineKey("tea", "assam"), LineKey("tea", "assam", "size=L"), LineKey("ink", "pen")]
TEA, LARGE, PEN = KEYS
CLIENTS = ["a" * 16, "b" * 16, "c" * 16]


def dot(seq: int, client: int = 0) -> Dot:
    return Dot(CLIENTS[client], seq)


@dataclass
class Shop:
    """One edge: its cart, and its clock, which need not agree with another shop's."""

    hlc: int
    cart: Cart = EMPTY

    def stamp(self) -> int:
        self.hlc += 1
        return self.hlc

    def take(self, delta: Cart) -> None:
        self.cart = core.join(self.cart, delta)


@dataclass
class History:
    """Shoppers act at shops; each op becomes a delta. `removed` and `added` are the oracle's own books."""

    shops: list[Shop] = field(default_factory=lambda: [Shop(10_000), Shop(5_000), Shop(10_000)])
    deltas: list[Cart] = field(default_factory=list)
    added: dict[Dot, tuple[LineKey, int]] = field(default_factory=dict)
    removed: set[Dot] = field(default_factory=set)
    taken: dict[tuple[Dot, Dot], int] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=lambda: [0, 0, 0])
    ops: list[CartOp] = field(default_factory=list)
    orders: int = 0

    def next_dot(self, client: int) -> Dot:
        self.seqs[client] += 1
        return dot(self.seqs[client], client)

    def submit(self, op: CartOp, shop: int) -> None:
        core.check_op(op)
        delta = core.delta_of(op, hlc=self.shops[shop].stamp())
        self.deltas.append(delta)
        self.shops[shop].take(delta)

    def add(self, shop: int, client: int, key: LineKey, units: int) -> None:
        op = CartOp(dot=self.next_dot(client), kind="add", key=key, units=units, price_ref=1)
        self.added[op.dot] = (key, units)
        self.ops.append(op)
        self.submit(op, shop)

    def set(self, shop: int, client: int, key: LineKey, wanted: int) -> None:
        """What a shopper does who sees this shop's cart."""
        line = core.line_of(self.shops[shop].cart, key)
        op = core.op_to_set(self.next_dot(client), key, wanted, line, price_ref=1)
        if op is None:
            self.seqs[client] -= 1
            return
        if op.kind == "add":
            self.added[op.dot] = (key, op.units)
        elif op.kind == "remove":
            self.removed |= set(op.seen)
        else:
            self.taken |= {(taking.dot, op.dot): taking.units for taking in op.takings}
        self.ops.append(op)
        self.submit(op, shop)

    def retry(self, shop: int, which: int) -> None:
        """A tab presents an op it has made before, perhaps to another shop."""
        if self.ops:
            self.submit(self.ops[which % len(self.ops)], shop)

    def order(self, shop: int) -> None:
        cart = self.shops[shop].cart
        self.orders += 1
        name = f"o{self.orders}"
        delta = core.checkout(cart, name, list(cart.tokens))
        for target, takes in delta.takes.items():
            self.taken |= {(target, taking): take.units for taking, take in takes.items()}
        self.deltas.append(delta)
        self.shops[shop].take(delta)

    def correct(self, shop: int, key: LineKey, units: int) -> None:
        """This shop has heard that no more than `units` of it are left."""
        cart = self.shops[shop].cart
        line = core.line_of(cart, key)
        if line is None or line.quantity <= units:
            return
        delta = core.corrected(cart, line, units)
        for target, takes in delta.takes.items():
            for taking, take in takes.items():
                self.taken[target, taking] = max(take.units, self.taken.get((target, taking), 0))
        self.deltas.append(delta)
        self.shops[shop].take(delta)

    def deliver(self, shop: int, which: int) -> None:
        if self.deltas:
            self.shops[shop].take(self.deltas[which % len(self.deltas)])

    def left(self, which: Dot) -> int:
        """What the oracle says is left of a token once everybody knows everything."""
        if which in self.removed:
            return 0
        _, units = self.added[which]
        return max(0, units - sum(count for (target, _), count in self.taken.items() if target == which))


_shop = st.integers(0, 2)
_key = st.sampled_from(KEYS)
_STEPS = st.one_of(
    st.tuples(st.just("add"), _shop, _shop, _key, st.integers(1, 5)),
    st.tuples(st.just("set"), _shop, _shop, _key, st.integers(0, 6)),
    st.tuples(st.just("retry"), _shop, st.integers(0, 40)),
    st.tuples(st.just("deliver"), _shop, st.integers(0, 40)),
    st.tuples(st.just("order"), _shop),
    st.tuples(st.just("correct"), _shop, _key, st.integers(1, 4)),
)


def played(steps: Sequence[tuple[object, ...]]) -> History:
    history = History()
    for name, *arguments in steps:
        getattr(history, str(name))(*arguments)
    return history


histories = st.lists(_STEPS, min_size=1, max_size=25).map(played)

#: carts that one history could have left at a node: joins of any of its deltas
carts_of_one_world = histories.flatmap(
    lambda history: st.lists(
        st.lists(st.sampled_from(history.deltas or [EMPTY]), max_size=8).map(core.joined), min_size=3, max_size=3
    )
)


def _token(units: int, hlc: int, key: LineKey) -> Token:
    return Token(key, units, 0, hlc)


@st.composite
def _wild(draw: st.DrawFn) -> Cart:
    """A cart of ops that no honest browser would send: one dot may carry several payloads."""
    cart = EMPTY
    dots = st.builds(dot, st.integers(1, 4), _shop)
    token = st.builds(_token, st.integers(1, 3), st.integers(0, 3), _key)
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["add", "dec", "remove"]))
        if kind == "add":
            one = draw(token)
            delta = core.add(draw(dots), one.key, one.units, hlc=one.hlc)
        elif kind == "dec":
            taken = draw(st.lists(st.builds(core.Taking, dots, token, st.integers(1, 3)), max_size=2))
            delta = core.dec(draw(dots), taken, cause=draw(st.sampled_from(["dec", "order:1", core.SHORT])))
        else:
            delta = core.remove(draw(dots), draw(st.lists(dots, max_size=2)))
        cart = core.join(cart, delta)
    return cart


wild_carts = _wild()
