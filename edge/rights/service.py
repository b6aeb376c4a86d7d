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


def hold(order: str, wanted: Mapping[str, int]) -> dict[str, int]:
    """Hold up to `wanted` (variant -> units, of all lines together) for an order; returns what lacks, by variant.

    Held again, only the difference is added.
    """
    short: dict[str, int] = {}
    held = _held_by(order)
    until = lease.boottime_ms() + HOLD_MS
    for variant, units in wanted.items():
        lacks = units - held.get(variant, 0)
        for right in sellable().filter(variant=variant):
            take = min(lacks, right.free)
            if take > 0:
                Hold.objects.create(order=order, right=right, units=take, until=until)
                Right.objects.filter(pk=right.pk).update(held=F("held") + take)
                lacks -= take
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


def _held_by(order: str) -> dict[str, int]:
    return dict(Hold.objects.filter(order=order).values_list("right__variant").annotate(all=Sum("units")))


def _end_holds(holds: QuerySet[Hold]) -> list[Hold]:
    ended = list(holds)
    for kept in ended:
        Right.objects.filter(pk=kept.right_id).update(held=F("held") - kept.units)
    Hold.objects.filter(pk__in=[kept.pk for kept in ended]).delete()
    return ended


def _spend(grant: str, *, sold: int = 0, returned: int = 0) -> None:
    Right.objects.filter(pk=grant).update(sold=F("sold") + sold, returned=F("returned") + returned)
    right = Right.objects.get(pk=grant)
    if right.sold + right.returned == right.units:
        right.is_closed = True
        right.save(update_fields=["is_closed"])
    report = GrantReport(grant=grant, sold=right.sold, returned=right.returned, is_sealed=right.is_closed)
    enqueue("orders", "grant_report", pack(report), ref=grant)


def _is_over(doc: GrantDoc) -> bool:
    """Whether central has already had our last word: a late answer must not bring the right back."""
    return Document.objects.filter(topic=f"grant:{doc.edge}", key=doc.id, body=None).exists()
