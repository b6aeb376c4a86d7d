"""Where goods come from: sources with their mapping, runs of them, and what a source said of its items.

Imported by `central.catalog.models`, so that Django finds them; realm `catalog`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from infra.crypto.fields import EncryptedTextField
from sync.contracts.ids import uuid7

#: what a source may update; nothing chosen = all of it
FIELDS = (
    "title",
    "text",
    "brand",
    "category",
    "attributes",
    "picture",
    "price",
    "old_price",
    "private_prices",
    "stock",
    "barcode",
)


class ImportSource(models.Model):
    """One supplier's file, one 1C: how it is read and what it may change. Kept for ever: items and runs name it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    title = models.CharField(max_length=80, unique=True)
    #: ids of the sites that sell its goods
    sites: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: of its texts; "": whatever the site's is
    language = models.CharField(max_length=8, blank=True)
    #: as `mapping.Mapping` reads and writes it
    mapping: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    #: the only fields it updates, of `FIELDS`; empty: all
    fields: models.JSONField[list[str], list[str]] = models.JSONField(default=list, blank=True)
    #: whether an item that is not in the catalogue is made
    makes_new = models.BooleanField(default=True)
    #: what it writes of an item, no other source overwrites
    is_master = models.BooleanField(default=False)
    #: fetched from here at this interval; "" and 0: by hand
    url = models.CharField(max_length=500, blank=True)
    #: for the host of `url`, which holds none itself; None or "" when it asks for none
    login = EncryptedTextField(column="catalog.source.login", null=True)  # type: ignore[misc]
    password = EncryptedTextField(column="catalog.source.password", null=True)  # type: ignore[misc]
    every_minutes = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def held_fields(self) -> frozenset[str]:
        """What others may not overwrite of the items it is master of."""
        return frozenset(self.fields or FIELDS) if self.is_master else frozenset()


class ImportRun(models.Model):
    """One file of a source on its way into the catalogue; its files lie in `runs.folder_of(run)` until tidied."""

    class State(models.TextChoices):
        DRAFT = "draft"  # there, its mapping not confirmed
        CHECKING = "checking"  # its changes are being found out
        READY = "ready"  # they stand for people to see
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7)
    source = models.ForeignKey(ImportSource, on_delete=models.PROTECT, related_name="runs")
    #: the sites as they were when it began
    sites: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    #: a login, or "1C", or "schedule"
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    is_stop_asked = models.BooleanField(default=False)
    #: a run by hand shows its changes first; one by machine writes at once
    is_automatic = models.BooleanField(default=False)

    total = models.PositiveIntegerField(default=0)
    #: batches done, of the phase the state names
    position = models.PositiveIntegerField(default=0)
    #: read, created, updated, unchanged, kept, refused
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    #: bytes of the report that belong to the batches done
    report_size = models.PositiveBigIntegerField(default=0)
    #: variant (hex) -> units the ledger is still to be told of the last batch
    stock_due: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    #: what the cells of a refused row are called
    header: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: why it failed: a sentence about the file, never about a person
    error = models.CharField(max_length=500, blank=True)
    #: lines for people: how the file was read, what was missing
    told: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    files_gone = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at"], name="import_run_newest"),
            models.Index(fields=["source", "-created_at"], name="import_run_of_source"),
        ]

    @property
    def is_at_work(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.RUNNING)


class SourceTerm(models.Model):
    """A word of a source's own: a group, a property, a value of one, a price type, a warehouse."""

    class Kind(models.TextChoices):
        GROUP = "group"
        PROPERTY = "property"
        VALUE = "value"
        PRICE = "price"
        WAREHOUSE = "warehouse"

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="terms")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.CharField(max_length=100)
    title = models.CharField(max_length=500)
    #: of a group: the code of the one above; of a price: its currency
    parent = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "kind", "code"], name="term_once_per_source")]


class SourceItem(models.Model):
    """What a source last said of one item under the source's own id, and which product that is."""

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="items")
    #: the source's id: of a product, or of an offer ("product#characteristic")
    code = models.CharField(max_length=160)
    sku = models.CharField(max_length=80, blank=True)
    #: the canonical options, of an offer
    options = models.CharField(max_length=200, blank=True)
    #: the product's texts, groups, properties and pictures, as `commerceml.Good` has them
    said: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    product = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="item_once_per_source")]
        indexes = [models.Index(fields=["source", "sku"], name="item_by_sku")]
