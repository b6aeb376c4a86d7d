"""What search engines and marketplaces get to read of a site: rules of heads, old addresses, feeds, migrations."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sync.contracts.ids import uuid7

C = "C"


class Rule(models.Model):
    """Fields of heads under one key of `sites.seo.rules`. `ver` is the version of its document."""

    site = models.CharField(max_length=20)
    key = models.CharField(max_length=80, db_collation=C)
    #: what was written for this very site
    own = models.JSONField(default=dict)
    #: what stands: its own over that of the sites above it
    fields = models.JSONField(default=dict)
    ver = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="seo_rule_once")]


class Redirect(models.Model):
    """An old address of a site and where it leads now: never to another old one. A deleted one keeps its row."""

    class Cause(models.TextChoices):
        RENAMED = "renamed", _("the page was renamed")
        HAND = "hand", _("by hand")
        FILE = "file", _("from a file")
        MIGRATION = "migration", _("from an old site")

    site = models.CharField(max_length=20)
    #: a path as it reads, with "?" and the query when that is part of it
    source = models.CharField(max_length=500, db_collation=C)
    #: a quoted path of the site, or an https address
    target = models.CharField(max_length=1_000, db_collation=C)
    #: `target` as a source would be written, to find what leads to an address
    target_key = models.CharField(max_length=1_000, db_collation=C)
    status = models.PositiveSmallIntegerField(default=301)
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.HAND)
    is_active = models.BooleanField(default=True)
    hits = models.PositiveBigIntegerField(default=0)
    last_hit_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "source"], name="redirect_once")]
        indexes = [models.Index(fields=["site", "target_key"], name="redirect_by_target")]

    def __str__(self) -> str:
        return self.source


class Feed(models.Model):
    """A feed of a site's goods at `/feeds/<name>.xml`. `choice` holds the fields of `FeedDoc` that choose goods."""

    class Kind(models.TextChoices):
        YML = "yml", _("Yandex.Market (YML)")
        GOOGLE = "google", _("Google Merchant")

    site = models.CharField(max_length=20)
    name = models.CharField(max_length=40, db_collation=C)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=120, blank=True)
    choice = models.JSONField(default=dict)
    #: element -> the pattern of its text; "-" leaves it out
    fields = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="feed_once")]

    def __str__(self) -> str:
        return self.title or self.name


class Migration(models.Model):
    """The walk through an old site and what becomes of its addresses."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        WALKING = "walking", _("walking")
        READY = "ready", _("to be matched")
        DONE = "done", _("taken over")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7)
    site = models.CharField(max_length=20)
    start = models.CharField(max_length=500)
    most_pages = models.PositiveIntegerField(default=500)
    most_minutes = models.PositiveSmallIntegerField(default=10)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    #: addresses that were asked for, and that are known and wait
    asked = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.start

    @property
    def why(self) -> str:
        """Why it failed, as people read it."""
        from central.seo.reasons import in_words

        return in_words(self.error)


class OldPage(models.Model):
    """An address of an old site; `target` is where it should lead, "" when nobody knows yet."""

    class Decision(models.TextChoices):
        OPEN = "open", _("to be looked at")
        TAKEN = "taken", _("leads on")
        SKIPPED = "skipped", _("left out")

    move = models.ForeignKey(Migration, on_delete=models.CASCADE, related_name="pages")
    site = models.CharField(max_length=20)
    source = models.CharField(max_length=500, db_collation=C)
    title = models.CharField(max_length=300, blank=True)
    #: what the old site answered, 0: it was not asked
    answered = models.PositiveSmallIntegerField(default=0)
    target = models.CharField(max_length=1_000, blank=True)
    #: how sure the proposal is, per cent
    score = models.PositiveSmallIntegerField(default=0)
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.OPEN)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["move", "source"], name="old_page_once")]

    def __str__(self) -> str:
        return self.source
