"""What this edge may sell, and what shoppers at a checkout hold of it. Written through the one writer only."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Lease(models.Model):
    """Until when this edge may sell from all it has, and both clocks as last noted: one row.

    One row instead of one a right: it is renewed every few seconds, and so costs one small write however many rights
    there are. Times in ms; those of CLOCK_BOOTTIME belong to the boot `boot`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    boot = models.CharField(max_length=36)
    stop_at = models.BigIntegerField(default=0)
    boottime_ms = models.BigIntegerField()
    wall_ms = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="lease_one_row")]


class Right(models.Model):
    """An edge's half of a grant. I2: what is held, sold and returned never passes what was granted.

    `sold` and `returned` only grow, so a report of them can be joined by the greater at central.
    """

    grant = models.CharField(primary_key=True, max_length=32)  # UUID hex, central's
    variant = models.CharField(max_length=32)
    units = models.PositiveBigIntegerField()
    held = models.PositiveBigIntegerField(default=0)
    sold = models.PositiveBigIntegerField(default=0)
    returned = models.PositiveBigIntegerField(default=0)
    #: ms of CLOCK_BOOTTIME of the boot `boot`: from the ask that brought it; the lease may let it live longer.
    #: "" until central was asked since we know of it: nothing is confirmed from it
    stop_at = models.BigIntegerField(default=0)
    boot = models.CharField(max_length=36, blank=True)
    #: sealed: its last word is queued; or its epoch is over, and it never gets to say one
    is_closed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["variant"], condition=Q(is_closed=False), name="right_open")]
        constraints = [
            models.CheckConstraint(condition=Q(held__gte=0, sold__gte=0, returned__gte=0), name="right_not_below_zero"),
            models.CheckConstraint(
                condition=Q(units__gte=F("held") + F("sold") + F("returned")), name="right_not_oversold"
            ),
        ]


class Hold(models.Model):
    """Units of a right that a cart keeps for itself while its shopper is at the checkout."""

    #: root of the cart
    cart = models.CharField(max_length=32)
    right = models.ForeignKey(Right, on_delete=models.CASCADE, related_name="holds")
    units = models.PositiveBigIntegerField()
    #: ms of CLOCK_BOOTTIME
    until = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["cart"], name="hold_of_cart")]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="hold_above_zero"),
            models.UniqueConstraint(fields=["cart", "right"], name="hold_once_per_right"),
        ]


class Pace(models.Model):
    """How fast a variant sells here (`sync.core.escrow.Pace`). Written once a minute: a crash forgets that minute."""

    variant = models.CharField(primary_key=True, max_length=32)
    score = models.FloatField()
    at_ms = models.BigIntegerField()
