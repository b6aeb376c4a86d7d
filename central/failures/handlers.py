"""Carries what a person said of a failure into the realm it is about; while that is away, the job waits for it."""

from __future__ import annotations

import uuid
from typing import Any

from central.failures.actions import CARRY_OUT, refused_again, take_over
from central.failures.models import Failure
from sync import events, intake
from sync.events import JobRun, job
from sync.store.central.models import Quarantine
from sync.store.jobs.runner import describe


@job(CARRY_OUT)
def carry_out(payload: bytes, run: JobRun) -> dict[str, Any]:
    row = Failure.objects.filter(pk=int(payload)).first()
    if row is None:
        return {"skipped": "gone"}
    if row.state == Failure.State.TRYING:
        _try(row)
    elif row.state == Failure.State.GIVEN_UP:
        _give_up(row)
    take_over(row.realm)
    return {"state": row.get_state_display()}


def _try(row: Failure) -> None:
    if row.kind == Failure.Kind.JOB:
        events.try_again(row.realm, uuid.UUID(row.ref))
        return
    try:
        intake.try_quarantined(int(row.ref), realm=row.realm)
    except Quarantine.DoesNotExist:
        pass  # taken in or laid aside meanwhile
    except intake.NeverTaken as error:
        refused_again(row.pk, str(error)[:200])
    except intake.TRANSIENT:
        raise
    except Exception as error:
        refused_again(row.pk, describe(error))


def _give_up(row: Failure) -> None:
    if row.kind == Failure.Kind.JOB:
        events.give_up(row.realm, uuid.UUID(row.ref))
    else:
        intake.resolve_quarantined(int(row.ref), realm=row.realm)
