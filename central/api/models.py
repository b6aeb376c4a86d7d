"""Keys of the API, how much they are used, and the answers that a repeated call gets again."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from central.ui import sites as site_looks
from infra.crypto.fields import EncryptedTextField


class ApiKey(models.Model):
    """A script that may do what a member of staff with these rights on these sites might. The secret is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    #: the part of the key that is shown in lists and logs
    prefix = models.CharField(max_length=12, unique=True)
    #: sha256 of the whole key: 256 random bits cannot be searched
    hash = models.BinaryField()
    #: codenames of `accounts.Right`
    rights = models.JSONField(default=list)
    sees_all_sites = models.BooleanField(default=False)
    sites = models.JSONField(default=list)
    #: groups of sites; a site that joins one later is seen too
    groups = models.JSONField(default=list)
    #: networks it may call from; empty: from anywhere
    addresses = models.JSONField(default=list)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    #: to the minute
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def site_ids(self) -> frozenset[str]:
        """The sites it sees by name or by a group, as the groups are now. Not asked where it sees all."""
        grouped = (site_looks.sites_of_group(None, group) for group in self.groups)
        return frozenset(self.sites).union(*grouped)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_good(self) -> bool:
        return self.revoked_at is None and not self.is_expired


class KeyDay(models.Model):
    """What a key did on one day (UTC)."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    reads = models.PositiveIntegerField(default=0)
    writes = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["key", "day"], name="key_day_once")]


class RememberedCall(models.Model):
    """A call with an Idempotency-Key: reserved before it is done, and what it was answered. Kept for 24 hours."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="calls")
    name = models.CharField(max_length=100)
    #: blake2b-256 of method, address and body: the same name with another call is refused
    call_hash = models.BinaryField()
    began_at = models.DateTimeField(default=timezone.now)
    #: null while the call is under way
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    #: may name a customer, so it is encrypted
    body = EncryptedTextField(column="api.call.body", blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="remembered_call_once")]
        indexes = [models.Index(fields=["began_at"], name="remembered_call_age")]
