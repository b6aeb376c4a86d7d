"""What follows from a picture that was placed, and the work that is done in slices."""

from __future__ import annotations

from central.catalog.events import PicturesPlaced
from central.pictures import making, planning, tidying
from sync.events import JobRun, handles, job, renew

#: one output of one picture takes a second or two, and is ended after two minutes
_LEASE_S = 180


@handles(PicturesPlaced)
def plan_placed(event: PicturesPlaced, run: JobRun) -> None:
    planning.plan_placed(event.pictures)


@job(planning.PLAN)
def plan(payload: bytes, run: JobRun) -> None:
    planning.plan_site(payload.decode())


@job(planning.JOB, lease_s=_LEASE_S)
def make(payload: bytes, run: JobRun) -> int:
    return making.make_waiting(lambda: renew(run))


@job(tidying.JOB, lease_s=3_600)
def tidy(payload: bytes, run: JobRun) -> int:
    return tidying.tidy()
