"""The work of search: filling an index at a server."""

from __future__ import annotations

from central.cluster.events import RegionsChanged
from central.cluster.queries import active_sites
from central.search import indexing
from sync.events import JobRun, handles, job, renew

_TRIES = 5
#: a batch takes seconds at most; a worker that was killed is noticed after this
_LEASE_S = 90


@job(indexing.JOB, tries=_TRIES, lease_s=_LEASE_S)
def build_index(payload: bytes, run: JobRun) -> int:
    name = payload.decode()
    try:
        return indexing.build(name, still_mine=lambda: renew(run))
    except Exception as error:
        if run.attempt >= _TRIES:
            indexing.failed(name, error)
        raise


@handles(RegionsChanged)
def regions_changed(event: RegionsChanged, run: JobRun) -> None:
    """Entries name the regions in which they are hidden."""
    for site in active_sites().filter(pk__in=event.sites):
        indexing.schedule(site)
