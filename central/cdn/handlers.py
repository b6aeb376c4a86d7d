"""Purging, as a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from central.cdn import media
from central.cdn.purging import JOB, drive
from sync.events import JobRun, job


@job(JOB, lease_s=150)
def purge(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"calls": drive(UUID(payload.decode()))}


@job(media.JOB, tries=1)
def look_at_origins(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"moved": media.look_at_all()}
