"""Promises against what is held. It knows nothing of how the cluster works, only what its words mean.

lost op         acknowledged to a browser, and central's cart does not know it, or shows it otherwise than it was said:
                an added token must be there with its units, or somebody must have removed it who saw it; what was taken
                must be taken; what was removed must be gone
lost order      confirmed to a browser, and not at central, or there with other lines
duplicate       an order that took more units than it has, two orders of the same units of which none is a suspect, or
                an order that was refused to the shopper and taken all the same
oversold        more units sold, or promised as there, than were received
unconverged     a cart whose bytes differ between central and a shop that follows it, a log not read to its head, an op
                not acknowledged, a document or an op set aside
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from node.chaos.promises import Event, Journal, Op, Order

LOST_OP, LOST_ORDER, DUPLICATE = "lost op", "lost order", "duplicate order"
OVERSOLD, UNCONVERGED, OTHER = "oversold", "unconverged", "broken rule"


@dataclass(frozen=True)
class Violation:
    """One broken promise, in a sentence, with what is known of its op or order."""

    kind: str
    text: str
    history: Sequence[Event] = ()


class Cart:
    """A cart as central keeps it, decoded. Dots are "client:seq"."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._tops: dict[str, int] = dict(state.get("ctx", {}))
        self._beyond = {_dot(one) for one in state.get("cloud", ())}
        self.tokens: dict[str, tuple[tuple[str, ...], int]] = {
            _dot(dot): (tuple(token[0]), int(token[1])) for dot, token in state.get("tok", ())
        }
        self.takes: dict[str, dict[str, tuple[int, str]]] = {
            _dot(dot): {_dot(by): (int(take[0]), str(take[1])) for by, take in takes}
            for dot, takes in state.get("take", ())
        }

    def has_seen(self, dot: str) -> bool:
        client, _, seq = dot.partition(":")
        return int(seq) <= self._tops.get(client, 0) or dot in self._beyond


def _dot(pair: Any) -> str:
    return f"{pair[0]}:{pair[1]}"


def name_of(cart: str) -> str:
    """What shops name a cart by: its id is a capability and is shown to nobody."""
    return hashlib.blake2b(cart.encode(), digest_size=4).hexdigest()


@dataclass
class Held:
    """What was read after peace: central's carts, links and books, and per edge its carts and links."""

    carts: dict[str, Cart]
    hashes: dict[str, str]
    links: dict[str, str]
    books: dict[str, Any]
    edges: dict[str, tuple[dict[str, bytes], dict[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, carts: Mapping[str, Any], books: dict[str, Any]) -> Held:
        rows = carts["carts"]
        return cls(
            carts={cart: Cart(row["state"]) for cart, row in rows.items()},
            hashes={cart: row["hash"] for cart, row in rows.items()},
            links=dict(carts["links"]),
            books=books,
        )

    def root(self, cart: str) -> str:
        return _root(cart, self.links)

    def by_name(self) -> dict[str, str]:
        """Name -> the cart that stands for it now."""
        return {name_of(cart): self.root(cart) for cart in (*self.carts, *self.links)}


def _root(cart: str, links: Mapping[str, str]) -> str:
    while cart in links:
        cart = links[cart]
    return cart


def judge(journal: Journal, held: Held, nodes: Mapping[str, str], receipts: Iterable[str]) -> list[Violation]:
    """Every violation. `nodes`: site -> the edge that serves it; `receipts`: deliveries an operator was told are in."""
    return [
        *_ops(journal, held),
        *_takes(journal, held),
        *_orders(journal, held),
        *_duplicates(journal, held),
        *_stock(journal, held),
        *carts_apart(journal, held, nodes),
        *(Violation(OTHER, said) for said in journal.odd),
        *(Violation(OTHER, f"delivery {ref} was taken in and is not in the ledger")
          for ref in sorted(set(receipts) - set(held.books["receipts"]))),
        *(Violation(OVERSOLD, f"the ledger does not add up: {said}") for said in held.books["audit"]),
    ]  # fmt: skip


# --- carts -------------------------------------------------------------------------------------------------------


def _ops(journal: Journal, held: Held) -> Iterable[Violation]:
    roots, removed = held.by_name(), _removed(journal)
    for op in journal.ops:
        if not op.acked:
            continue
        root = roots.get(op.cart)
        if root is None or root not in held.carts:
            yield _lost(op, f"its cart {op.cart} is not at central")
            continue
        cart = held.carts[root]
        if not cart.has_seen(op.dot):
            yield _lost(op, "central's cart does not know it")
        elif op.kind == "add":
            yield from _added(op, cart, is_explained=op.dot in removed)
        elif op.kind == "dec":
            yield from _taken(op, cart)
        else:
            yield from (_lost(op, f"{_dot(dot)} is back") for dot in op.body["seen"] if _dot(dot) in cart.tokens)


def _added(op: Op, cart: Cart, *, is_explained: bool) -> Iterable[Violation]:
    token = cart.tokens.get(op.dot)
    if token is None:
        if not is_explained:
            yield _lost(op, "it is gone, and nobody removed it")
    elif token != (tuple(op.key), op.body["units"]):
        yield _lost(op, f"central holds it as {token}")


def _taken(op: Op, cart: Cart) -> Iterable[Violation]:
    for dot, _, units in op.body["takings"]:
        if (target := _dot(dot)) in cart.tokens:
            take = cart.takes.get(target, {}).get(op.dot)
            if take != (units, "dec"):
                yield _lost(op, f"of {target} it took {units}, central says {take}")


def _lost(op: Op, why: str) -> Violation:
    return Violation(LOST_OP, f"{op.kind} {op.dot} of {'/'.join(op.key)} by tab {op.tab}: {why}", op.history)


def _removed(journal: Journal) -> set[str]:
    """Tokens that somebody saw and removed, or may have."""
    return {_dot(dot) for op in journal.ops if op.kind == "remove" for dot in op.body["seen"]}


def _takes(journal: Journal, held: Held) -> Iterable[Violation]:
    """Units that somebody took whom nobody knows."""
    decs = {
        (op.dot, _dot(dot)): units for op in journal.ops if op.kind == "dec" for dot, _, units in op.body["takings"]
    }
    orders = {order.id: order for order in journal.orders}
    ours = {op.dot for op in journal.ops}
    for cart in held.carts.values():
        for target, takes in cart.takes.items():
            for by, (units, cause) in takes.items():
                kind, _, order = cause.partition(":")
                known = orders.get(order)
                if target not in ours or kind == "short" or (kind == "dec" and decs.get((by, target)) == units):
                    continue  # "short": a shop took what is not left, unasked
                if kind == "order" and known is not None and target in known.dots:
                    continue
                yield Violation(LOST_OP, f"{units} of {target} were taken by {by} ({cause}), and nobody asked for it")


def carts_apart(journal: Journal, held: Held, nodes: Mapping[str, str]) -> Iterable[Violation]:
    """Carts that a shop follows and central holds otherwise."""
    roots = held.by_name()
    for look in journal.looks:
        carts, links = held.edges[nodes[look.site]]
        here = next((cart for cart in carts if name_of(cart) == look.cart), None)
        there = roots.get(look.cart)
        if here is None:
            if there in held.carts:
                yield Violation(UNCONVERGED, f"cart {look.cart}: the shop {look.site} holds nothing of it")
        elif there is None:
            yield Violation(UNCONVERGED, f"cart {look.cart}: the shop {look.site} holds it, central does not")
        elif there != _root(here, links):
            yield Violation(UNCONVERGED, f"cart {look.cart}: for the shop {look.site} another cart stands for it")
        elif hashlib.sha256(carts[here]).hexdigest() != held.hashes[there]:
            yield Violation(UNCONVERGED, f"cart {look.cart}: its bytes at the shop {look.site} are not central's")


# --- orders ------------------------------------------------------------------------------------------------------


def _orders(journal: Journal, held: Held) -> Iterable[Violation]:
    for order in journal.orders:
        there = held.books["orders"].get(order.id)
        if order.acked and there is None:
            yield _of(order, LOST_ORDER, "confirmed, and not at central")
        elif order.acked and _units(there["lines"]) != _units([{"key": o.key, "units": o.units} for o in order.lines]):
            yield _of(order, LOST_ORDER, f"central has other lines: {there['lines']}")
        elif order.refused and not order.acked and there is not None:
            yield _of(order, DUPLICATE, f"refused as {order.refused}, and taken all the same")


def _units(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for line in lines:
        found[tuple(line["key"])] += line["units"]
    return dict(found)


def _of(order: Order, kind: str, why: str) -> Violation:
    return Violation(kind, f"order {order.id} of tab {order.tab} at {order.site}: {why}", order.history)


def _duplicates(journal: Journal, held: Held) -> Iterable[Violation]:
    known = {order.id: order for order in journal.orders}
    for order, booked in held.books["booked"].items():
        wanted: dict[str, int] = defaultdict(int)
        for line in held.books["orders"][order]["lines"]:
            wanted[line["variant"]] += line["units"]
        for variant, units in booked.items():
            if units > wanted[variant]:
                history = known[order].history if order in known else ()
                yield Violation(
                    DUPLICATE, f"order {order} took {units} of {variant} and has {wanted[variant]}", history
                )
    for cart in held.carts.values():
        for dot, takes in cart.takes.items():
            by_order = {cause.partition(":")[2]: units for units, cause in takes.values() if cause.startswith("order:")}
            if dot in cart.tokens and sum(by_order.values()) > cart.tokens[dot][1]:
                calm = [one for one in by_order if not held.books["orders"].get(one, {}).get("is_suspect")]
                if len(calm) > 1:
                    yield Violation(
                        DUPLICATE, f"orders {', '.join(sorted(calm))} sold {dot} twice, none was noted as a suspect"
                    )


def _stock(journal: Journal, held: Held) -> Iterable[Violation]:
    orders = held.books["orders"]
    promised: dict[str, int] = defaultdict(int)
    for order in journal.orders:
        there = orders.get(order.id)
        if not order.acked or (there and not there["is_live"]):
            continue
        for line in order.lines:
            promised[line.key[1]] += line.units - line.pending
        told = sum(line.pending for line in order.lines)
        if there and there["waiting"] > told:
            yield _of(order, OVERSOLD, f"{told} units were to wait, {there['waiting']} do")
    received: dict[str, int] = defaultdict(int)
    for goods in held.books["goods"].values():
        left = goods["received"] - goods["written_off"]
        received[goods["sku"]] += left
        if goods["sold"] > left:
            yield Violation(OVERSOLD, f"{goods['sku']}: {left} came in and {goods['sold']} are sold")
    for sku, units in sorted(promised.items()):
        if units > received[sku]:
            yield Violation(OVERSOLD, f"{sku}: {received[sku]} came in and {units} were promised")
