"""What `bench import` asks of central: an import by its real job, and what it left in the catalogue.

Used by `central.setup.load`, which has set Django up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.sources import make_source
from central.catalog.models import Offer, Variant
from central.stock.models import Movement

BY = "bench"


def take_import(site: str, path: str) -> dict[str, Any]:
    """Keep a file as a run of the one source there is; returns the run's id."""
    source = ImportSource.objects.filter(title=BY).first() or make_source(BY, [site], by=BY)
    with Path(path).open("rb") as data:
        run = runs.take_file(source, Path(path).name, iter(lambda: data.read(1 << 20), b""), by=BY)
    return {"run": run.pk.hex}


def check_import(run: str) -> dict[str, Any]:
    """Have a worker find out what the run would change."""
    runs.find_changes(UUID(hex=run))
    return {}


def write_import(run: str) -> dict[str, Any]:
    """Have a worker write what the run changes."""
    runs.write_changes(UUID(hex=run))
    return {}


def import_state(run: str) -> dict[str, Any]:
    """How the run stands: {"state", "position" (batches), "counts", "error"}."""
    row = ImportRun.objects.get(pk=UUID(hex=run))
    return {"state": row.state, "position": row.position, "counts": row.counts, "error": row.error}


def written(prefix: str) -> dict[str, Any]:
    """What the catalogue and the ledger hold of goods whose sku begins so.

    `units`: how many there are; `twice`: how many of them were published or counted in more than once.
    """
    offers = Offer.objects.filter(variant__sku__startswith=prefix)
    variants = list(Variant.objects.filter(sku__startswith=prefix).values_list("pk", flat=True))
    moved = Movement.objects.filter(variant__in=variants)
    again = moved.count() - moved.values("variant").distinct().count()
    return {"units": offers.count(), "twice": offers.filter(ver__gt=1).count() + again}
