"""What this edge may sell, and what a checkout under way holds of it. Written through the one writer only."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


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
    #: ms of CLOCK_BOOTTIME of the boot `boot`: nothing is confirmed from it after; 0 until central was asked
    stop_at = models.BigIntegerField(default=0)
    boot = models.CharField(max_length=36, blank=True)
    #: central took it out of use, or it is used up and its last word is queued
    is_closed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["variant"], condition=Q(is_closed=False), name="right_open")]
        constraints = [
            models.CheckConstraint(condition=Q(held__gte=0, sold__gte=0, returned__gte=0), name="right_not_below_zero"),
            models.CheckConstraint(
                condition=Q(units__gte=F("held") + F("sold") + F("returned")), name="right_not_oversold"
            ),
        ]

    @property
    def free(self) -> int:
        return self.units - self.held - self.sold - self.returned


class Hold(models.Model):
    """Units of a right that a checkout under way keeps for itself while it asks central for the rest."""

    order = models.CharField(max_length=32)
    right = models.ForeignKey(Right, on_delete=models.CASCADE, related_name="holds")
    units = models.PositiveBigIntegerField()
    #: ms of CLOCK_BOOTTIME
    until = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["order"])]
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="hold_above_zero")]
