"""An edge's side of the link, in its one SQLite database. Written through `sync.store.writer` only."""

from __future__ import annotations

from django.db import models


class Document(models.Model):
    """The newest state of one key, raw as it came; `body` None is a tombstone that guards against an older version."""

    topic = models.TextField()
    key = models.TextField()
    ver = models.BigIntegerField()
    body = models.BinaryField(null=True)
    schema = models.PositiveSmallIntegerField(default=1)
    #: the realm's snapshot that last saw the row; what a finished snapshot did not see is gone at central
    generation = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="document_once")]


class Cursor(models.Model):
    """How far this edge has applied a realm's log; committed together with the entries it covers."""

    realm = models.CharField(primary_key=True, max_length=20)
    #: "" = no cursor: the realm must be fetched by a snapshot
    epoch = models.CharField(max_length=32, blank=True)
    seq = models.BigIntegerField(default=0)
    chain = models.BinaryField(default=b"")
    #: full topics whose documents are as of the cursor
    covered = models.JSONField(default=list)
    generation = models.PositiveIntegerField(default=0)
    #: the fetch under way, {} when none: `sync.core.edge_end.Fetch` as JSON
    fetch = models.JSONField(default=dict)


class OutgoingHead(models.Model):
    """The last number given to an op of a realm; numbers are dense per epoch. Realm "" keeps the node's epoch."""

    realm = models.CharField(primary_key=True, max_length=20)
    epoch = models.PositiveIntegerField(default=0)
    n = models.BigIntegerField(default=0)


class Outgoing(models.Model):
    """An op that central has not acknowledged yet. It is the only copy but for the shopper's tab: nothing drops it."""

    realm = models.CharField(max_length=20)
    n = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    body = models.BinaryField()
    ref = models.TextField(blank=True)
    #: ms since 1970, for the age of the backlog
    created = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "n"], name="outgoing_once")]


class Parked(models.Model):
    """A document whose `applies` hook failed: the raw document is kept, the rest went on, health is red."""

    topic = models.TextField()
    key = models.TextField()
    ver = models.BigIntegerField()
    reason = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="parked_once")]
