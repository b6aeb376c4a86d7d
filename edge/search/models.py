"""What shoppers searched for at this edge: counts of words, never who."""

from __future__ import annotations

from django.db import models


class SearchCount(models.Model):
    """Counts of one day. They stay until the day is over and central has them."""

    site = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    day = models.CharField(max_length=10)
    words = models.CharField(max_length=80)
    times = models.PositiveIntegerField()
    in_vain = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "site", "language", "words"], name="search_count_once")]
