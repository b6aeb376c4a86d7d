"""Hold, sell, give back. Each function belongs inside a job of the one writer and changes rows under its transaction.

A unit is sold only from a right. What an edge knows of its rights it reports by totals that only grow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import F, QuerySet, Sum

from edge.rights import lease
from edge.rights.models import Hold, Right
from sync.contracts.codec import pack
from sync.contracts.orders import GrantUse
from sync.contracts.stock import GrantDoc, GrantReport
from sync.store.edge import sql
from sync.store.edge.models import Document
from sync.store.edge.outbox import enqueue

#: a checkout that has not ended by then never will
HOLD_MS = 60_000


def free_units(variants: Iterable[str]) -> dict[str, int]:
    """Units that could be sold now, per variant; 0 where there is no right."""
    asked = list(variants)
    rows = sellable().filter(variant__in=asked).order_by().values_list("variant")  # an order would split the sums
    found: dict[str, int] = dict(rows.annotate(left=Sum(F("units") - F("held") - F("sold") - F("returned"))))
    return {variant: found.get(variant, 0) for variant in asked}


def sellable() -> QuerySet[Right]:
    """Rights that may be sold from at this moment, the one that ends first in front."""
    return Right.objects.filter(is_closed=False, boot=lease.boot_id(), stop_at__gt=lease.boottime_ms()).order_by(
        "stop_at", "grant"
    )


def sell_now(order: str, wanted: Mapping[str, int]) -> dict[str, list[GrantUse]] | None:
    """Sell `wanted` (variant -> units, of all lines together) without holding it first: most orders find their rights.

    Variant -> the rights spent; None, and nothing is changed, when units lack or the order holds some already.
    """
    if _held_by(order):
        return None
    uses: dict[str, list[GrantUse]] = {}
    for variant, units in wanted.items():
        free = _free_of(variant)
        if sum(count for _, count in free) < units:
            return None
        uses[variant] = _dealt(free, units)
    for spent in uses.values():
        for use in spent:
            _spend(use.grant, sold=use.units)
    return uses


def hold(order: str, wanted: Mapping[str, int]) -> dict[str, int]:
    """Hold up to `wanted` for an order; returns what lacks, by variant. Held again, only the difference is added."""
    short: dict[str, int] = {}
    held = _held_by(order)
    until = lease.boottime_ms() + HOLD_MS
    for variant, units in wanted.items():
        lacks = units - held.get(variant, 0)
        for use in _dealt(_free_of(variant), lacks):
            sql.execute(
                'INSERT INTO edge_rights_hold ("order", right_id, units, until) VALUES (?, ?, ?, ?)',
                [order, use.grant, use.units, until],
            )
            sql.execute("UPDATE edge_rights_right SET held = held + ? WHERE grant = ?", [use.units, use.grant])
            lacks -= use.units
        if lacks > 0:
            short[variant] = lacks
    return short


def sell(order: str, wanted: Mapping[str, int]) -> dict[str, list[GrantUse]]:
    """Turn the order's holds into sales and end them; variant -> the rights spent, never more than `wanted`.

    A right that has ended since it was held sells nothing: the caller sees fewer units than it asked for.
    """
    uses: dict[str, list[GrantUse]] = defaultdict(list)
    left = dict(wanted)
    alive = {right.pk for right in sellable().filter(holds__order=order)}
    for kept in _end_holds(Hold.objects.filter(order=order).select_related("right").order_by("pk")):
        variant = kept.right.variant
        units = min(kept.units, left.get(variant, 0)) if kept.right_id in alive else 0
        if units:
            left[variant] -= units
            _spend(kept.right_id, sold=units)
            uses[variant].append(GrantUse(grant=kept.right_id, units=units))
    return dict(uses)


def release(order: str) -> None:
    """The checkout came to nothing: its units are free again."""
    _end_holds(Hold.objects.filter(order=order))


def release_expired() -> None:
    """End the holds of checkouts that died."""
    _end_holds(Hold.objects.filter(until__lte=lease.boottime_ms()))


def release_all() -> None:
    """A process that starts has no checkout under way: whatever is held was held by a dead one."""
    _end_holds(Hold.objects.all())


def give_back(wanted: Mapping[str, int]) -> None:
    """Return up to so many free units of each variant to central, ended rights included: those sell nothing here."""
    for variant, units in wanted.items():
        left = units
        for right in Right.objects.filter(variant=variant, is_closed=False).order_by("stop_at", "grant"):
            back = min(left, right.free)
            if back > 0:
                _spend(right.pk, returned=back)
                left -= back


def add_grants(grants: Iterable[GrantDoc], asked_at_ms: int) -> None:
    """Take in what central answered to an ask or a renewal that was sent at `asked_at_ms` (CLOCK_BOOTTIME)."""
    for doc in grants:
        if doc.is_open and not _is_over(doc):
            until = lease.stop_at(asked_at_ms, doc.ttl_s)
            know(doc)
            # The later end wins: answers may overtake one another.
            Right.objects.filter(pk=doc.id).exclude(boot=lease.boot_id(), stop_at__gte=until).update(
                stop_at=until, boot=lease.boot_id()
            )


def know(doc: GrantDoc) -> None:
    """Keep a right that central granted; it sells nothing before an ask or a renewal says until when."""
    Right.objects.get_or_create(grant=doc.id, defaults={"variant": doc.variant, "units": doc.units})


def close(grant: str) -> None:
    """Central took the grant out of use: nothing more is sold from it."""
    Right.objects.filter(pk=grant).update(is_closed=True)


def forget(grant: str) -> None:
    """Central has our last word on this grant. One that still holds units here is only closed."""
    close(grant)
    Right.objects.filter(pk=grant, held=0).delete()


def _free_of(variant: str) -> list[tuple[str, int]]:
    """(grant, units that nobody holds) of the rights that may be sold from now, the one that ends first in front."""
    return sql.fetch(
        "SELECT grant, units - held - sold - returned FROM edge_rights_right WHERE variant = ? AND NOT is_closed "
        "AND boot = ? AND stop_at > ? AND units > held + sold + returned ORDER BY stop_at, grant",
        [variant, lease.boot_id(), lease.boottime_ms()],
    )


def _dealt(free: Iterable[tuple[str, int]], units: int) -> list[GrantUse]:
    """Up to `units`, from the first right on."""
    uses = []
    for grant, count in free:
        if units <= 0:
            break
        uses.append(GrantUse(grant=grant, units=min(units, count)))
        units -= count
    return uses


def _held_by(order: str) -> dict[str, int]:
    rows = sql.fetch(
        "SELECT variant, sum(h.units) FROM edge_rights_hold h JOIN edge_rights_right ON grant = right_id "
        'WHERE "order" = ? GROUP BY variant',
        [order],
    )
    return dict(rows)


def _end_holds(holds: QuerySet[Hold]) -> list[Hold]:
    ended = list(holds)
    for kept in ended:
        Right.objects.filter(pk=kept.right_id).update(held=F("held") - kept.units)
    Hold.objects.filter(pk__in=[kept.pk for kept in ended]).delete()
    return ended


def _spend(grant: str, *, sold: int = 0, returned: int = 0) -> None:
    [(total_sold, total_returned, is_closed)] = sql.fetch(
        "UPDATE edge_rights_right SET sold = sold + ?, returned = returned + ?, "
        "is_closed = is_closed OR sold + ? + returned + ? = units WHERE grant = ? RETURNING sold, returned, is_closed",
        [sold, returned, sold, returned, grant],
    )
    report = GrantReport(grant=grant, sold=total_sold, returned=total_returned, is_sealed=bool(is_closed))
    enqueue("orders", "grant_report", pack(report), ref=grant)


def _is_over(doc: GrantDoc) -> bool:
    """Whether central has already had our last word: a late answer must not bring the right back."""
    return Document.objects.filter(topic=f"grant:{doc.edge}", key=doc.id, body=None).exists()
