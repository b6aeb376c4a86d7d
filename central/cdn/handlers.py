"""Purging, as a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from central.cdn import media, warming
from central.cdn.purging import JOB, drive
from sync.events import JobRun, job


@job(JOB, lease_s=150)
def purge(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"calls": drive(UUID(payload.decode()))}


@job(media.JOB, tries=1)
def look_at_origins(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"moved": media.look_at_all()}


@job(warming.JOB, tries=1, lease_s=60)
def warm(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"fetched": warming.warm(payload.decode())}
