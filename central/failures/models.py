"""What could not be done in any realm, gathered in one table, so that it is one list and one word of a person."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sync.intake import DIFFERS, LOST


class Failure(models.Model):
    """A job that was given up on, or an op of an edge that was set aside. The realm it is of keeps the thing itself."""

    class Kind(models.TextChoices):
        JOB = "job"
        OP = "op"

    class State(models.IntegerChoices):
        """In the order a person wants to see them."""

        OPEN = 1
        #: a person said "again", and how it ended is not known yet
        TRYING = 2
        GIVEN_UP = 3
        DONE = 4

    realm = models.CharField(max_length=20)
    kind = models.CharField(max_length=3, choices=Kind.choices)
    #: the id of the job or of the op set aside, within its realm
    ref = models.CharField(max_length=40)
    #: name of the job's handler, or the kind of the op
    what = models.CharField(max_length=120)
    #: the node an op came from
    edge = models.CharField(max_length=20, blank=True)
    #: an error's type and code, never its text: a text may name a person
    error = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    failed_at = models.DateTimeField()
    noticed_at = models.DateTimeField(default=timezone.now)
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.OPEN)
    #: why it was given up, and who said so or said "again"
    reason = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "kind", "ref"], name="failure_once")]
        indexes = [models.Index(fields=["state", "id"], name="failure_state")]

    def __str__(self) -> str:
        return f"{self.what} ({self.realm})"

    @property
    def may_be_tried(self) -> bool:
        """Not what another disk of a node has sent under numbers that were taken, and not what is lost."""
        return self.kind != self.Kind.OP or (self.error != DIFFERS and self.what != LOST)

    @property
    def is_closed(self) -> bool:
        return self.state in (self.State.GIVEN_UP, self.State.DONE)
