"""The work of this app that a worker does."""

from __future__ import annotations

from uuid import UUID

from central.seo import migrating
from sync.events import JobRun, job, renew


@job(migrating.JOB, tries=3, lease_s=600)
def walk(payload: bytes, run: JobRun) -> None:
    migrating.walk(UUID(bytes=payload), still_mine=lambda: renew(run))
