"""CDN accounts, their zones and sites, the queue of what is to be purged, and what was."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from infra.crypto.fields import EncryptedTextField


class Account(models.Model):
    """An account at a provider. Its plan's limits are counted here: they are the account's, not a zone's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=80, unique=True)
    provider = models.CharField(max_length=20)
    plan = models.CharField(max_length=20)
    #: of an nginx's purge service; "" for a provider's own address
    base_url = models.CharField(max_length=200, blank=True)
    secret = EncryptedTextField(column="cdn.account.secret", blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    #: what is left of the plan at `counted_at`; None: all of it
    calls_left = models.FloatField(null=True)
    urls_left = models.FloatField(null=True)
    counted_at = models.DateTimeField(null=True)
    #: whoever purges holds the account until then
    busy_until = models.DateTimeField(null=True)
    #: calls that failed in a row, since when, and when the next may be made
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    #: the provider said no: a person has to mend it
    is_refused = models.BooleanField(default=False)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Zone(models.Model):
    """A part of an account that is purged by itself: a domain at Cloudflare, the cache of an nginx."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="zones")
    #: the provider's own id of it
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    #: its pages reach the CDN with `Cache-Tag`; else many pages are purged by their hosts
    has_tags = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    folded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="cdn_zone_once")]

    def __str__(self) -> str:
        return self.name


class ZoneSite(models.Model):
    """A site whose pages go through a zone."""

    site = models.CharField(primary_key=True, max_length=20)
    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="sites")


class StalePage(models.Model):
    """A page whose copies at the CDN may be old, or a whole site (`path` ""). Gone when it was purged twice."""

    site = models.CharField(max_length=20)
    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="stale")
    path = models.CharField(max_length=1000, blank=True)
    tags: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: it shows a price, or whether goods are there
    is_urgent = models.BooleanField(default=False)
    noticed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    #: how often it was asked for of late; the busiest is fetched again first
    hits = models.PositiveIntegerField(default=0)
    #: it was purged once; the second time is for a CDN that was fetching the old bytes just then
    is_again = models.BooleanField(default=False)
    #: the provider does not take its address
    must_fold = models.BooleanField(default=False)
    #: rises when it has changed again: a purge on its way does not count for that
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="cdn_stale_once")]
        indexes = [
            models.Index(fields=["due_at"], name="cdn_stale_due"),
            models.Index(fields=["zone", "due_at"], name="cdn_stale_of_zone"),
        ]


class ColdPage(models.Model):
    """A page that was purged and that the CDN has not fetched again yet."""

    site = models.CharField(max_length=20)
    path = models.CharField(max_length=1000)
    hits = models.PositiveIntegerField(default=0)
    purged_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="cdn_cold_once")]
        indexes = [models.Index(fields=["site", "-hits"], name="cdn_cold_busiest")]


class Warming(models.Model):
    """How the pages of a site are fetched again through its CDN."""

    site = models.CharField(primary_key=True, max_length=20)
    #: all of it was purged then, and its busiest pages are still to be learnt from its node
    emptied_at = models.DateTimeField(null=True)
    #: whoever fetches holds the site until then
    busy_until = models.DateTimeField(null=True)
    #: answers in a row that were errors, and when the next page may be asked for
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    #: pages fetched since ever, the last one when
    fetched = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)


class Purge(models.Model):
    """A call that was made."""

    class Outcome(models.TextChoices):
        DONE = "done"
        UNAVAILABLE = "unavailable"
        REFUSED = "refused"

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="purges")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)
    #: addresses, tags or hosts of the call, and the first few of them
    count = models.PositiveIntegerField()
    items: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: pages it was made for, and the sites they are of
    pages = models.PositiveIntegerField()
    sites: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    outcome = models.CharField(max_length=11, choices=Outcome.choices)
    error = models.CharField(max_length=300, blank=True)
    took_ms = models.PositiveIntegerField(default=0)
    #: from when the first of the pages was noticed to the end of the call; None for a second time
    waited_ms = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="cdn_purge_newest")]


class MediaHost(models.Model):
    """A site whose pictures and static files come from a CDN's hosts: for which files, on which pages."""

    site = models.CharField(primary_key=True, max_length=20)
    #: endings of file names, and beginnings of the addresses of pages; none: all
    types: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    sections: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    ver = models.PositiveBigIntegerField(default=1)


class MediaOrigin(models.Model):
    """A host that has the files of a site. The first of a region that answers is the one that pages name."""

    site = models.CharField(max_length=20)
    #: "" for every region that has none of its own
    region = models.CharField(max_length=20, blank=True)
    url = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    is_up = models.BooleanField(default=True)
    #: looks in a row that said otherwise
    doubts = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["site", "region", "position"]
        constraints = [models.UniqueConstraint(fields=["site", "region", "url"], name="cdn_origin_once")]
