"""The stock ledger and what edges may sell: double entry, so that every unit is always somewhere.

I1, audited by `audit`: in each warehouse, what came from the supplier = pool + at edges + sold + written off, and what
lies at an edge = the sum over its grants of units - returned - booked.
"""

from __future__ import annotations

import uuid
from typing import cast

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from sync.core.escrow import Held, State

SUPPLIER = "supplier"
POOL = "pool"
SOLD = "sold"
WRITTEN_OFF = "written_off"
EDGE_PREFIX = "edge:"

#: the warehouse that is always there: it held everything before there were several
MAIN = "main"
#: what it is called until somebody names it
MAIN_NAME = gettext_noop("Main warehouse")


def edge_place(node: str) -> str:
    """The place of the units an edge may sell."""
    return f"{EDGE_PREFIX}{node}"


def is_unsold(place: str) -> bool:
    """Whether units that lie there count as stock: nobody has bought them."""
    return place == POOL or place.startswith(EDGE_PREFIX)


class Warehouse(models.Model):
    """Where goods lie. Switched off it keeps its past; nothing comes in, and what comes back is sold from it last."""

    code = models.CharField(primary_key=True, max_length=20)
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    hours = models.CharField(max_length=200, blank=True)
    #: whether shoppers may fetch their orders there
    is_pickup = models.BooleanField(default=False)
    #: units are taken from the warehouse with the lowest first
    position = models.PositiveIntegerField(default=10)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["-is_active", "position", "code"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """As people read it: the first one is called in the reader's language until somebody names it."""
        return gettext(self.name) if self.name == MAIN_NAME else self.name


class Movement(models.Model):
    """`units` of a variant went from one place to another within a warehouse. PostgreSQL refuses to change a row.

    Goods that go from one warehouse to another leave the one and come into the other: two rows of one `ref`.
    """

    class Cause(models.TextChoices):
        RECEIPT = "receipt"
        CORRECTION = "correction"
        GRANT = "grant"
        RETURN = "return"
        ORDER = "order"
        PENDING = "pending"
        CANCELLED = "cancelled"
        UNPAID = "unpaid"
        TRANSFER = "transfer"
        WRITE_OFF = "write_off"

    variant = models.UUIDField()
    #: code of a `Warehouse`
    warehouse = models.CharField(max_length=20, default=MAIN)
    source = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    units = models.BigIntegerField()
    cause = models.CharField(max_length=12, choices=Cause.choices)
    #: what caused it: a grant's or an order's id (UUID hex), a delivery note's number
    ref = models.CharField(max_length=64, blank=True)
    who = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    #: unsold units of the variant after it, in all warehouses and in this one
    left = models.BigIntegerField(default=0)
    left_here = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["variant", "id"]),
            models.Index(fields=["ref"]),
            models.Index(fields=["warehouse", "id"], name="movement_of_warehouse"),
            models.Index(fields=["at"], name="movement_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="movement_above_zero"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="movement_goes_somewhere"),
        ]

    @property
    def change(self) -> int:
        """By how much it changed the unsold units: 0 where they only went from here to there."""
        return self.units * (is_unsold(self.target) - is_unsold(self.source))


class Balance(models.Model):
    """How many units of a variant lie in a place of a warehouse: the sum of its movements, kept in their transaction.

    The supplier's is minus what he delivered. The pool's row of the warehouse `MAIN` is also the variant's lock.
    """

    variant = models.UUIDField()
    warehouse = models.CharField(max_length=20, default=MAIN)
    place = models.CharField(max_length=40)
    units = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["variant", "warehouse", "place"], name="balance_once_per_place"),
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
    #: whose units they are: a grant is of one warehouse
    warehouse = models.CharField(max_length=20, default=MAIN)
    units = models.BigIntegerField()
    ttl_s = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    sold = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0)
    booked = models.BigIntegerField(default=0)
    #: what the last audit saw of the totals that only grow
    seen_sold = models.BigIntegerField(default=0)
    seen_returned = models.BigIntegerField(default=0)
    #: units written off, as far as no order that came later has claimed them
    lost = models.BigIntegerField(default=0)
    #: units of orders that came after it was written off: they took theirs from the lost ones
    late = models.BigIntegerField(default=0)
    #: after this moment and that of its edge's lease the edge sells nothing from it, whatever its clock
    freeze_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    frozen_at = models.DateTimeField(null=True, blank=True)
    written_off_at = models.DateTimeField(null=True, blank=True)
    written_off_by = models.CharField(max_length=150, blank=True)
    #: why it was written off
    reason = models.CharField(max_length=300, blank=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["edge", "id"]),
            models.Index(fields=["freeze_at"], condition=Q(state="open"), name="grant_to_freeze"),
            models.Index(fields=["variant"], condition=~Q(state="sealed"), name="grant_unsealed"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="grant_above_zero"),
            models.CheckConstraint(
                condition=Q(sold__gte=0, returned__gte=0, booked__gte=0), name="grant_counts_not_below_zero"
            ),
            models.CheckConstraint(condition=Q(units__gte=F("sold") + F("returned")), name="grant_not_oversold"),
            models.CheckConstraint(
                condition=Q(units__gte=F("booked") + F("returned") + F("lost")), name="grant_not_overbooked"
            ),
            models.CheckConstraint(condition=Q(lost__gte=0, late__gte=0), name="grant_lost_not_below_zero"),
        ]

    @property
    def held(self) -> Held:
        """As `sync.core.escrow` decides about it."""
        state = cast(State, str(self.state))
        return Held(units=self.units, state=state, sold=self.sold, returned=self.returned, booked=self.booked)


class EdgeLease(models.Model):
    """Until when an edge may sell from all it was granted in its epoch, by central's patient clock: one row an edge."""

    edge = models.CharField(primary_key=True, max_length=20)
    epoch = models.PositiveIntegerField()
    freeze_at = models.DateTimeField()


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


class DeskRule(models.Model):
    """What the desk of a site may do beyond its stock. No row: nothing. Shops never sell what is not there."""

    site = models.CharField(primary_key=True, max_length=20)
    #: orders taken at the desk or by the API may sell more than is free: the rest is a shortage
    sells_below = models.BooleanField(default=False)
    #: who may not change stock is not shown goods of which nothing is unsold
    hides_empty = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField(default=timezone.now)


class PlannedSupply(models.Model):
    """Goods that are to come: how many, into which warehouse, on which day."""

    id = models.BigAutoField(primary_key=True)
    variant = models.UUIDField()
    warehouse = models.CharField(max_length=20, default=MAIN)
    units = models.BigIntegerField()
    due_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    #: when it came in, or was given up
    ended_at = models.DateTimeField(null=True, blank=True)
    is_received = models.BooleanField(default=False)

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["variant", "due_on"], condition=Q(ended_at=None), name="supply_expected")]
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="supply_above_zero")]


class Audit(models.Model):
    """When the books were last looked at, and how long it took: one row.

    `movements`: the id of the newest movement then. `full_…`: of the last time that all movements were added up.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    checked_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    movements = models.PositiveBigIntegerField(default=0)
    full_at = models.DateTimeField(null=True)
    full_ms = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="audit_one_row")]


class Alarm(models.Model):
    """The books were wrong, from its first breach until none was left. People are told as it begins and as it ends."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            # Two audits at once must not both tell.
            models.UniqueConstraint(fields=["is_open"], condition=Q(is_open=True), name="alarm_open_once"),
        ]


class BreachRow(models.Model):
    """A row of the books that an audit found wrong; it ends when an audit finds it right again."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="rows")
    rule = models.CharField(max_length=12)
    variant = models.UUIDField()
    warehouse = models.CharField(max_length=20)
    #: a place, or a grant's id
    where = models.CharField(max_length=40, blank=True)
    has = models.BigIntegerField()
    should = models.BigIntegerField()
    found_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "variant", "warehouse", "where"],
                condition=Q(ended_at=None),
                name="breach_open_once",
            )
        ]
