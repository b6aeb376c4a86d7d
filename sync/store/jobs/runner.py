"""Runs jobs, and finds the ones that were forgotten.

A job is claimed by one conditional UPDATE, runs outside any transaction of ours (its handler opens its own, in
whatever realm it works in) and is marked by a second UPDATE that is fenced by the lease. So a job may run twice:
its handler must be idempotent, see `once`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, cast

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from node import sql
from node.acting import Actor, acting
from node.realms import CENTRAL_REALMS, alias_of, atomic, on_commit
from sync.store.jobs import registry
from sync.store.jobs.models import Job, Receipt, new_job_id
from sync.store.jobs.registry import Handler, JobRun

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
#: what is down comes back at a moment of its own: do not let it wait ten minutes more
LONGEST_PAUSE_WHEN_DOWN = timedelta(minutes=1)
#: states in which nothing more is to be done
OVER = (Job.State.DONE, Job.State.GIVEN_UP)
#: while so many messages lie before the workers, the sweeper sends no more: it would send the same jobs over and over
ENOUGH_SENT = 100
KEEP_DONE = timedelta(days=7)
KEEP_RECEIPTS = timedelta(days=90)

Waker = Callable[[str, uuid.UUID], None]
#: how many messages no worker has taken yet
Waiting = Callable[[], int]
RealmWork = Callable[[str], object]
_waker: Waker | None = None
_waiting: Waiting | None = None


def set_waker(waker: Waker | None, waiting: Waiting | None = None) -> None:
    """How a worker hears of a new job, and how many it has yet to hear of. Calls may be lost: the sweeper sends again.

    None: what the settings say.
    """
    global _waker, _waiting
    _waker, _waiting = waker, waiting


def wake(realm: str, job_id: uuid.UUID) -> None:
    """Tell a worker, and never fail: the row is written, only the news of it would be late."""
    try:
        waker = _waker or cast(Waker | None, _of_settings("RIALTO_JOB_WAKER"))
        if waker is not None:
            waker(realm, job_id)
    except Exception as error:
        log.warning("job_wake_lost", realm=realm, job=str(job_id), error=type(error).__name__)


def is_enough_sent() -> bool:
    """Whether workers have messages enough before them. What was lost meanwhile is sent when they have come through."""
    try:
        waiting = _waiting or cast(Waiting | None, _of_settings("RIALTO_JOBS_WAITING"))
        return waiting is not None and waiting() >= ENOUGH_SENT
    except Exception as error:
        log.warning("job_queue_unknown", error=type(error).__name__)
        return False


@lru_cache(maxsize=2)
def _of_settings(name: str) -> Callable[..., Any] | None:
    """A setting that is a dotted name: this package may not know of Celery, and a test or a tool wakes nobody."""
    dotted = getattr(settings, name, "")
    return cast(Callable[..., Any], import_string(dotted)) if dotted else None


@dataclass(frozen=True)
class NewJob:
    """A job to be written: at once, unless `run_at` says otherwise. One of the same key is not written again."""

    handler: str
    payload: bytes
    key: str
    run_at: datetime | None = None


def put(
    handler: str, payload: bytes, *, realm: str, key: str | None = None, run_at: datetime | None = None
) -> uuid.UUID:
    """Write a job, or find the one of this key, in the caller's transaction; wake a worker on commit."""
    new = NewJob(handler, payload, key or f"job:{uuid.uuid4().hex}", run_at)
    if written := put_all([new], realm=realm):
        return written[0]
    return Job.objects.using(alias_of(realm)).values_list("pk", flat=True).get(key=new.key)


def put_all(jobs: Sequence[NewJob], *, realm: str) -> list[uuid.UUID]:
    """Write jobs in one statement; returns the ids of those that are new. Workers are woken on commit."""
    if not jobs:
        return []
    ids, now = [new_job_id() for _ in jobs], timezone.now()
    # Plain SQL: taking in an order writes several jobs, and finding out first whether one is there costs a savepoint.
    written = sql.insert_new(
        Job,
        ["id", "handler", "key", "payload", "run_at"],
        [(job_id, job.handler, job.key, job.payload, job.run_at or now) for job_id, job in zip(ids, jobs, strict=True)],
        key="key",
        using=alias_of(realm),
        state=str(Job.State.QUEUED),
        attempts=0,
        last_error="",
        created_at=now,
    )
    for job_id, job in zip(ids, jobs, strict=True):
        if job_id in written and job.run_at is None:
            on_commit(partial(wake, realm, job_id), realm=realm)
    return [job_id for job_id in ids if job_id in written]


def run_job(realm: str, job_id: uuid.UUID | str) -> bool:
    """Claim the job and do it. False when it was not there to be claimed: done, not due, or another's."""
    claimed = _claim(realm, uuid.UUID(str(job_id)))
    if claimed is None:
        return False
    job, lease = claimed
    run = JobRun(realm=realm, id=job.id, key=job.key, handler=job.handler, attempt=job.attempts)
    handler: Handler | None = None
    try:
        handler = registry.find(job.handler)
        with acting(Actor(f"job:{job.handler}")):
            result = handler.work(bytes(job.payload), run)
    except Exception as error:
        _put_back(realm, job, lease, handler, error)
    else:
        _held(realm, job, lease).update(
            state=Job.State.DONE, result=result, finished_at=timezone.now(), lease=None, lease_until=None, last_error=""
        )
    return True


def _claim(realm: str, job_id: uuid.UUID) -> tuple[Job, uuid.UUID] | None:
    jobs = Job.objects.using(alias_of(realm))
    job = jobs.filter(pk=job_id).first()
    if job is None:
        return None
    lease, now = uuid.uuid4(), timezone.now()
    until = now + timedelta(seconds=_lease_seconds(job.handler))
    free = jobs.filter(pk=job_id, state=Job.State.QUEUED, run_at__lte=now)
    if free.update(state=Job.State.RUNNING, lease=lease, lease_until=until, attempts=F("attempts") + 1) != 1:
        return None
    job.attempts += 1
    return job, lease


def _lease_seconds(handler: str) -> int:
    try:
        return registry.find(handler).lease_s
    except registry.UnknownHandler:
        return 60


def _tries(handler: str) -> int:
    try:
        return registry.find(handler).tries
    except registry.UnknownHandler:
        return 1


def _held(realm: str, job: Job, lease: uuid.UUID) -> QuerySet[Job]:
    # Fenced: a run that outlived its lease must not speak for the run that took over.
    return Job.objects.using(alias_of(realm)).filter(pk=job.pk, state=Job.State.RUNNING, lease=lease)


def renew(run: JobRun) -> bool:
    """Lengthen the lease of a long run by its handler's `lease_s` from now. False: another run took over, so end.

    With it a handler of many minutes can have a lease of one, and a killed worker is noticed within that.
    """
    until = timezone.now() + timedelta(seconds=_lease_seconds(run.handler))
    # Fenced by the attempt: each claim makes a new one.
    held = Job.objects.using(alias_of(run.realm)).filter(pk=run.id, state=Job.State.RUNNING, attempts=run.attempt)
    return held.update(lease_until=until) == 1


def _put_back(realm: str, job: Job, lease: uuid.UUID, handler: Handler | None, error: Exception) -> None:
    is_down = _says_down(error)
    is_over = getattr(error, "is_final", False) or (
        handler is not None and job.attempts >= handler.tries and not is_down
    )
    _held(realm, job, lease).update(
        state=Job.State.FAILED if is_over else Job.State.QUEUED,
        run_at=timezone.now() + pause_after(job.attempts, is_down=is_down),
        last_error=describe(error),
        finished_at=timezone.now() if is_over else None,
        lease=None,
        lease_until=None,
    )
    tell, what = (log.error, "job_failed") if is_over else (log.warning, "job_will_retry")
    tell(what, realm=realm, handler=job.handler, job=str(job.pk), attempt=job.attempts, error=describe(error))


def _says_down(error: BaseException) -> bool:
    """Whether what failed is away rather than wrong: such a job is tried for ever."""
    return isinstance(error, OperationalError | InterfaceError | ConnectionError | TimeoutError) or bool(
        getattr(error, "is_transient", False)
    )


def pause_after(attempts: int, *, is_down: bool = False) -> timedelta:
    """Doubles with each attempt, up to a cap."""
    cap = LONGEST_PAUSE_WHEN_DOWN if is_down else LONGEST_PAUSE
    doubled: int = 1 << min(attempts - 1, 20)
    return min(cap, FIRST_PAUSE * doubled)


def describe(error: BaseException) -> str:
    """An error as it may be stored and shown: its type and code. Its text may hold personal data."""
    code = getattr(error, "code", None)
    return (f"{type(error).__name__}: {code}" if isinstance(code, str) else type(error).__name__)[:200]


@contextmanager
def once(job: JobRun, *, realm: str) -> Iterator[bool]:
    """A transaction of `realm` that knows whether this handler has already done this job there.

    Yields True the first time. The receipt is written with the work or not at all.
    """
    with atomic(realm):
        _, is_first = Receipt.objects.using(alias_of(realm)).get_or_create(handler=job.handler, key=job.key)
        yield is_first


def sweep(realm: str, *, limit: int = 500, sends: bool = True) -> list[uuid.UUID]:
    """Give up runs whose lease is over; if `sends`, send every due job again. Returns the ids sent; call each 10 s."""
    jobs = Job.objects.using(alias_of(realm))
    now = timezone.now()
    for job in jobs.filter(state=Job.State.RUNNING, lease_until__lt=now)[:limit]:
        _give_up(realm, job)
    due = _due(realm, limit) if sends else []
    for job_id in due:
        wake(realm, job_id)
    return due


def _give_up(realm: str, job: Job) -> None:
    # A job that kills its worker each time must not do so for ever.
    is_over = job.attempts >= _tries(job.handler)
    jobs = Job.objects.using(alias_of(realm)).filter(pk=job.pk, state=Job.State.RUNNING, lease=job.lease)
    now = timezone.now()
    jobs.update(
        state=Job.State.FAILED if is_over else Job.State.QUEUED,
        run_at=now,
        finished_at=now if is_over else None,
        lease=None,
        lease_until=None,
        last_error="lease_over",
    )
    log.warning("job_lease_over", realm=realm, handler=job.handler, job=str(job.pk), attempt=job.attempts)


def run_due(realms: Iterable[str] = CENTRAL_REALMS, *, rounds: int = 20) -> int:
    """Do every due job here and now, and the jobs they make; for tests, set-up and repair. Returns how many ran."""
    count = 0
    for _ in range(rounds):
        ran = sum(run_job(realm, job_id) for realm in realms for job_id in _due(realm))
        if not ran:
            break
        count += ran
    return count


def _due(realm: str, limit: int | None = None) -> list[uuid.UUID]:
    due = Job.objects.using(alias_of(realm)).filter(state=Job.State.QUEUED, run_at__lte=timezone.now())
    return list(due.order_by("run_at").values_list("id", flat=True)[:limit])


def failed_jobs(realm: str) -> QuerySet[Job]:
    """What health shows red until somebody looks."""
    return Job.objects.using(alias_of(realm)).filter(state=Job.State.FAILED).order_by("-finished_at")


def try_again(realm: str, job_id: uuid.UUID) -> bool:
    """Queue a failed job once more; for an operator who has mended the cause."""
    failed = Job.objects.using(alias_of(realm)).filter(pk=job_id, state=Job.State.FAILED)
    if failed.update(state=Job.State.QUEUED, run_at=timezone.now(), attempts=0, finished_at=None) != 1:
        return False
    wake(realm, job_id)
    return True


def give_up(realm: str, job_id: uuid.UUID) -> bool:
    """A failed job is never to be done: an operator has decided so. It goes the way of the done ones."""
    failed = Job.objects.using(alias_of(realm)).filter(pk=job_id, state=Job.State.FAILED)
    return failed.update(state=Job.State.GIVEN_UP, finished_at=timezone.now()) == 1


def tidy(realm: str) -> None:
    """Drop old done jobs and the receipts that no job can need again; call once a day."""
    now = timezone.now()
    Job.objects.using(alias_of(realm)).filter(state__in=OVER, finished_at__lt=now - KEEP_DONE).delete()
    live = Job.objects.using(alias_of(realm)).exclude(state__in=OVER).values("key")
    Receipt.objects.using(alias_of(realm)).filter(at__lt=now - KEEP_RECEIPTS).exclude(key__in=live).delete()
