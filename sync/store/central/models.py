"""The log's tables, in every realm of central. Written by `sync.outbox`, the sequencer and the hub only."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Op(models.TextChoices):
    """What a log entry says of its key."""

    STATE = "s"  # it stands at `ver`; the body is read when it is sent
    DELETE = "d"  # it is gone since `ver`
    FACT = "f"  # this happened; the body is here, whole and for ever


class Outbox(models.Model):
    """An entry that its transaction has published and the sequencer has not numbered yet."""

    id = models.BigAutoField(primary_key=True)
    topic = models.TextField()
    key = models.TextField()
    ver = models.BigIntegerField()
    op = models.CharField(max_length=1, choices=Op.choices)
    body = models.BinaryField(null=True)
    schema = models.PositiveSmallIntegerField(default=1)


class SyncHead(models.Model):
    """Where the log stands: one row a realm. Its row lock is the fence between two sequencers."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    #: new after any restore: an edge that knows another one must fetch everything again
    epoch = models.CharField(max_length=32)
    head = models.BigIntegerField(default=0)
    chain = models.BinaryField()
    #: rows up to and including `floor` are cut; `floor_chain` is the chain at it
    floor = models.BigIntegerField(default=0)
    floor_chain = models.BinaryField()
    started_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="sync_head_one_row"),
            models.CheckConstraint(condition=models.Q(floor__lte=models.F("head")), name="sync_head_floor"),
        ]


class SyncLog(models.Model):
    """The realm's log: `seq` is dense from floor + 1 to head."""

    seq = models.BigIntegerField(primary_key=True)
    topic = models.TextField()
    key = models.TextField()
    ver = models.BigIntegerField()
    op = models.CharField(max_length=1, choices=Op.choices)
    body = models.BinaryField(null=True)
    schema = models.PositiveSmallIntegerField(default=1)
    #: blake2b over the chain before it and this entry; what makes a cursor a claim about history
    chain = models.BinaryField()
    created = models.DateTimeField(default=timezone.now)


class EdgeCursor(models.Model):
    """How far an edge has applied this realm's log, as it last said: holds the cut back, and shows its lag."""

    edge = models.CharField(primary_key=True, max_length=20)
    epoch = models.CharField(max_length=32)
    seq = models.BigIntegerField()
    heard = models.DateTimeField(default=timezone.now)


class LastN(models.Model):
    """The last op of an edge that this realm took in, committed together with the op's effects."""

    edge = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    n = models.BigIntegerField(default=0)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edge", "epoch"], name="sync_last_n_once")]


class OpHash(models.Model):
    """The body hash of a recent op: a repeat must be the same op."""

    edge = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    n = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edge", "epoch", "n"], name="sync_op_hash_once")]


class Quarantine(models.Model):
    """An op that could not be taken in, kept whole for a person to look at. An open one turns health red."""

    realm = models.CharField(max_length=20)
    edge = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    n = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    body = models.BinaryField()
    reason = models.TextField()
    created = models.DateTimeField(default=timezone.now)
    resolved = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(resolved__isnull=True), name="sync_quarantine_open"),
        ]
