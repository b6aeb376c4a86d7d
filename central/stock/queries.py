"""Reads of stock that span rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Max, QuerySet, Sum

from central.stock.levels import Level, level_of
from central.stock.models import EDGE_PREFIX, POOL, SOLD, Balance, Grant, Movement, PendingUnits, edge_place


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
    for variant, place, count in Balance.objects.filter(variant__in=asked).values_list("variant", "place", "units"):
        units[variant]["at_edges" if place.startswith(EDGE_PREFIX) else place] += count
    for variant, count in _waiting(asked):
        units[variant]["pending"] = count
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


def waiting_orders(variant: UUID) -> QuerySet[PendingUnits]:
    """Who waits for units, in the order they will get them."""
    return PendingUnits.objects.filter(variant=variant, state=PendingUnits.State.WAITING).order_by("placed_at", "pk")


def edges_holding(variants: Iterable[UUID]) -> dict[str, list[UUID]]:
    """Node -> the variants it may have unsold units of."""
    found: dict[str, list[UUID]] = defaultdict(list)
    rows = Balance.objects.filter(variant__in=list(variants), place__startswith=EDGE_PREFIX, units__gt=0)
    for variant, place in rows.order_by("place", "variant").values_list("variant", "place"):
        found[place.removeprefix(EDGE_PREFIX)].append(variant)
    return dict(found)


def pools(variants: Iterable[UUID]) -> dict[UUID, int]:
    """Units in the pool, of those variants that have any."""
    rows = Balance.objects.filter(variant__in=list(variants), place=POOL, units__gt=0)
    return dict(rows.values_list("variant", "units"))


def selling_edges() -> int:
    """How many edges share the pool; at least one."""
    from central.cluster.models import Node

    return max(1, Node.objects.filter(state=Node.State.JOINED).count())


def check_balance() -> list[str]:
    """What is wrong with the books, in sentences; empty when every unit is accounted for (I1)."""
    return [*_wrong_sums(), *_units_from_nowhere(), *_wrong_grants()]


def _wrong_sums() -> Iterable[str]:
    sums: dict[tuple[UUID, str], int] = defaultdict(int)
    for name, sign in (("source", -1), ("target", 1)):
        for variant, place, units in Movement.objects.values_list("variant", name).annotate(Sum("units")):
            sums[variant, place] += sign * units
    kept = {
        (variant, place): units for variant, place, units in Balance.objects.values_list("variant", "place", "units")
    }
    for where in sorted(sums.keys() | kept.keys()):
        if sums.get(where, 0) != kept.get(where, 0):
            yield f"{where[0]} in {where[1]}: balance {kept.get(where, 0)}, movements {sums.get(where, 0)}"


def _units_from_nowhere() -> Iterable[str]:
    for variant, units in Balance.objects.values_list("variant").annotate(all=Sum("units")).exclude(all=0):
        yield f"{variant}: the places add up to {units}, not to zero"


def _wrong_grants() -> Iterable[str]:
    granted: dict[tuple[UUID, str], int] = {}
    rows = Grant.objects.values_list("variant", "edge").annotate(left=Sum(F("units") - F("returned") - F("booked")))
    for variant, edge, units in rows:
        granted[variant, edge_place(edge)] = units
    at_edges = {
        (variant, place): units
        for variant, place, units in Balance.objects.filter(place__startswith=EDGE_PREFIX).values_list(
            "variant", "place", "units"
        )
    }
    for where in sorted(granted.keys() | at_edges.keys()):
        if granted.get(where, 0) != at_edges.get(where, 0):
            yield f"{where[0]} at {where[1]}: balance {at_edges.get(where, 0)}, grants {granted.get(where, 0)}"


def _waiting(variants: list[UUID]) -> Iterable[tuple[UUID, int]]:
    rows = PendingUnits.objects.filter(variant__in=variants, state=PendingUnits.State.WAITING)
    return rows.values_list("variant").annotate(left=Sum(F("units") - F("taken")))
