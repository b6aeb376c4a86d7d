"""What edges tell of their pages and central keeps: links that lead nowhere, and how fast pages are."""

from __future__ import annotations

from collections import Counter

from django.db import models


class BrokenLink(models.Model):
    """A link on pages of a site that leads nowhere. Gone when it leads somewhere, or no page holds it any more."""

    site = models.CharField(max_length=20)
    url = models.CharField(max_length=2_000)
    #: of `url`: an address is longer than what an index takes
    digest = models.CharField(max_length=32)
    #: what is wrong, as the edge says: "404", "timeout", …
    status = models.CharField(max_length=20)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    #: (edition, path) of some pages that hold it, and how many do
    pages: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(default=list)
    count = models.PositiveIntegerField()
    #: the site and the path at which a redirect would mend it, "" nowhere
    of_site = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=2_000, blank=True)
    #: the node that told, and the book it told out of
    node = models.CharField(max_length=40)
    book = models.CharField(max_length=40)
    is_ignored = models.BooleanField(default=False)
    ignored_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-since"]
        constraints = [models.UniqueConstraint(fields=["site", "digest"], name="broken_link_once")]

    def __str__(self) -> str:
        return self.url


class SpeedSpan(models.Model):
    """Figures of one measure of one kind of pages of a site in a span of time, counted by `sync.contracts.speed`."""

    class Span(models.TextChoices):
        MINUTES = "m"
        HOUR = "h"
        DAY = "d"

    site = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    measure = models.CharField(max_length=10)
    span = models.CharField(max_length=1, choices=Span.choices)
    at = models.DateTimeField()
    #: step -> how often
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    total = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "measure", "span", "at", "kind"], name="speed_span_once")
        ]
        indexes = [models.Index(fields=["span", "at"], name="speed_span_at")]

    @property
    def steps(self) -> Counter[int]:
        return Counter({int(step): times for step, times in self.counts.items()})


class Slowdown(models.Model):
    """A kind of pages of a site that is slower in the last hour than usual at this time of the day."""

    site = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    measure = models.CharField(max_length=10)
    value = models.FloatField()
    usual = models.FloatField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "kind", "measure"], name="slowdown_once")]
