"""Every change of a failure. What a person says is written here, and a job carries it into the realm it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from central.failures.errors import FailureOver, NeverTried, UnknownFailure
from central.failures.gathering import Found, new_in, now_of
from central.failures.models import Failure
from central.ui import live
from node.realms import CLUSTER, atomic
from sync.events import schedule_job

#: the job that does in the realm what a person said
CARRY_OUT = "failures.carry_out"
KEEP = timedelta(days=90)

State = Failure.State


def take_over(realm: str) -> None:
    """Bring the table to what has failed in the realm, and what has not any more; call it every few seconds.

    Raises a database error when the realm is away: what is known of it stays.
    """
    known = {(one.kind, one.ref): one for one in Failure.objects.filter(realm=realm).exclude(state=State.DONE)}
    fresh = new_in(realm, known)
    unsettled = [ref for ref, one in known.items() if one.state in (State.OPEN, State.TRYING)]
    now = now_of(realm, unsettled)
    changed = {known[ref].pk: now.get(ref) for ref in unsettled if _is_news(known[ref], now.get(ref))}
    if fresh or changed:
        _write(realm, fresh, changed)


def _is_news(known: Failure, now: Found | None) -> bool:
    if now is None or now.is_over:
        return True
    return now.is_open and (now.failed_at > known.failed_at or now.attempts > known.attempts)


def _write(realm: str, fresh: list[Found], changed: dict[int, Found | None]) -> None:
    keys = []
    with atomic(CLUSTER):
        for one in fresh:
            row, _ = Failure.objects.select_for_update().get_or_create(
                realm=realm, kind=one.kind, ref=one.ref, defaults=_values(one)
            )
            # A row that was done with has failed once more.
            if row.state == State.DONE:
                _save(row, State.OPEN, **_values(one))
            keys.append(str(row.pk))
        for row in Failure.objects.select_for_update().filter(pk__in=changed).exclude(state=State.GIVEN_UP):
            stands = changed[row.pk]
            if stands is None or stands.is_over:
                _save(row, State.DONE)
            else:
                _save(row, State.OPEN, **_values(stands))
            keys.append(str(row.pk))
        live.nudge_after_commit(live.JOBS, realm=CLUSTER, keys=keys)


def _values(one: Found) -> dict[str, Any]:
    names = ("what", "edge", "error", "attempts", "made_at", "failed_at")
    return {name: getattr(one, name) for name in names}


def try_again(failure_id: int, *, by: str) -> Failure:
    """Do it once more, for somebody who has mended the cause. Raises `UnknownFailure`, `FailureOver`, `NeverTried`."""
    with atomic(CLUSTER):
        row = _lock(failure_id)
        if not row.may_be_tried:
            raise NeverTried(f"failure {failure_id} can only be given up", failure=failure_id)
        if row.state == State.TRYING:
            return row
        return _decide(row, State.TRYING, by=by, reason="")


def give_up(failure_id: int, *, reason: str, by: str) -> Failure:
    """It is never to be done: the realm forgets it, the reason stays. Raises `UnknownFailure`, `FailureOver`."""
    with atomic(CLUSTER):
        return _decide(_lock(failure_id), State.GIVEN_UP, by=by, reason=reason)


def _lock(failure_id: int) -> Failure:
    row = Failure.objects.select_for_update().filter(pk=failure_id).first()
    if row is None:
        raise UnknownFailure(f"there is no failure {failure_id}", failure=failure_id)
    if row.is_closed:
        raise FailureOver(f"failure {failure_id} is over", failure=failure_id)
    return row


def _decide(row: Failure, state: State, *, by: str, reason: str) -> Failure:
    _save(row, state, by=by, reason=reason)
    schedule_job(CARRY_OUT, str(row.pk).encode(), realm=CLUSTER, key=f"failure:{row.pk}:{row.ver}")
    live.nudge_after_commit(live.JOBS, realm=CLUSTER, keys=[str(row.pk)])
    return row


def refused_again(failure_id: int, error: str) -> None:
    """An op that was tried once more was refused once more."""
    with atomic(CLUSTER):
        row = Failure.objects.select_for_update().get(pk=failure_id)
        if row.state == State.TRYING:
            _save(row, State.OPEN, error=error, attempts=row.attempts + 1, failed_at=timezone.now())
            live.nudge_after_commit(live.JOBS, realm=CLUSTER, keys=[str(row.pk)])


def _save(row: Failure, state: State, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.state, row.ver = state, row.ver + 1
    row.closed_at = timezone.now() if row.is_closed else None
    row.save()


def forget_old(now: datetime | None = None) -> None:
    """Drop what was over long ago; call it once a day."""
    with atomic(CLUSTER):
        Failure.objects.filter(closed_at__lt=(now or timezone.now()) - KEEP).delete()
