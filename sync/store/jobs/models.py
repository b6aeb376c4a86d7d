"""Work that must happen: a row beside the data it follows from, in the same realm.

Every row is reached with `.using(alias)`, because these tables stand in each realm.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from sync.contracts.ids import uuid7


def new_job_id() -> uuid.UUID:
    return uuid7()


class Job(models.Model):
    """One call of one handler. The row is the promise; a message about it may be lost."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        #: a person has decided that it is never to be done
        GIVEN_UP = "given_up"

    id = models.UUIDField(primary_key=True, default=new_job_id, editable=False)
    handler = models.CharField(max_length=120)
    #: one key, one job: scheduling it again finds the first
    key = models.CharField(max_length=250, unique=True)
    payload = models.BinaryField(default=bytes)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    run_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    #: while running: who runs it, and until when the others leave it to him
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    #: an error's type and code, never its text: a text may name a person
    last_error = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run_at"], name="job_queued", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="job_running", condition=Q(state="running")),
            models.Index(fields=["created_at"], name="job_failed", condition=Q(state="failed")),
        ]


class Receipt(models.Model):
    """`handler` has done its work for `key` in this realm: written in the transaction that did the work."""

    handler = models.CharField(max_length=120)
    key = models.CharField(max_length=250)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handler", "key"], name="receipt_once")]
