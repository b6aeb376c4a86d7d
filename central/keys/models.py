"""What was done with central's keys, by whom and when. The keys themselves are in no database."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class KeyStep(models.Model):
    """A key was added, everything was brought under it, or it was retired."""

    class What(models.TextChoices):
        ADDED = "added", _("New key")
        ROTATED = "rotated", _("Everything brought under the new key")
        RETIRED = "retired", _("Key retired")

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        DONE = "done", _("done")

    #: "fields", "index" or "sealing"
    kind = models.CharField(max_length=10)
    #: the key's id
    name = models.CharField(max_length=12)
    what = models.CharField(max_length=8, choices=What.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DONE)
    #: a login, or "cli:<user>"
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    #: values that needed another key when it began, and those brought over since
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    #: where it is: "<realm> <table>"
    place = models.CharField(max_length=120, blank=True)
    #: values that could not be brought over: what keeps the old key in use
    left = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(state="running"), name="one_rotation_of_a_kind"),
        ]

    @property
    def percent(self) -> int:
        return 100 if self.state == self.State.DONE or not self.total else min(99, 100 * self.done // self.total)
