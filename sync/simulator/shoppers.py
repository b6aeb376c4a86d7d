"""Shoppers: each has a tab that keeps what central has not acknowledged, and shows it to whatever shop it is in."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from node.errors import RialtoError
from sync.contracts.cart import CartOp, Dot, LineKey
from sync.simulator.pristine import core
from sync.simulator.roles import EDGES, SITES

if TYPE_CHECKING:
    from sync.simulator.world import World

#: ops one call carries at most
AT_ONCE = 20


class Tab:
    """One document after another in one tab: `client` changes with each load, what is kept does not."""

    def __init__(self) -> None:
        self.client = ""
        self.seq = 0
        #: dot -> (cart, op) that central has not acknowledged
        self.ops: dict[Dot, tuple[str, CartOp]] = {}
        #: order id -> what the order's page gave it to keep
        self.orders: dict[str, Any] = {}


class Shopper:
    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.rng = world.shop_rng
        self.at = self.rng.choice(EDGES)
        self.carts = {self.at: _cart_id(self.rng)}
        self.seen = core.EMPTY
        self.tab = Tab()
        self.living: asyncio.Task[None]
        self._load()

    # --- a life of shopping

    async def live(self) -> None:
        world, rng = self.world, self.rng
        pace = rng.uniform(0.4, 0.9)
        while not world.is_calm:
            await self._act()
            await asyncio.sleep(rng.expovariate(1 / pace))

    async def _act(self) -> None:
        drawn = self.rng.random()
        if drawn < 0.58:
            await self._change()
        elif drawn < 0.80:
            await self._check_out()
        elif drawn < 0.92:
            await self._hop()
        elif drawn < 0.96:
            self._load()
        elif drawn < 0.985:
            await self._look()
        else:
            self._close_tab()

    def _load(self) -> None:
        """A page is loaded: a fresh client, the same tab."""
        self.tab.client, self.tab.seq = f"{self.rng.getrandbits(64):016x}", 0

    def _close_tab(self) -> None:
        self.world.trace.fault(
            "tab_closed", self.name, f"with {len(self.tab.ops)} ops and {len(self.tab.orders)} orders"
        )
        self.world.oracle.tab_closed(self.tab)
        self.tab = Tab()
        self._load()

    # --- the cart

    async def _look(self) -> bool:
        cart = self.carts[self.at]
        try:
            (_, self.seen), _ = await self.world.http(self.at, lambda: self.world.roles.edge.see(cart))
        except Exception as error:
            return self._failed(error)
        return True

    async def _change(self) -> None:
        """A few presses, then one call with all that the tab still keeps."""
        if self.rng.random() < 0.5:
            await self._look()
        for _ in range(self.rng.choice((2, 3, 4, 5))):
            if op := self._press():
                self.tab.ops[op.dot] = (self.carts[self.at], op)
                self.world.oracle.pressed(self.carts[self.at], op)
        await self.present()

    def _press(self) -> CartOp | None:
        rng = self.rng
        self.tab.seq += 1
        dot = Dot(self.tab.client, self.tab.seq)
        shown = core.lines(self.seen)
        drawn = rng.random()
        if not shown or drawn < 0.6:
            skus = self.world.setting.skus
            # Mostly what this shop sells itself: only that can be ordered here.
            sku = rng.choice([one for one in skus if one.site == SITES[self.at]] if rng.random() < 0.6 else skus)
            return CartOp(
                dot=dot, kind="add", key=LineKey(sku.site, sku.sku), units=rng.choice((1, 1, 1, 2, 3)), price_ref=1
            )
        line = rng.choice(shown)
        wanted = 0 if drawn > 0.9 else rng.randint(0, line.quantity + 1)
        op: CartOp | None = core.op_to_set(dot, line.key, wanted, line, price_ref=1)
        if op is None:
            self.tab.seq -= 1
        return op

    async def present(self) -> bool:
        """Send what central has not acknowledged, to the shop the tab is in; whether the shop has all of it."""
        world = self.world
        by_cart: dict[str, list[CartOp]] = {}
        for cart, op in list(self.tab.ops.values())[-AT_ONCE:]:
            by_cart.setdefault(cart, []).append(op)
        for cart, ops in by_cart.items():
            tab = self.tab
            try:
                acks, where = await world.http(self.at, partial(world.roles.edge.take_ops, cart, ops))
            except Exception as error:
                return self._failed(error)
            for op in ops:
                how = acks[core.dot_text(op.dot)]
                world.oracle.acked_op(op.dot, where)
                if how == "central":
                    tab.ops.pop(op.dot, None)
        return True

    def _failed(self, error: Exception) -> bool:
        from sync.simulator.world import HttpLost

        if isinstance(error, HttpLost | RialtoError):
            if self.world.is_calm:
                self.world.trace.tell(self.name, f"{type(error).__name__} {error}")
            self.world.trace.note(self.name, f"{type(error).__name__} {error}")
            return False
        raise error

    # --- another shop

    async def _hop(self) -> None:
        world, rng = self.world, self.rng
        target = rng.choice([node for node in EDGES if node != self.at])
        cart, state = self.carts[self.at], self.seen
        if rng.random() < 0.4 and target not in self.carts:
            # The address was typed: a cart of its own begins there, until a link joins the two.
            self.at, self.seen = target, core.EMPTY
            self.carts[target] = _cart_id(rng)
            return
        if len(self.tab.ops):
            world.trace.fault("tab_retry_elsewhere")
        try:
            (root, state), _ = await world.http(self.at, lambda: world.roles.edge.see(cart))
            mine = self.carts.get(target)
            if mine is not None:
                world.oracle.joining(mine, root)
            landed, where = await world.http(target, lambda: world.roles.edge.land(mine, root, state))
        except Exception as error:
            self._failed(error)
            return
        if mine is not None:
            world.oracle.joined(mine, root, where)
        self.at, self.carts[target] = target, landed
        self._load()
        await self._look()
        await self.present()
        await self._keep()

    # --- ordering

    async def _check_out(self) -> None:
        world, cart, site = self.world, self.carts[self.at], SITES[self.at]
        at = self.at
        try:
            quote, _ = await world.http(at, lambda: world.roles.edge.quote(site, cart))
        except Exception as error:
            self._failed(error)
            return
        if quote is None:
            return
        world.oracle.tried(quote.order, cart)
        for _ in range(self.rng.choice((1, 2, 3))):
            tab = self.tab
            try:
                placed, where = await world.http(at, lambda: world.roles.edge.order(site, cart, quote))
            except RialtoError as error:
                world.trace.tell(self.name, f"order {quote.order[-6:]} at {at}: {error.code}")
                return
            except Exception as error:
                self._failed(error)
                continue
            tab.orders[placed.id] = placed.kept
            world.oracle.acked_order(placed, where, self.name)
            return

    async def _keep(self) -> bool:
        """Show kept orders to this shop; whether none is left."""
        world, tab = self.world, self.tab
        if not tab.orders:
            return True
        kept = list(tab.orders.values())[:10]
        try:
            found, _ = await world.http(self.at, lambda: world.roles.edge.keep(kept))
        except Exception as error:
            return self._failed(error)
        for order, how in found.items():
            if how == "acked":
                tab.orders.pop(order, None)
            elif how == "refused":
                world.oracle.violate(f"order {order}, made by a node of ours, was refused at '{self.at}'")
        return not tab.orders

    # --- the end

    async def hand_over(self) -> None:
        """Everything is well again: until central has all that this tab keeps."""
        await asyncio.wait([self.living])
        self.living.result()
        while self.tab.ops or self.tab.orders:
            await self.present()
            await self._keep()
            await asyncio.sleep(0.7)


def _cart_id(rng: Any) -> str:
    return f"{rng.getrandbits(128) | 1 << 127:032x}"
