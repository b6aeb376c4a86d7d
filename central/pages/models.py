"""What edges tell of their pages and central keeps: links that lead nowhere."""

from __future__ import annotations

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
