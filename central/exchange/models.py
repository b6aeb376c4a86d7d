"""Who exchanges with us by CommerceML over HTTP, their sessions, and what was handed over."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class ExchangeKey(models.Model):
    """A login for one 1C. The password is kept as a hash; it is shown once, when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=80)
    login = models.CharField(max_length=40, unique=True)
    password = models.CharField(max_length=200)
    #: `catalog.ImportSource` its goods come from; null: it sends none
    source = models.UUIDField(null=True)
    #: the sites whose orders it gets
    sites: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: whether names, phones, e-mails and addresses of shoppers go out with the orders
    gives_people = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True)
    #: orders that changed up to here were taken by 1C, which said so
    orders_taken_to = models.DateTimeField(null=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class ExchangeSession(models.Model):
    """One talk of one 1C, from its sign-in; its files lie in a folder of its own."""

    #: sha256 of the cookie
    token_hash = models.CharField(primary_key=True, max_length=64)
    key = models.ForeignKey(ExchangeKey, on_delete=models.CASCADE, related_name="sessions")
    began_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    #: bytes of the files it sent
    size = models.PositiveBigIntegerField(default=0)
    #: file -> the import that reads it
    runs: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    #: orders up to here were handed out, and wait for "success"
    orders_given_to = models.DateTimeField(null=True)


class HandOver(models.Model):
    """What went over: written once, never changed."""

    class Kind(models.TextChoices):
        GOODS = "goods"
        ORDERS = "orders"
        STATES = "states"

    key = models.ForeignKey(ExchangeKey, on_delete=models.CASCADE, related_name="hand_overs")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    count = models.PositiveIntegerField(default=0)
    #: whether it named shoppers
    with_people = models.BooleanField(default=False)
    #: numbers of the orders, names of files, what was refused: never a person's data
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["key", "-at"], name="hand_over_newest")]
