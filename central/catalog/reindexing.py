"""All that lists of goods are filtered and searched by, made anew: after a backup, or after a new way to search."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from central.catalog.editing import note_search_words
from central.catalog.levels import reindex_levels
from central.catalog.models import Listing
from node.realms import CATALOG, atomic

JOB = "catalog.reindex"
BATCH = 500


def reindex(progress: Callable[[str, int], object] = lambda what, done: None) -> dict[str, int]:
    """Make the search words and the stock levels anew, while the node runs: {"products", "units"}."""
    return {
        "products": _reindex_words(lambda done: progress("products", done)),
        "units": reindex_levels(lambda done: progress("units", done)),
    }


def _reindex_words(progress: Callable[[int], object]) -> int:
    count, last = 0, None
    while batch := _listings_after(last):
        last = batch[-1]
        with atomic(CATALOG):
            # Locked: an edit of the same moment would else be overwritten by words that were read before it.
            note_search_words(Listing.objects.select_for_update(of=("self",)).filter(pk__in=batch).order_by("pk"))
        count += len(batch)
        progress(count)
    return count


def _listings_after(last: UUID | None) -> list[UUID]:
    rows = Listing.objects.filter(pk__gt=last) if last else Listing.objects.all()
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
