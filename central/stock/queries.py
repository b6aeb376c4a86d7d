"""Reads of stock that span rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, QuerySet, Sum

from central.stock.levels import Level, level_of
from central.stock.models import (
    EDGE_PREFIX,
    POOL,
    SOLD,
    Balance,
    Grant,
    Movement,
    PendingUnits,
    PlannedSupply,
    Warehouse,
    edge_place,
)
from node import sql
from node.realms import CLUSTER, ORDERS, alias_of
from sync.core.escrow import bookable

# Plain SQL: every question of an edge about stock passes here.
_UNITS = "SELECT variant, place, units FROM stock_balance WHERE variant = ANY(%s)"
_POOLS = "SELECT variant, SUM(units) FROM stock_balance WHERE variant = ANY(%s) AND place = %s AND units > 0 GROUP BY 1"
_HOLDING = (
    "SELECT DISTINCT place, variant FROM stock_balance WHERE variant = ANY(%s) AND place LIKE %s AND units > 0 "
    "ORDER BY place, variant"
)
_WAITING = (
    "SELECT variant, SUM(units - taken) FROM stock_pendingunits WHERE variant = ANY(%s) AND state = %s GROUP BY 1"
)
_NODES = "SELECT COUNT(*) FROM cluster_node WHERE state = %s"


@dataclass(frozen=True)
class Stock:
    """Units of one variant. `total` is what is unsold: `pool` and `at_edges` together."""

    total: int = 0
    pool: int = 0
    at_edges: int = 0
    sold: int = 0
    #: sold with no right and still waiting for units
    pending: int = 0


def stock_of(variants: Iterable[UUID]) -> dict[UUID, Stock]:
    """The stock of each variant asked for; zeros for one that never had any."""
    asked = list(variants)
    units: dict[UUID, dict[str, int]] = {variant: defaultdict(int) for variant in asked}
    for variant, place, count in sql.run(alias_of(ORDERS), _UNITS, [asked]):
        units[sql.as_uuid(variant)]["at_edges" if place.startswith(EDGE_PREFIX) else place] += count
    for variant, count in sql.run(alias_of(ORDERS), _WAITING, [asked, PendingUnits.State.WAITING.value]):
        units[sql.as_uuid(variant)]["pending"] = int(count)
    return {
        variant: Stock(
            total=found[POOL] + found["at_edges"],
            pool=found[POOL],
            at_edges=found["at_edges"],
            sold=found[SOLD],
            pending=found["pending"],
        )
        for variant, found in units.items()
    }


def left_of(variants: Collection[UUID]) -> dict[UUID, int]:
    """Units that may still be bought, wherever they lie. Not those frozen at an edge: nobody sells them."""
    frozen: dict[UUID, int] = defaultdict(int)
    for grant in Grant.objects.filter(variant__in=variants, state=Grant.State.FROZEN):
        frozen[grant.variant] += bookable(grant.held)
    return {variant: max(0, stock.total - frozen[variant]) for variant, stock in stock_of(variants).items()}


@dataclass(frozen=True)
class StockHere:
    """Units of one variant in one warehouse."""

    warehouse: str
    pool: int = 0
    at_edges: int = 0
    sold: int = 0

    @property
    def total(self) -> int:
        """What is unsold."""
        return self.pool + self.at_edges


def stock_by_warehouse(variants: Iterable[UUID]) -> dict[UUID, list[StockHere]]:
    """The stock of each variant in each warehouse that ever had some of it, in the order of taking."""
    asked = list(variants)
    units: dict[UUID, dict[str, dict[str, int]]] = {variant: {} for variant in asked}
    rows = Balance.objects.filter(variant__in=asked).values_list("variant", "warehouse", "place", "units")
    for variant, warehouse, place, count in rows:
        here = units[variant].setdefault(warehouse, defaultdict(int))
        here["at_edges" if place.startswith(EDGE_PREFIX) else place] += count
    order = order_of_taking()
    return {
        variant: [
            StockHere(code, pool=found[POOL], at_edges=found["at_edges"], sold=found[SOLD])
            for code, found in sorted(places.items(), key=lambda one: (order.get(one[0], len(order)), one[0]))
        ]
        for variant, places in units.items()
    }


def warehouses() -> list[Warehouse]:
    """All of them: those in use in the order of taking, then those switched off."""
    return list(Warehouse.objects.all())


def warehouse_titles() -> dict[str, str]:
    """Warehouse -> what people call it."""
    return {one.pk: one.title for one in warehouses()}


def order_of_taking() -> dict[str, int]:
    """Warehouse -> its place in the order units are taken in; those switched off come last."""
    # Plain SQL, as for the rest of the book; the order is the model's own.
    rows = sql.run(alias_of(ORDERS), "SELECT code FROM stock_warehouse ORDER BY is_active DESC, position, code")
    return {code: place for place, (code,) in enumerate(rows)}


def shipped_from(order_id: UUID) -> dict[UUID, dict[str, int]]:
    """Variant -> warehouse -> units of an order that lie there, packed or to be packed; what waits is not in it."""
    found: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Movement.objects.filter(ref=order_id.hex).order_by("id")
    for variant, warehouse, source, target, units in rows.values_list(
        "variant", "warehouse", "source", "target", "units"
    ):
        found[variant][warehouse] += units * ((target == SOLD) - (source == SOLD))
    kept = {variant: {code: units for code, units in places.items() if units > 0} for variant, places in found.items()}
    return {variant: places for variant, places in kept.items() if places}


def waiting_units(order_id: UUID) -> dict[UUID, int]:
    """Variant -> units of an order that still wait for stock."""
    rows = PendingUnits.objects.filter(order=order_id, state=PendingUnits.State.WAITING)
    return {variant: units - taken for variant, units, taken in rows.values_list("variant", "units", "taken")}


def levels_of(variants: Collection[UUID]) -> dict[UUID, tuple[Level, int]]:
    """The level of each variant that ever had stock, and the id of the newest movement it surely contains."""
    rows = Movement.objects.filter(variant__in=variants).values_list("variant").annotate(Max("id"))
    # Before the balances: they may know more than this says, never less.
    newest = dict(rows)
    stock = stock_of(newest)
    return {variant: (level_of(stock[variant].total), newest[variant]) for variant in newest}


def movements_of(variant: UUID) -> QuerySet[Movement]:
    """The history of a variant, the newest first."""
    return Movement.objects.filter(variant=variant).order_by("-id")


def expected_supplies(variant: UUID) -> list[PlannedSupply]:
    """What is to come, the soonest first."""
    return list(PlannedSupply.objects.filter(variant=variant, ended_at=None).order_by("due_on", "pk"))


def waiting_orders(variant: UUID) -> QuerySet[PendingUnits]:
    """Who waits for units, in the order they will get them."""
    return PendingUnits.objects.filter(variant=variant, state=PendingUnits.State.WAITING).order_by("placed_at", "pk")


def edges_holding(variants: Iterable[UUID]) -> dict[str, list[UUID]]:
    """Node -> the variants it may have unsold units of."""
    found: dict[str, list[UUID]] = defaultdict(list)
    for place, variant in sql.run(alias_of(ORDERS), _HOLDING, [list(variants), f"{EDGE_PREFIX}%"]):
        found[place.removeprefix(EDGE_PREFIX)].append(sql.as_uuid(variant))
    return dict(found)


def units_at(node: str, variants: Iterable[UUID]) -> dict[UUID, int]:
    """Units an edge has, sold ones that central has not heard of among them; of those variants that have any there."""
    rows = Balance.objects.filter(variant__in=list(variants), place=edge_place(node), units__gt=0)
    return dict(rows.values_list("variant").annotate(Sum("units")))


def pools(variants: Iterable[UUID]) -> dict[UUID, int]:
    """Units in the pool, of those variants that have any."""
    rows = sql.run(alias_of(ORDERS), _POOLS, [list(variants), POOL])
    return {sql.as_uuid(variant): int(units) for variant, units in rows}


def selling_edges() -> int:
    """How many edges share the pool; at least one."""
    from central.cluster.models import Node

    [(count,)] = sql.run(alias_of(CLUSTER), _NODES, [Node.State.JOINED.value])
    return max(1, int(count))


def check_balance() -> list[str]:
    """What is wrong with the books, in sentences; empty when every unit is accounted for. See `audit`."""
    from central.stock.audit import breaches

    return [str(one) for one in breaches()]
