"""What must hold, kept outside of the system: every op, order and unit that somebody was told of.

(a) each acknowledged op is in the cart's memory, and the cart is what the ops in that memory make of it
(b) each acknowledged order is at central once, with its own bytes, and central has none that nobody placed
(c) at every step no more of a variant is confirmed than was received; at the end none of a right than was granted
(d) at the end every node has the same bytes of every cart
(e) at the end queues are empty and cursors at the head, within the time allowed
(f) no disk is served that knows of fewer ops than central had taken in from it
and central's own audit of its ledger finds nothing. Loss is allowed only where both copies died: disk and tab.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sync.contracts.cart import CartOp, CartState, Dot, LineKey
from sync.contracts.codec import unpack
from sync.contracts.orders import PlacedOrder
from sync.simulator.pristine import core

if TYPE_CHECKING:
    from sync.hub import Session
    from sync.simulator.shoppers import Tab
    from sync.simulator.world import World

REALM = "orders"


@dataclass
class _Known:
    """Something a shopper was told of, and where its copies are. `copies`: (disk, when it was acknowledged there)."""

    copies: list[tuple[str, float]] = field(default_factory=list)
    tab_is_dead: bool = False


@dataclass
class _Op(_Known):
    cart: str = ""
    op: CartOp | None = None


@dataclass
class _Order(_Known):
    body: bytes = b""
    number: str = ""
    uses: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, int] = field(default_factory=dict)
    who: str = ""


class Oracle:
    def __init__(self, world: World) -> None:
        self.world = world
        self.violations: list[str] = []
        self.pressed_ops: dict[Dot, _Op] = {}
        self.placed: dict[str, _Order] = {}
        self.tried_orders: dict[str, str] = {}
        #: pairs of carts that a shop was asked to make one
        self.joins: dict[tuple[str, str], _Known] = {}
        self._roots: dict[str, str] = {}
        self.lost_disks: dict[str, float] = {}  # disk -> what it acknowledged since then is gone
        self.received: dict[str, int] = {}
        self.sold: dict[str, int] = defaultdict(int)
        self.ops = 0

    def violate(self, what: str) -> None:
        if what not in self.violations:
            self.violations.append(what)
            self.world.trace.tell("oracle", f"VIOLATION: {what}")

    # --- what it hears

    def begin(self) -> None:
        self.look()

    def pressed(self, cart: str, op: CartOp) -> None:
        self.ops += 1
        self.pressed_ops[op.dot] = _Op(cart=cart, op=op)

    def acked_op(self, dot: Dot, where: tuple[str, float]) -> None:
        known = self.pressed_ops[dot]
        if all(disk != where[0] for disk, _ in known.copies):
            known.copies.append(where)

    def joining(self, one: str, two: str) -> None:
        # No tab keeps a link: it is as safe as the disk that made it.
        self.joins.setdefault((one, two), _Known(tab_is_dead=True))

    def joined(self, one: str, two: str, where: tuple[str, float]) -> None:
        self.joins[one, two].copies.append(where)

    def tried(self, order: str, cart: str) -> None:
        self.tried_orders[order] = cart

    def acked_order(self, placed: Any, where: tuple[str, float], who: str) -> None:
        disk, _ = where
        if placed.is_new and placed.is_fenced and placed.uses:
            self.violate(f"order {placed.id[-6:]}: disk {disk} knew that it was fenced and sold from what it held")
        known = self.placed.get(placed.id)
        if known is None:
            pending = sum(placed.pending.values())
            words = ", ".join(f"{units} of {variant[-2:]}" for variant, units in placed.confirmed.items() if units)
            waits = f", {pending} pending" if pending else ""
            self.world.trace.tell(who, f"order {placed.id[-6:]} confirmed on {disk}: {words or 'nothing'}{waits}")
            known = self.placed[placed.id] = _Order(
                body=placed.body, number=placed.number, confirmed=placed.confirmed, uses=placed.uses, who=who
            )
            for variant, units in placed.confirmed.items():
                self.sold[variant] += units
            self._check_sold()
        elif known.body != placed.body:
            self.violate(f"order {placed.id} was answered with two bodies")
        known.copies.append(where)

    def tab_closed(self, tab: Tab) -> None:
        for dot in tab.ops:
            self.pressed_ops[dot].tab_is_dead = True
        for order in tab.orders:
            self.placed[order].tab_is_dead = True

    def disk_lost(self, disk: str, since: float) -> None:
        """What the disk acknowledged after `since` is not on it any more."""
        self.lost_disks[disk] = min(since, self.lost_disks.get(disk, since))

    def desk_did(self, action: str, done: str) -> None:
        self.look()

    # --- (c): at every step

    def _check_sold(self) -> None:
        """Of orders as shoppers were told, none of them cancelled, before central has heard of any."""
        cancelled: dict[str, int] = defaultdict(int)
        for order_id in self._cancelled & self.placed.keys():
            for variant, units in self.placed[order_id].confirmed.items():
                cancelled[variant] += units
        for variant, units in self.sold.items():
            if units - cancelled.get(variant, 0) > self.received.get(variant, 0):
                self.violate(
                    f"{units} units of {variant[-2:]} are confirmed, {self.received.get(variant, 0)} were received"
                )

    #: orders that the desk had cancelled when it was last looked; their shoppers may not have been told of them yet
    _cancelled: frozenset[str] = frozenset()

    def look(self) -> None:
        """Orders at central and orders on their way: what is confirmed was received."""
        with self.world.central.databases.orders.seen_from_outside():
            self.received = dict(self._central("books").received)
            orders = self._central("orders")
        sold: dict[str, int] = defaultdict(int)
        for order in orders.values():
            for variant, units in order.units.items():
                if not order.is_cancelled:
                    sold[variant] += units - order.pending.get(variant, 0)
        for order_id, placed in self.placed.items():
            if order_id not in orders:
                for variant, units in placed.confirmed.items():
                    sold[variant] += units
        self._cancelled = frozenset(order.id for order in orders.values() if order.is_cancelled)
        for variant, units in sold.items():
            if units > self.received.get(variant, 0):
                self.violate(f"{units} units of {variant[-2:]} are sold, {self.received.get(variant, 0)} were received")

    def taken_from(self, node: str) -> Mapping[int, int]:
        """Epoch -> ops that central has taken in from a node by now."""
        with self.world.central.databases.orders.seen_from_outside():
            return self._central("taken", node)  # type: ignore[no-any-return]

    def session_ends(self, session: Session, taken: Mapping[int, int]) -> None:
        """Central serves no disk that knows of fewer ops than it had taken in before the disk was asked."""
        feed, intake = session.state.feeds.get(REALM), session.state.intakes.get(REALM)
        if feed is None or intake is None or feed.must_check:
            return  # it had not been let in
        had = taken.get(session.epoch, 0)
        if had > intake.highest:
            self.violate(f"{session.node} was served with a disk that knew of {intake.highest} ops of {had}")

    # --- the end

    def all_carts(self) -> list[str]:
        """The carts shoppers have used, as they are called."""
        carts = {known.cart for known in self.pressed_ops.values()}
        for shopper in self.world.shoppers:
            carts |= set(shopper.carts.values())
        return sorted(carts)

    def _central(self, what: str, *args: Any) -> Any:
        world = self.world
        return world.inside(world.central.life, lambda: getattr(world.roles.central, what)(*args))

    def unsettled(self) -> list[str]:
        """What has not come to rest yet; the cheap questions first."""
        world, role = self.world, self.world.roles.edge
        for shopper in world.shoppers:
            if shopper.tab.ops or shopper.tab.orders:
                return [f"{shopper.name}'s tab keeps {len(shopper.tab.ops)} ops and {len(shopper.tab.orders)} orders"]
        for edge in world.edges:
            if not edge.is_up:
                return [f"edge {edge.name} is down"]
            if not edge.run(role.is_up):
                return [f"edge {edge.name} has no link: {edge.run(role.trouble)}"]
            if backlog := edge.run(role.backlog):
                return [f"edge {edge.name} has {backlog} ops that central has not acknowledged"]
        heads = self._central("log_heads")
        for edge in world.edges:
            if (place := edge.run(lambda: role.place(REALM))) != heads[REALM]:
                return [f"edge {edge.name} stands at {place}, the log at {heads[REALM]}"]
        return self._unequal()

    def _unequal(self) -> list[str]:
        world, role = self.world, self.world.roles.edge
        carts = self._central("carts")
        roots = {cart: self._central("root_of", cart) for cart in self.all_carts()}
        wanted = sorted(set(roots.values()) & carts.keys())
        empty = core.cart_bytes(core.EMPTY)
        for edge in world.edges:
            here = edge.run(lambda: role.carts(wanted))
            for root in wanted:
                if here.get(root, empty) != carts[root]:
                    return [f"cart {root[:6]} is not the same at {edge.name} and central"]
            there = edge.run(lambda: role.roots_of(list(roots)))
            for cart, root in roots.items():
                if there[cart] != root:
                    return [f"cart {cart[:6]} is {there[cart][:6]} at {edge.name}, and {root[:6]} at central"]
        return []

    def judge(self) -> None:
        world = self.world
        for line in self.unsettled():
            self.violate(f"after {world.loop.now:.0f} s: {line}")
        self.look()
        orders = self._central("orders")
        self._judge_orders(orders)
        self._judge_joins()
        self._judge_carts(orders)
        self._judge_books(orders)
        self._judge_rights()
        for line in self._central("audit"):
            self.violate(f"audit: {line}")
        for edge in world.edges:
            for line in edge.run(world.roles.edge.parked) if edge.is_up else []:
                self.violate(f"edge {edge.name} has parked {line}")
        for error in world.loop.errors:
            world.trace.tell("loop", error)

    def _may_be_lost(self, known: _Known) -> bool:
        """Both copies are gone: every disk that acknowledged it, and the tab."""
        return known.tab_is_dead and all(when >= self.lost_disks.get(disk, 1e9) for disk, when in known.copies)

    def _made_again(self) -> list[_Order]:
        """Orders that a shopper heard of from disks alone of which there were two, or that had forgotten: the other one
        may have made them too. Central keeps the first, and sets the second aside for people to look at."""

        def node(disk: str) -> str:
            return disk.partition("#")[0].rstrip("2")

        lost = {node(disk) for disk in self.lost_disks}
        return [placed for placed in self.placed.values() if all(node(disk) in lost for disk, _ in placed.copies)]

    def _judge_orders(self, orders: Mapping[str, Any]) -> None:
        again = self._made_again()
        aside = self._central("set_aside")
        for order_id, _, reason in aside:
            if not any(placed is self.placed.get(order_id) for placed in again):
                self.violate(f"order {order_id[-6:]} was set aside: {reason}")
        second = {(order_id, body_hash) for order_id, body_hash, _ in aside}
        for order_id, placed in self.placed.items():
            found = orders.get(order_id)
            if self._may_be_lost(placed):
                continue  # central may have it as another shop took it in when the tab asked there too
            if found is None:
                self.violate(f"order {order_id[-6:]}, acknowledged to {placed.who}, is not at central")
            elif found.body_hash != (mine := _hash(placed.body)) and (order_id, mine) not in second:
                self.violate(f"order {order_id[-6:]} is another one at central")
        for order_id in sorted(orders.keys() - self.tried_orders.keys()):
            self.violate(f"central has an order that nobody placed: {order_id}")

    def _judge_books(self, orders: Mapping[str, Any]) -> None:
        books = self._central("books")
        sold: dict[str, int] = defaultdict(int)
        for order in orders.values():
            for variant, units in order.units.items():
                sold[variant] += 0 if order.is_cancelled else units - order.pending.get(variant, 0)
        for variant in sorted({*sold, *books.sold}):
            booked, ordered = books.sold.get(variant, 0), sold.get(variant, 0)
            if booked != ordered:
                self.violate(f"the ledger says {booked} of {variant[-2:]} are sold, the orders say {ordered}")

    def _judge_rights(self) -> None:
        """A disk that was put back may sell its past until it is heard of: see the guarantees."""
        if self.world.trace.faults["restored_disk"]:
            return
        granted: Mapping[str, int] = self._central("grants")
        sold: dict[str, int] = defaultdict(int)
        for placed in self.placed.values():
            for grant, units in placed.uses.items():
                sold[grant] += units
        for grant, units in sold.items():
            if units > granted.get(grant, 0):
                self.violate(f"{units} units of right {grant[-6:]} are confirmed, {granted.get(grant, 0)} were granted")

    # --- (a)

    def _judge_carts(self, orders: Mapping[str, Any]) -> None:
        carts = {root: core.decode(unpack(body, CartState)) for root, body in self._central("carts").items()}
        bodies = self._order_bodies(orders)
        near = self._near()
        for root in sorted({self._root(known.cart) for known in self.pressed_ops.values()}):
            held = carts.get(root, core.EMPTY)
            ops = [(dot, known) for dot, known in self.pressed_ops.items() if near(known.cart, root)]
            for dot, known in ops:
                is_here = self._root(known.cart) == root
                if is_here and known.copies and not held.has_seen(dot) and not self._may_be_lost(known):
                    self.violate(f"op {core.dot_text(dot)} ({known.op.kind}), acknowledged, is not in cart {root[:6]}")  # type: ignore[union-attr]
            deltas = [
                core.decode(one.taken.delta)
                for order, one in bodies.items()
                if self._root(one.taken.cart) == root
                or (near(one.taken.cart, root) and held.has_seen(core.order_dot(order)))
            ]
            corrected = {key for cart, key in self.world.roles.edge.corrections if near(cart, root)}
            self._judge_cart(root, held, ops, deltas, bodies, corrected)

    def _root(self, cart: str) -> str:
        """At the end, when no link is made any more: asked once for each cart."""
        if cart not in self._roots:
            self._roots[cart] = self._central("root_of", cart)
        return self._roots[cart]

    def _near(self) -> Callable[[str, str], bool]:
        """Whether what one cart holds may lie in the other too: they are one, or a shop has made them one.

        A hop carries a cart along, whole. Where the shop's disk is lost before central hears of the link, the carts
        stand apart again, and each keeps what it holds.
        """
        parents: dict[str, str] = {}
        for one, two in self.joins:
            found = core.union(self._root(one), self._root(two), parents.get)
            if found:
                parents[found[0]] = found[1]

        def stands_for(cart: str) -> str:
            return str(core.root_of(self._root(cart), parents.get))

        return lambda one, two: stands_for(one) == stands_for(two)

    def _judge_joins(self) -> None:
        for (one, two), known in self.joins.items():
            if known.copies and self._root(one) != self._root(two) and not self._may_be_lost(known):
                self.violate(f"carts {one[:6]} and {two[:6]} were made one, and are two at central")

    def _takes_of_lost_orders(self, held: Any, dot: Dot, bodies: Mapping[str, Any]) -> int:
        """An order may be gone with its disk before its shopper heard of it, while the cart remembers its takes."""
        causes = {f"order:{order}" for order in self.tried_orders if order not in bodies}
        return sum(take.units for take in held.takes.get(dot, {}).values() if take.cause in causes)

    def _order_bodies(self, orders: Mapping[str, Any]) -> dict[str, Any]:
        """Of the orders that central has, those that a shopper or a disk still knows."""
        bodies = {order: known.body for order, known in self.placed.items()}
        for edge in self.world.edges:
            if edge.is_up:
                bodies |= edge.run(self.world.roles.edge.orders)
        return {order: unpack(body, PlacedOrder) for order, body in bodies.items() if order in orders}

    def _judge_cart(
        self,
        root: str,
        held: Any,
        ops: list[tuple[Dot, _Op]],
        deltas: list[Any],
        bodies: Mapping[str, Any],
        corrected: Collection[LineKey],
    ) -> None:
        """The cart is what the ops in its memory make of it: nothing lost, nothing back from the dead."""
        known = [core.delta_of(one.op, hlc=0) for dot, one in ops if held.has_seen(dot) and one.op is not None]
        wanted = core.joined([*known, *deltas])
        for dot in sorted({*wanted.tokens, *held.tokens}):
            token = wanted.tokens.get(dot) or held.tokens[dot]
            if dot not in held.tokens:
                self.violate(f"cart {root[:6]} has lost {token.units} of {token.key.sku}, which nobody removed")
            elif dot not in wanted.tokens:
                self.violate(f"in cart {root[:6]} {token.units} of {token.key.sku} are back, which somebody removed")
            else:
                gone = self._takes_of_lost_orders(held, dot, bodies)
                gone += _short_takes(held, dot) if token.key in corrected else 0
                here, there = core.left(held, dot), max(0, core.left(wanted, dot) - gone)
                if here != there:
                    self.violate(
                        f"in cart {root[:6]} {here} of {token.key.sku} are left of a token, it should be {there}"
                    )


def _short_takes(held: Any, dot: Dot) -> int:
    """Units of a token that nodes took because no more were left."""
    return sum(take.units for take in held.takes.get(dot, {}).values() if take.cause == core.SHORT)


def _hash(body: bytes) -> bytes:
    """As central keeps it of an order."""
    return blake2b(body, digest_size=32).digest()
