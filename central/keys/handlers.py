"""The job that brings everything under the current key. Killed and begun again it goes on: what is done is done."""

from __future__ import annotations

from typing import Any

from central.keys import actions
from central.keys.models import KeyStep
from infra.crypto import rotation
from sync.events import JobRun, job, renew


@job(actions.JOB, lease_s=120)
def rotate(payload: bytes, run: JobRun) -> dict[str, Any]:
    step = KeyStep.objects.filter(pk=int(payload), state=KeyStep.State.RUNNING).first()
    if step is None:
        return {"skipped": "over"}
    stages = rotation.stages_of(step.kind)
    # Counted anew when it is begun again: "done of total" is of this run.
    actions.progress(step.pk, total=step.done + sum(stage.left() for stage in stages))
    done = step.done
    for stage in stages:
        actions.progress(step.pk, place=f"{stage.realm} {stage.name}")
        for count in stage.work():
            done += count
            actions.progress(step.pk, done=done)
            if not renew(run):
                return {"skipped": "another_run"}
    left = sum(stage.left() for stage in stages)
    actions.finish(step.pk, left=left)
    return {"done": done, "left": left}
