"""Orders made here. Nothing in these tables says who the shopper is: his data is sealed to central's key in `body`."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """An order as this edge made it; kept for the shopper's page after central has it."""

    id = models.CharField(primary_key=True, max_length=32)  # UUIDv7 hex
    #: the address of the order's page: whoever knows it sees number, lines and state
    secret = models.CharField(max_length=43, unique=True)
    number = models.CharField(max_length=60, unique=True)
    site = models.CharField(max_length=20)
    cart = models.CharField(max_length=32)
    placed_at = models.BigIntegerField()  # ms since 1970
    #: packed PlacedOrder, exactly as it travels
    body = models.BinaryField()
    #: MAC of what was posted, under a key that only the posted page holds: tells a repeat from another order
    fingerprint = models.BinaryField()
    has_email = models.BooleanField(default=False)
    is_acked = models.BooleanField(default=False)


class Kept(models.Model):
    """An order that another disk made and a tab brought here because central had not acknowledged it."""

    #: BLAKE2b of its bytes, 16 bytes as hex; before, the order's id
    id = models.CharField(primary_key=True, max_length=32)
    is_acked = models.BooleanField(default=False)


class Counter(models.Model):
    """The last number given to an order of a site."""

    site = models.CharField(primary_key=True, max_length=20)
    last = models.PositiveBigIntegerField()
