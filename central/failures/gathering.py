"""What has failed in a realm as the realm itself keeps it: jobs and ops set aside. Read only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from central.failures.models import Failure
from node.realms import alias_of
from sync.store.central.models import Quarantine
from sync.store.jobs.models import Job

#: new ones of a realm taken over at a time; what is more comes at the next turn
AT_ONCE = 500
#: a reason that begins with an error's type goes on with its text, which may hold what a shopper typed
_TYPE = re.compile(r"([A-Z]\w+): ")


@dataclass(frozen=True)
class Found:
    """`is_over`: the realm does not hold it for failed any more. `is_open`: neither that nor under way again."""

    kind: str
    ref: str
    what: str
    error: str
    attempts: int
    made_at: datetime
    failed_at: datetime
    edge: str = ""
    is_open: bool = True
    is_over: bool = False


def new_in(realm: str, known: Iterable[tuple[str, str]]) -> list[Found]:
    """What has failed in the realm, without the `known` (kind, ref)."""
    seen = set(known)
    jobs = Job.objects.using(alias_of(realm)).filter(state=Job.State.FAILED)
    jobs = jobs.exclude(pk__in=[ref for kind, ref in seen if kind == Failure.Kind.JOB])
    ops = Quarantine.objects.using(alias_of(realm)).filter(resolved__isnull=True)
    ops = ops.exclude(pk__in=[int(ref) for kind, ref in seen if kind == Failure.Kind.OP])
    return [
        *(_of_job(job) for job in jobs.order_by("created_at")[:AT_ONCE]),
        *(_of_op(op) for op in ops.order_by("pk")[:AT_ONCE]),
    ]


def now_of(realm: str, known: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Found]:
    """How the `known` stand by now; what is gone from the realm is missing."""
    refs = list(known)
    job_ids = [uuid.UUID(ref) for kind, ref in refs if kind == Failure.Kind.JOB]
    op_ids = [int(ref) for kind, ref in refs if kind == Failure.Kind.OP]
    found = [
        *(_of_job(job) for job in Job.objects.using(alias_of(realm)).filter(pk__in=job_ids)),
        *(_of_op(op) for op in Quarantine.objects.using(alias_of(realm)).filter(pk__in=op_ids)),
    ]
    return {(one.kind, one.ref): one for one in found}


def _of_job(job: Job) -> Found:
    return Found(
        kind=Failure.Kind.JOB,
        ref=str(job.pk),
        what=job.handler,
        error=job.last_error,
        attempts=job.attempts,
        made_at=job.created_at,
        failed_at=job.finished_at or job.run_at,
        is_open=job.state == Job.State.FAILED,
        is_over=job.state in (Job.State.DONE, Job.State.GIVEN_UP),
    )


def _of_op(op: Quarantine) -> Found:
    told = _TYPE.match(op.reason)
    return Found(
        kind=Failure.Kind.OP,
        ref=str(op.pk),
        what=op.kind,
        error=told[1] if told else op.reason[:200],
        attempts=1,
        made_at=op.created,
        failed_at=op.created,
        edge=op.edge,
        is_open=op.resolved is None,
        is_over=op.resolved is not None,
    )
