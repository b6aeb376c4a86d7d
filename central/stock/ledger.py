"""The book of one transaction: lock the variants, move units, close. Nothing else writes movements or balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from central.stock.errors import NotEnoughInPool
from central.stock.events import StockLevelsChanged
from central.stock.levels import level_of
from central.stock.models import EDGE_PREFIX, POOL, SUPPLIER, Balance, Movement
from node.copying import copy_rows
from node.realms import ORDERS, alias_of
from sync.events import record_event


class Book:
    """The balances of some variants, held until the transaction ends.

    Each variant is locked by its pool row, in the order of ids, whatever is to be moved: two transactions on the
    same variants therefore wait for one another and never in a ring.
    """

    def __init__(self, variants: Iterable[UUID]) -> None:
        self._variants = sorted(set(variants))
        if missing := set(self._variants) - _lock_pools(self._variants):
            _make_pools(sorted(missing))
            _lock_pools(self._variants)
        rows = Balance.objects.filter(variant__in=self._variants).values_list("variant", "place", "units")
        self._units: dict[tuple[UUID, str], int] = {(variant, place): units for variant, place, units in rows}
        self._edges: dict[UUID, set[str]] = defaultdict(set)
        for variant, place in self._units:
            self._note_edge(variant, place)
        self._levels = {variant: level_of(self.unsold(variant)) for variant in self._variants}
        self._changed: set[tuple[UUID, str]] = set()
        self._movements: list[Movement] = []

    def units(self, variant: UUID, place: str = POOL) -> int:
        return self._units.get((variant, place), 0)

    def at_edges(self, variant: UUID) -> int:
        return sum(self._units[variant, place] for place in self._edges.get(variant, ()))

    def unsold(self, variant: UUID) -> int:
        """Units of the pool and of all edges together."""
        return self.units(variant) + self.at_edges(variant)

    def _note_edge(self, variant: UUID, place: str) -> None:
        if place.startswith(EDGE_PREFIX):
            self._edges[variant].add(place)

    def move(
        self,
        variant: UUID,
        source: str,
        target: str,
        units: int,
        cause: Movement.Cause,
        *,
        ref: str = "",
        who: str = "",
        note: str = "",
    ) -> None:
        """Move units; zero is no movement. Raises `NotEnoughInPool` rather than let a place go below zero."""
        if not units:
            return
        if source != SUPPLIER and units > self.units(variant, source):
            raise NotEnoughInPool(
                f"{units} units are to leave '{source}', which has {self.units(variant, source)}",
                variant=variant.hex,
                place=source,
                has=self.units(variant, source),
            )
        for place, change in ((source, -units), (target, units)):
            self._units[variant, place] = self.units(variant, place) + change
            self._changed.add((variant, place))
            self._note_edge(variant, place)
        self._movements.append(
            Movement(
                variant=variant, source=source, target=target, units=units, cause=cause, ref=ref, who=who, note=note
            )
        )

    def close(self) -> None:
        """Write the movements and their balances."""
        copy_rows(Movement, self._movements, using=alias_of(ORDERS))
        Balance.objects.bulk_create(
            [
                Balance(variant=variant, place=place, units=self._units[variant, place])
                for variant, place in sorted(self._changed)
            ],
            update_conflicts=True,
            unique_fields=["variant", "place"],
            update_fields=["units"],
            batch_size=1000,
        )
        self._movements, self._changed = [], set()
        self._tell_levels()

    def _tell_levels(self) -> None:
        """Few sales go over a border, so few orders pay for an event."""
        now = {variant: level_of(self.unsold(variant)) for variant in self._variants}
        if changed := [variant.hex for variant in self._variants if now[variant] != self._levels[variant]]:
            record_event(StockLevelsChanged(variants=changed), realm=ORDERS)
        self._levels = now


def _lock_pools(variants: list[UUID]) -> set[UUID]:
    """Lock the pool rows there are, in the order of ids; returns whose they are."""
    pools = Balance.objects.select_for_update().filter(variant__in=variants, place=POOL)
    return set(pools.order_by("variant").values_list("variant", flat=True))


def _make_pools(variants: list[UUID]) -> None:
    # The update changes nothing: it is there because another transaction may have made the row meanwhile.
    Balance.objects.bulk_create(
        [Balance(variant=variant, place=POOL) for variant in variants],
        update_conflicts=True,
        unique_fields=["variant", "place"],
        update_fields=["variant"],
    )


def by_variant(pairs: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Sum units per variant: two lines of one variant are one demand."""
    summed: dict[UUID, int] = defaultdict(int)
    for variant, units in pairs:
        summed[variant] += units
    return dict(summed)
