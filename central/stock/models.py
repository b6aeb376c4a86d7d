"""The stock ledger and what edges may sell: double entry, so that every unit is always somewhere.

I1, audited by `queries.check_balance`: what came from the supplier = pool + at edges + sold + written off, and what
lies at an edge = the sum over its grants of units - returned - booked.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

SUPPLIER = "supplier"
POOL = "pool"
SOLD = "sold"
WRITTEN_OFF = "written_off"
EDGE_PREFIX = "edge:"


def edge_place(node: str) -> str:
    """The place of the units an edge may sell."""
    return f"{EDGE_PREFIX}{node}"


class Movement(models.Model):
    """`units` of a variant went from one place to another. Written once, never changed."""

    class Cause(models.TextChoices):
        RECEIPT = "receipt"
        CORRECTION = "correction"
        GRANT = "grant"
        RETURN = "return"
        ORDER = "order"
        PENDING = "pending"
        CANCELLED = "cancelled"

    variant = models.UUIDField()
    source = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    units = models.BigIntegerField()
    cause = models.CharField(max_length=12, choices=Cause.choices)
    #: what caused it: a grant's or an order's id (UUID hex), a delivery note's number
    ref = models.CharField(max_length=64, blank=True)
    who = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["variant", "id"]), models.Index(fields=["ref"])]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="movement_above_zero"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="movement_goes_somewhere"),
        ]


class Balance(models.Model):
    """How many units of a variant lie in a place: the sum of its movements, kept in their transaction.

    The supplier's is minus what he delivered. The pool's row is also the variant's lock.
    """

    variant = models.UUIDField()
    place = models.CharField(max_length=40)
    units = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["variant", "place"], name="balance_once_per_place"),
            models.CheckConstraint(condition=Q(place=SUPPLIER) | Q(units__gte=0), name="balance_not_below_zero"),
        ]


class Grant(models.Model):
    """Central lets one edge sell `units` of a variant.

    `sold` and `returned` are the edge's totals and only grow. `booked` is what orders that have arrived say was sold
    from it: it follows `sold`, because an order and the report of it may come by different ways.
    """

    class State(models.TextChoices):
        OPEN = "open"
        FROZEN = "frozen"
        SEALED = "sealed"
        WRITTEN_OFF = "written_off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    edge = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    variant = models.UUIDField()
    units = models.BigIntegerField()
    ttl_s = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    sold = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0)
    booked = models.BigIntegerField(default=0)
    #: after this moment the edge sells nothing from it, whatever its clock; set at each answer to an ask or a renewal
    freeze_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["edge", "id"]),
            models.Index(fields=["variant"], condition=~Q(state="sealed"), name="grant_unsealed"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="grant_above_zero"),
            models.CheckConstraint(
                condition=Q(sold__gte=0, returned__gte=0, booked__gte=0), name="grant_counts_not_below_zero"
            ),
            models.CheckConstraint(condition=Q(units__gte=F("sold") + F("returned")), name="grant_not_oversold"),
            models.CheckConstraint(condition=Q(units__gte=F("booked") + F("returned")), name="grant_not_overbooked"),
        ]


class BookedOrder(models.Model):
    """This order's units are in the ledger: a repeat books nothing."""

    order = models.UUIDField(primary_key=True)
    booked_at = models.DateTimeField(default=timezone.now)
    freed_at = models.DateTimeField(null=True)


class PendingUnits(models.Model):
    """Units of an order that were sold with no right: they wait for stock, the oldest first."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RESOLVED = "resolved"
        CANCELLED = "cancelled"

    order = models.UUIDField()
    variant = models.UUIDField()
    units = models.BigIntegerField()
    taken = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    #: when the shopper placed the order, at the edge: the queue's order
    placed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["variant", "placed_at"], condition=Q(state="waiting"), name="pending_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="pending_once_per_order"),
            models.CheckConstraint(
                condition=Q(units__gt=0, taken__gte=0) & Q(taken__lte=F("units")), name="pending_taken_within"
            ),
        ]
