"""What the pipeline of pictures does at intervals."""

from __future__ import annotations

from central.pictures import planning, tidying
from node.realms import CATALOG, atomic
from sync.events import schedule_job
from sync.periodic import every


@every(60)
def plan_changed() -> None:
    """A site got another parent, a new site came, a maker died."""
    planning.plan_changed()


@every(24 * 3_600)
def tidy_outputs() -> None:
    with atomic(CATALOG):
        schedule_job(tidying.JOB, b"", realm=CATALOG)
