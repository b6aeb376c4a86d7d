"""The book of one transaction: lock the variants, move units, close. Nothing else writes movements or balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from central.stock.errors import NotEnoughInPool
from central.stock.events import StockLevelsChanged
from central.stock.levels import level_of
from central.stock.models import EDGE_PREFIX, MAIN, POOL, SUPPLIER, Balance, Movement, is_unsold
from central.stock.queries import order_of_taking
from central.ui import live
from node import sql
from node.copying import copy_rows
from node.realms import ORDERS, alias_of, on_commit
from sync.events import record_event
from sync.upstream import Lock

# Plain SQL: whatever sells, grants or reports a unit passes here.
_BALANCES = "SELECT id, variant, warehouse, place, units FROM stock_balance WHERE variant = ANY(%s)"
_POOLS = (
    "SELECT variant FROM stock_balance WHERE variant = ANY(%s) AND warehouse = %s AND place = %s "
    "ORDER BY variant FOR UPDATE"
)


class Book:
    """The balances of some variants, held until the transaction ends.

    Each variant is locked by its pool row in the warehouse `MAIN`, in the order of ids, whatever is to be moved and
    wherever it lies: two transactions on the same variants therefore wait for one another and never in a ring.
    """

    def __init__(self, variants: Iterable[UUID]) -> None:
        self._variants = sorted(set(variants))
        lock_variants(self._variants)
        self._order = order_of_taking()
        rows = sql.run(alias_of(ORDERS), _BALANCES, [self._variants])
        self._units: dict[tuple[UUID, str, str], int] = {}
        self._sums: dict[tuple[UUID, str], int] = defaultdict(int)
        self._here: dict[tuple[UUID, str], int] = defaultdict(int)
        self._edges: dict[UUID, set[str]] = defaultdict(set)
        self._warehouses: dict[UUID, set[str]] = defaultdict(set)
        self._pools: dict[tuple[UUID, str], int] = {}
        for row, variant, warehouse, place, units in rows:
            self._add(sql.as_uuid(variant), warehouse, place, units)
            if place == POOL:
                self._pools[sql.as_uuid(variant), warehouse] = row
        self._levels = {variant: level_of(self.unsold(variant)) for variant in self._variants}
        self._changed: set[tuple[UUID, str, str]] = set()
        self._movements: list[Movement] = []

    def units(self, variant: UUID, place: str = POOL, *, warehouse: str | None = None) -> int:
        """In a place of one warehouse, or of all together."""
        if warehouse is None:
            return self._sums.get((variant, place), 0)
        return self._units.get((variant, warehouse, place), 0)

    def at_edges(self, variant: UUID) -> int:
        return sum(self._sums[variant, place] for place in self._edges.get(variant, ()))

    def unsold(self, variant: UUID, *, warehouse: str | None = None) -> int:
        """Units of the pool and of all edges together."""
        if warehouse is None:
            return self.units(variant) + self.at_edges(variant)
        return self._here.get((variant, warehouse), 0)

    def dealt(self, variant: UUID, place: str, units: int) -> list[tuple[str, int]]:
        """(warehouse, units) that `units` of a place are taken from, in the warehouses' order; fewer if there are."""
        found = []
        for warehouse in sorted(self._warehouses.get(variant, ()), key=self._rank):
            part = min(units, self.units(variant, place, warehouse=warehouse))
            if part > 0:
                found.append((warehouse, part))
                units -= part
        return found

    def _rank(self, warehouse: str) -> tuple[int, str]:
        return self._order.get(warehouse, len(self._order)), warehouse

    def move(
        self,
        variant: UUID,
        source: str,
        target: str,
        units: int,
        cause: Movement.Cause,
        *,
        warehouse: str | None = None,
        ref: str = "",
        who: str = "",
        note: str = "",
    ) -> None:
        """Move units within a warehouse; without one, out of those that have them, in their order: a row for each.

        What the supplier brings goes into the first warehouse when none is named. Zero is no movement. Raises
        `NotEnoughInPool` rather than let a place go below zero.
        """
        if not units:
            return
        if source != SUPPLIER and units > self.units(variant, source, warehouse=warehouse):
            has = self.units(variant, source, warehouse=warehouse)
            raise NotEnoughInPool(
                f"{units} units are to leave '{source}', which has {has}",
                variant=variant.hex,
                place=source,
                has=has,
            )
        if warehouse is not None:
            parts = [(warehouse, units)]
        elif source == SUPPLIER:
            parts = [(next(iter(self._order), MAIN), units)]
        else:
            parts = self.dealt(variant, source, units)
        for one, part in parts:
            self._move(variant, one, source, target, part, cause, ref=ref, who=who, note=note)

    def _move(
        self, variant: UUID, warehouse: str, source: str, target: str, units: int, cause: Any, **said: str
    ) -> None:
        for place, change in ((source, -units), (target, units)):
            self._add(variant, warehouse, place, change)
            self._changed.add((variant, warehouse, place))
        self._movements.append(
            Movement(
                variant=variant,
                warehouse=warehouse,
                source=source,
                target=target,
                units=units,
                cause=cause,
                left=self.unsold(variant),
                left_here=self.unsold(variant, warehouse=warehouse),
                **said,
            )
        )

    def _add(self, variant: UUID, warehouse: str, place: str, change: int) -> None:
        key = (variant, warehouse, place)
        self._units[key] = self._units.get(key, 0) + change
        self._sums[variant, place] += change
        self._warehouses[variant].add(warehouse)
        if place.startswith(EDGE_PREFIX):
            self._edges[variant].add(place)
        if is_unsold(place):
            self._here[variant, warehouse] += change

    def close(self) -> None:
        """Write the movements and their balances."""
        copy_rows(Movement, self._movements, using=alias_of(ORDERS))
        rows = [(*key, self._units[key]) for key in sorted(self._changed)]
        sql.insert_or_update(Balance, ["variant", "warehouse", "place"], ["units"], rows, using=alias_of(ORDERS))
        if rows:
            self._tell_screens({key[:2] for key in self._changed})
        self._movements, self._changed = [], set()
        self._tell_levels()

    def _tell_screens(self, changed: Iterable[tuple[UUID, str]]) -> None:
        """The row of a variant in a warehouse, in lists of stock, is that of its pool there."""
        keys = [str(self._pools[one]) for one in changed if one in self._pools]
        on_commit(lambda: live.nudge_soon(live.STOCK, keys=keys), realm=ORDERS)

    def _tell_levels(self) -> None:
        """Few sales go over a border, so few orders pay for an event."""
        now = {variant: level_of(self.unsold(variant)) for variant in self._variants}
        if changed := [variant.hex for variant in self._variants if now[variant] != self._levels[variant]]:
            record_event(StockLevelsChanged(variants=changed), realm=ORDERS)
        self._levels = now


def lock_variants(variants: Iterable[UUID]) -> None:
    """Hold the books of variants until the transaction ends."""
    wanted = sorted(set(variants))
    if missing := set(wanted) - _lock_pools(wanted):
        _make_pools(sorted(missing))
        _lock_pools(wanted)


#: a variant's pool row, by its id: before its grants, its orders' carts and the orders
VARIANTS = Lock(30, lock_variants)


def _lock_pools(variants: list[UUID]) -> set[UUID]:
    """Lock the pool rows there are, in the order of ids; returns whose they are."""
    rows = sql.run(alias_of(ORDERS), _POOLS, [variants, MAIN, POOL])
    return {sql.as_uuid(variant) for (variant,) in rows}


def _make_pools(variants: list[UUID]) -> None:
    # The update changes nothing: it is there because another transaction may have made the row meanwhile.
    Balance.objects.bulk_create(
        [Balance(variant=variant, warehouse=MAIN, place=POOL) for variant in variants],
        update_conflicts=True,
        unique_fields=["variant", "warehouse", "place"],
        update_fields=["variant"],
    )


def by_variant(pairs: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Sum units per variant: two lines of one variant are one demand."""
    summed: dict[UUID, int] = defaultdict(int)
    for variant, units in pairs:
        summed[variant] += units
    return dict(summed)
