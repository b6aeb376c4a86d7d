"""Carts of all shops as central knows them: the join of every delta that came."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from node.columns import ArrayField, RandomUUID


class Cart(models.Model):
    """`state` is the canonical encoding of a `CartState`: equal carts have equal bytes at every node.

    `units` and `sites` say what the state holds, for lists. A cart that was linked to another holds nothing there.
    """

    id = models.CharField(primary_key=True, max_length=32)
    #: what screens call the cart: its id is the shopper's capability, and whoever knows it may write the cart
    ref = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    state = models.BinaryField(default=bytes)
    #: one up with each delta that said something new
    ver = models.PositiveBigIntegerField(default=0)
    #: dots that came with two payloads: a broken or hostile browser
    alarms = models.PositiveIntegerField(default=0)
    units = models.PositiveIntegerField(default=0, db_default=0)
    sites = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["updated_at"], name="cart_updated"),
            models.Index(fields=["-updated_at", "ref"], name="cart_full", condition=models.Q(units__gt=0)),
        ]


class CartLink(models.Model):
    """Two guest carts are one shopper's: whatever comes for `source` goes to `target` as well. Written once."""

    source = models.CharField(primary_key=True, max_length=32)
    target = models.CharField(max_length=32, db_index=True)
    hlc = models.BigIntegerField()
    link_id = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now)
