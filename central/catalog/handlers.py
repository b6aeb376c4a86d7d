"""What follows in the catalogue from a job: the work of an import."""

from __future__ import annotations

from uuid import UUID

from central.catalog.importing import fetching, runs
from sync.events import JobRun, job, renew

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
