"""Whether the books are right: I1, I2 and I3, each by one statement that the database answers whole.

I1  in each warehouse the places of a variant add up to zero (the supplier's is below it), each balance is the sum of
    its movements, and what lies at an edge is what its grants left there
I2  nothing of a grant is sold, returned or booked twice: no count is below zero, none goes past what was granted
I3  what an edge reported of a grant has only grown since it was last looked at
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.db.models import F, Q, Sum

from central.stock.models import EDGE_PREFIX, SUPPLIER, Balance, Grant, Movement
from node.realms import ORDERS, alias_of

#: each unit that moved, counted where it left and where it came to, beside what the balance says
_SUMS = """
    SELECT variant, warehouse, place, SUM(moved), SUM(kept) FROM (
        SELECT variant, warehouse, source AS place, -units AS moved, 0 AS kept FROM stock_movement {moved}
        UNION ALL SELECT variant, warehouse, target, units, 0 FROM stock_movement {moved}
        UNION ALL SELECT variant, warehouse, place, 0, units FROM stock_balance {moved}
    ) AS counted GROUP BY variant, warehouse, place HAVING SUM(moved) <> SUM(kept)
    ORDER BY variant, warehouse, place
"""
_OF_MOVED = "WHERE variant IN (SELECT variant FROM stock_movement WHERE id > %s)"
_AT_EDGES = f"""
    SELECT variant, warehouse, place, SUM(granted), SUM(kept) FROM (
        SELECT variant, warehouse, '{EDGE_PREFIX}' || edge AS place, units - returned - booked - lost AS granted,
            0 AS kept
        FROM stock_grant
        UNION ALL SELECT variant, warehouse, place, 0, units FROM stock_balance WHERE place LIKE '{EDGE_PREFIX}%%'
    ) AS counted GROUP BY variant, warehouse, place HAVING SUM(granted) <> SUM(kept)
    ORDER BY variant, warehouse, place
"""  # noqa: S608


@dataclass(frozen=True)
class Breach:
    """One row that is wrong. `rule`: what it breaks; `where`: a place, or a grant's id; and the figures that differ."""

    rule: str
    variant: UUID
    warehouse: str
    where: str
    has: int
    should: int

    def __str__(self) -> str:
        return f"{self.rule}: {self.variant} in {self.warehouse}, {self.where}: {self.has}, should be {self.should}"


def breaches(*, since: int | None = None) -> list[Breach]:
    """All that is wrong now; empty when every unit is accounted for.

    `since`: add up the places and movements of those variants only that moved after the movement with this id; what
    edges hold and grants say is looked at whole all the same. Adding up a million movements takes seconds.
    """
    return [
        *_wrong_sums(since),
        *_from_nowhere(since),
        *_below_zero(),
        *_wrong_at_edges(),
        *_wrong_grants(),
        *_shrunk_grants(),
    ]


def _asked(sql: str, *values: int) -> Iterable[tuple[UUID, str, str, int, int]]:
    with connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute(sql, values)
        for variant, warehouse, place, counted, kept in cursor.fetchall():
            yield UUID(str(variant)), warehouse, place, int(counted), int(kept)


def _wrong_sums(since: int | None) -> Iterable[Breach]:
    if since is None:
        rows = _asked(_SUMS.format(moved=""))
    else:
        rows = _asked(_SUMS.format(moved=_OF_MOVED), since, since, since)
    for variant, warehouse, place, moved, kept in rows:
        yield Breach("sums", variant, warehouse, place, kept, moved)


def _from_nowhere(since: int | None) -> Iterable[Breach]:
    balances = Balance.objects.all()
    if since is not None:
        balances = balances.filter(variant__in=Movement.objects.filter(pk__gt=since).values("variant"))
    rows = balances.values_list("variant", "warehouse").annotate(all=Sum("units")).exclude(all=0)
    for variant, warehouse, units in rows.order_by("variant", "warehouse"):
        yield Breach("nowhere", variant, warehouse, "", units, 0)


def _below_zero() -> Iterable[Breach]:
    for row in Balance.objects.filter(units__lt=0).exclude(place=SUPPLIER).order_by("variant", "warehouse"):
        yield Breach("below_zero", row.variant, row.warehouse, row.place, row.units, 0)


def _wrong_at_edges() -> Iterable[Breach]:
    for variant, warehouse, place, granted, kept in _asked(_AT_EDGES):
        yield Breach("at_edge", variant, warehouse, place, kept, granted)


def _wrong_grants() -> Iterable[Breach]:
    past = Q(units__lt=F("sold") + F("returned")) | Q(units__lt=F("booked") + F("returned"))
    below = Q(sold__lt=0) | Q(returned__lt=0) | Q(booked__lt=0)
    for grant in Grant.objects.filter(past | below).order_by("pk"):
        yield Breach(
            "grant",
            grant.variant,
            grant.warehouse,
            grant.pk.hex,
            max(grant.sold, grant.booked) + grant.returned,
            grant.units,
        )


def _shrunk_grants() -> Iterable[Breach]:
    for grant in Grant.objects.filter(Q(sold__lt=F("seen_sold")) | Q(returned__lt=F("seen_returned"))).order_by("pk"):
        is_sold = grant.sold < grant.seen_sold
        has, should = (grant.sold, grant.seen_sold) if is_sold else (grant.returned, grant.seen_returned)
        yield Breach("shrunk", grant.variant, grant.warehouse, grant.pk.hex, has, should)
