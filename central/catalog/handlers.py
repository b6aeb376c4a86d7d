"""What follows in the catalogue from a job or an event: the work of an import, the levels of stock."""

from __future__ import annotations

from uuid import UUID

from central.catalog import following, reach, reindexing
from central.catalog.importing import fetching, runs
from central.catalog.levels import note_levels
from central.catalog.spoken import note_languages
from central.cluster.events import LanguagesChanged, RegionsChanged
from central.cluster.queries import languages_of
from central.stock.events import StockLevelsChanged
from sync.events import JobRun, handles, job, renew

#: a batch takes a second or two; a worker that was killed is noticed after this
_LEASE_S = 90
_TRIES = 6


@job(runs.JOB, tries=_TRIES, lease_s=_LEASE_S)
def import_run(payload: bytes, run: JobRun) -> None:
    run_id = UUID(bytes=payload)
    try:
        runs.do_run(run_id, still_mine=lambda: renew(run))
    except Exception as error:
        if run.attempt >= _TRIES:
            runs.give_up(run_id, error)
        raise


@job(fetching.JOB, tries=1, lease_s=1_000)
def fetch_source(payload: bytes, run: JobRun) -> None:
    fetching.fetch(UUID(bytes=payload))


@handles(StockLevelsChanged)
def note_stock_levels(event: StockLevelsChanged, run: JobRun) -> None:
    """The ledger as it is now decides, not the order in which events come."""
    note_levels([UUID(hex=variant) for variant in event.variants])


@job(reindexing.JOB, lease_s=3_600)
def reindex(payload: bytes, run: JobRun) -> dict[str, int]:
    return reindexing.reindex()


@handles(LanguagesChanged)
def note_site_languages(event: LanguagesChanged, run: JobRun) -> None:
    """What the site speaks now decides, not the order in which events come."""
    note_languages(event.site, languages_of(event.site))


@handles(RegionsChanged)
def note_regions(event: RegionsChanged, run: JobRun) -> None:
    """How the regions lie in one another now decides, not the order in which events come."""
    reach.note_regions(event.sites)


@job(following.JOB, lease_s=3_600)
def settle_reach(payload: bytes, run: JobRun) -> int:
    return reach.settle(payload.decode())
