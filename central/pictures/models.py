"""What is made of pictures, for which site, and how far it has come. The originals are `catalog.Media`."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from central.catalog.models import Media


class SiteProfile(models.Model):
    """How one site's pictures are made. A site without a row takes the profile of the next site above that has one."""

    site = models.CharField(primary_key=True, max_length=20)
    #: `profiles.Profile`; not read while `inherits`
    body = models.JSONField(default=dict)
    inherits = models.BooleanField(default=False)
    is_paused = models.BooleanField(default=False)
    #: `Profile.key` of the profile its pictures were last planned by, and how
    planned = models.CharField(max_length=80, blank=True)
    ver = models.PositiveBigIntegerField(default=1)


class SitePicture(models.Model):
    """One original at one site: the row is the promise that the outputs its profile wants get made."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    site = models.CharField(max_length=20)
    original = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    #: `Profile.key`
    wanted = models.CharField(max_length=64)
    #: the lower the sooner: what somebody has just uploaded goes before what is done over again
    turn = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: code of the error, and its numbers for the sentence people read
    error = models.CharField(max_length=80, blank=True)
    error_data = models.JSONField(default=dict)
    #: what a browser loads of it on a plain screen, in bytes; 0: nothing is made yet
    served_bytes = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "original"], name="site_picture_once")]
        indexes = [
            models.Index(fields=["turn", "id"], name="site_picture_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["site", "state"], name="site_picture_by_state"),
        ]


class Output(models.Model):
    """A file that was made of an original. Sites with equal profiles share it."""

    original = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="+")
    #: `infra.images.spec.Spec.key`
    spec = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    ext = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    #: where it lies in the media store
    folder = models.CharField(max_length=200, blank=True)
    #: when a plan or a shop last wanted it
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["original", "spec"], name="output_once")]
        indexes = [models.Index(fields=["sha256"], name="output_by_content")]

    @property
    def name(self) -> str:
        return f"{self.sha256}.{self.ext}"


class Maker(models.Model):
    """The one job that makes what waits, a slice of time after the other. One row; its lock decides every race."""

    is_awake = models.BooleanField(default=False)
    seen_at = models.DateTimeField(default=timezone.now)
