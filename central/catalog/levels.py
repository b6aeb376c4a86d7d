"""Keeps `StockLevel` true to the ledger in the realm `orders`: two transactions, safe to repeat at any time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from django.db import connections

from central.catalog.models import Offer, StockLevel, Variant
from central.stock.levels import Level
from central.stock.queries import levels_of
from central.ui import live
from node.realms import CATALOG, alias_of, atomic
from sync.outbox import record_states

BATCH = 500
#: more rows than that are no news of single rows: open lists are told that much has changed
_MOST_KEYS = 50

_WRITE = """
    INSERT INTO catalog_stocklevel AS kept (variant_id, level, ver)
    SELECT told.variant, told.level, told.ver
    FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS told(variant, level, ver)
    JOIN catalog_variant ON catalog_variant.id = told.variant ORDER BY told.variant
    ON CONFLICT (variant_id) DO UPDATE SET level = EXCLUDED.level, ver = EXCLUDED.ver WHERE EXCLUDED.ver >= kept.ver
    RETURNING variant_id
"""


def note_levels(variants: Collection[UUID]) -> None:
    """Take the levels of some variants over as they are now. What is here and newer stays."""
    write_levels(levels_of(variants))


def reindex_levels(progress: Callable[[int], object] = lambda done: None) -> int:
    """Take over the levels of all variants, while events go on; returns how many variants there are."""
    count, last = 0, None
    while batch := _variants_after(last):
        last = batch[-1]
        seen = dict(StockLevel.objects.filter(pk__in=batch).values_list("pk", "ver"))
        found = levels_of(batch)
        # A ledger that came out of a backup knows less than was taken over before.
        lost: dict[UUID, tuple[Level, int]] = dict.fromkeys(seen.keys() - found.keys(), ("out", 0))
        found |= lost
        write_levels(found, restored={pk: ver for pk, ver in seen.items() if ver > found[pk][1]})
        count += len(batch)
        progress(count)
    return count


def write_levels(levels: Mapping[UUID, tuple[Level, int]], *, restored: Mapping[UUID, int] | None = None) -> None:
    """Write levels with their versions; a newer version stays.

    `restored`: variant -> the version here that an older one may replace, because its realm came out of a backup.
    """
    if not levels:
        return
    rows = [(variant, level, ver) for variant, (level, ver) in sorted(levels.items())]
    with atomic(CATALOG), connections[alias_of(CATALOG)].cursor() as cursor:
        for variant, ver in (restored or {}).items():
            StockLevel.objects.filter(pk=variant, ver=ver).update(ver=0)
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
        _tell_lists([pk for (pk,) in cursor.fetchall()])


def _tell_lists(variants: Collection[UUID]) -> None:
    offers = list(Offer.objects.filter(variant__in=variants).values_list("pk", "site"))
    _publish(variants)
    if offers:
        keys = [str(pk) for pk, _ in offers] if len(offers) <= _MOST_KEYS else []
        live.nudge_after_commit(live.PRODUCTS, realm=CATALOG, sites={site for _, site in offers}, keys=keys)


def _publish(variants: Collection[UUID]) -> None:
    """Edges tell of it in feeds."""
    offers = Offer.objects.filter(variant__in=variants, variant__stock_level__isnull=False)
    rows = offers.values_list("site", "variant_id", "variant__stock_level__ver").order_by("variant_id", "site")
    record_states([(f"level:{site}", pk.hex, ver, False) for site, pk, ver in rows], realm=CATALOG)


def _variants_after(last: UUID | None) -> list[UUID]:
    rows = Variant.objects.filter(pk__gt=last) if last else Variant.objects.all()
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
