"""Bulk runs: one thing done to many rows of a list, in the realm the rows live in.

Reached with `.using(alias)`: a row's mark "done" is written in the transaction that did it, or not at all.
What was searched for, filled in and told may name a person, so all of it is encrypted.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from infra.crypto.fields import EncryptedJSONField, EncryptedTextField
from infra.crypto.persons import is_forgotten
from node.realms import realm_of_alias
from sync.contracts.ids import uuid7

#: lists each of whose rows is one person, or one order: their ids are subjects of `infra.crypto.persons` in that realm
_OF_PERSONS: set[str] = set()


def rows_are_persons(name: str) -> None:
    """What a run tells of a row of this list is under the key of whom the row is, and forgotten with him."""
    _OF_PERSONS.add(name)


class BulkRun(models.Model):
    """What was asked, by whom, and how far it has come. `undoes`: the run whose rows this one takes back."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid7)
    list = models.CharField(max_length=60)
    action = models.CharField(max_length=60)
    #: id of the member of staff; he lives in another realm
    user = models.IntegerField()
    #: the filter in the address and the sites in view, as they were, for a run of the whole filter; the filter is
    #: forgotten once its rows are fixed
    is_whole = models.BooleanField(default=False)
    query = EncryptedTextField(column="bulk.run.query", blank=True, default="")
    in_view = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=8, default="en")
    #: what was filled in, parameter -> values; forgotten when the run is over
    filled: Any = EncryptedJSONField(column="bulk.run.filled", default=dict)
    undoes = models.UUIDField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    is_stopping = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["list", "user", "-created_at"], name="bulk_run_of_person")]

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.STOPPED)

    @property
    def touched(self) -> int:
        return self.done + self.failed


class BulkRow(models.Model):
    """One row of a run. `told`: what the action said about how to take it back."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        UNDONE = "undone"

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="rows")
    key = models.CharField(max_length=64)
    title = EncryptedTextField(column="bulk.row.title", person="subject", blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = EncryptedTextField(column="bulk.row.why", person="subject", blank=True, default="")
    told: Any = EncryptedJSONField(column="bulk.row.told", person="subject", null=True)  # type: ignore[misc] # any JSON

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="bulk_row_once")]
        indexes = [models.Index(fields=["run", "state", "id"], name="bulk_row_by_state")]

    @property
    def subject(self) -> UUID | None:
        """Whom the row is about; None once he was forgotten: then it says nothing of him."""
        if self.run.list not in _OF_PERSONS:
            return None
        whose = UUID(self.key)
        return None if is_forgotten(realm_of_alias(self._state.db or self.run._state.db or ""), whose) else whose
