"""How shops are searched, what means the same, what was searched for. Realm `catalog`."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Engine(models.TextChoices):
    EMBEDDED = "embedded", _("the edge's own")
    MEILISEARCH = "meilisearch", "Meilisearch"
    SPHINX = "sphinx", "Sphinx"


class SiteSearch(models.Model):
    """How one shop is searched; a shop without a row is searched by the defaults. `ver` rises with its synonyms too."""

    site = models.CharField(primary_key=True, max_length=20)
    engine = models.CharField(max_length=12, choices=Engine.choices, default=Engine.EMBEDDED)
    suggestions = models.PositiveSmallIntegerField(default=8)
    #: raised to have the edge make its indexes anew
    build = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=150, blank=True)
    ver = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(suggestions__gte=1, suggestions__lte=20), name="search_suggestions_1_to_20"
            )
        ]


class Synonyms(models.Model):
    """Words and phrases that mean the same in one language of one shop, parted by commas."""

    site = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    words = models.CharField(max_length=400)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=150, blank=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["site", "language"], name="search_synonyms_by_site")]

    def __str__(self) -> str:
        return self.words

    @property
    def group(self) -> list[str]:
        return [each for each in (part.strip() for part in self.words.split(",")) if each]


class SearchedWords(models.Model):
    """Words shoppers searched for in a shop, in one spelling: how often, how often in vain. Never who."""

    site = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    words = models.CharField(max_length=80)
    times = models.PositiveBigIntegerField(default=0)
    in_vain = models.PositiveBigIntegerField(default=0)
    last_day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "language", "words"], name="searched_words_once")]

    def __str__(self) -> str:
        return self.words


class ToldCount(models.Model):
    """What an edge has last told of some words on one day: what comes again adds only what is new in it."""

    node = models.CharField(max_length=20)
    day = models.DateField()
    site = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    words = models.CharField(max_length=80)
    times = models.PositiveIntegerField()
    in_vain = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "day", "site", "language", "words"], name="search_told_once")
        ]


class ServerIndex(models.Model):
    """An index at a search server of central's, and how far it follows the log of the catalogue."""

    class State(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"

    #: `tea-ru`
    name = models.CharField(primary_key=True, max_length=40)
    site = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    engine = models.CharField(max_length=12, choices=Engine.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.BUILDING)
    #: cursor in the catalogue's log: what stands behind it is not in the index yet
    epoch = models.CharField(max_length=40, blank=True)
    seq = models.BigIntegerField(default=0)
    documents = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    built_at = models.DateTimeField(null=True, blank=True)
    #: code of the last error, "" when all is well
    trouble = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site"], name="search_server_by_site")]
