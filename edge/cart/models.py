"""Carts as this edge holds them."""

from __future__ import annotations

from django.db import models


class StoredCart(models.Model):
    """A cart's canonical bytes (`sync.core.cart.cart_bytes`). `version` counts its changes at this edge."""

    id = models.CharField(primary_key=True, max_length=32)
    state = models.BinaryField()
    version = models.PositiveBigIntegerField(default=1)
    updated = models.BigIntegerField()


class Alias(models.Model):
    """Two guest carts are one: `source` is no longer used, what still comes for it goes to `target`."""

    source = models.CharField(primary_key=True, max_length=32)
    target = models.CharField(max_length=32)


class SeenOp(models.Model):
    """An op taken in here: its payload's hash, and its row in the outbox, which tells whether central has it.

    A dot that comes again with another payload is a broken or hostile client and must not pass unseen.
    """

    dot = models.CharField(primary_key=True, max_length=34)
    hash = models.CharField(max_length=16)
    row = models.PositiveBigIntegerField()
    created = models.BigIntegerField(db_index=True)
