"""Handles of browsers and the hop tokens that were used."""

from __future__ import annotations

from django.db import models


class Handle(models.Model):
    """The value of a shop's cookie leads to a cart. Only its hash is kept, so the disk gives no one a session."""

    hash = models.BinaryField(primary_key=True, max_length=32)
    site = models.CharField(max_length=20)
    cart = models.CharField(max_length=32)
    created = models.BigIntegerField()
    #: central's proof that this browser has signed in at this shop, and an id that says nothing of the person
    grant = models.CharField(max_length=32, blank=True, default="")
    customer = models.CharField(max_length=32, blank=True, default="")
    #: when the person last pressed something at the id domain (ms since 1970); without a grant: a hop has told so
    interacted = models.BigIntegerField(default=0)
    #: what the next page should say once ("joined:<site>")
    flash = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["cart"], name="handle_by_cart"),
            models.Index(fields=["grant"], name="handle_by_grant"),
        ]


class UsedHop(models.Model):
    """A hop token that landed here. Tokens are bound to their target, so a local table makes them single-use."""

    jti = models.CharField(primary_key=True, max_length=32)
    expires = models.BigIntegerField(db_index=True)
