"""Browsers of staff that see pages live."""

from __future__ import annotations

from django.db import models


class Preview(models.Model):
    """A browser that opened a shop from the desk. Only the hash of its cookie is kept; times are seconds since 1970.

    `jti`: the token that began it, which is thereby used. `desk`: as in `sync.contracts.preview.PreviewToken`, JSON.
    """

    hash = models.BinaryField(primary_key=True, max_length=32)
    site = models.CharField(max_length=20)
    jti = models.CharField(max_length=32, unique=True)
    created = models.BigIntegerField()
    expires = models.BigIntegerField(db_index=True)
    language = models.CharField(max_length=20)
    desk = models.TextField()
