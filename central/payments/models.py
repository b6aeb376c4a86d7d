"""What an order is to be paid with, and whether it was. Secrets of a provider never lie here."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Payment(models.Model):
    """One try to be paid for one order through one provider. Amounts in minor units."""

    class State(models.TextChoices):
        OPEN = "open"  # row written, the provider not asked yet
        WAITING = "waiting"  # the shopper has a page to pay on
        PAID = "paid"
        REFUSED = "refused"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.UUIDField()
    provider = models.CharField(max_length=40)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    #: one key, one charge, however often we ask the provider
    idempotency_key = models.CharField(max_length=80, unique=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    pay_url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["order"], name="payment_order"),
            models.Index(fields=["provider_ref"], name="payment_ref"),
        ]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payment_above_zero")]
