"""Keys of persons, wrapped, and what tells a wrong master key; in each realm beside the rows they belong to.

Reached with `.using(alias)`. A table of its own, so that a backup may keep it apart from the data and for a shorter
time: what was erased comes back with no backup that lacks it.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class PersonKey(models.Model):
    """The data key of one subject, wrapped by a master key; a row that says "destroyed" stands for ever.

    Subjects in `customers` are customers, in `orders` they are orders: whoever bought there is not known by name.
    """

    subject = models.UUIDField(primary_key=True)
    #: nonce and the data key, AES-256-GCM under a key derived from the master key `master`; empty once destroyed
    wrapped = models.BinaryField()
    master = models.CharField(max_length=12)
    made_at = models.DateTimeField(default=timezone.now)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["master"], name="person_key_master")]


class KeyCheck(models.Model):
    """A mark of a master key that this realm was written with: it tells a wrong key and nothing of the right one."""

    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=12)
    mark = models.BinaryField()
    first_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="key_check_once")]
