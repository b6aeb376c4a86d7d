"""Tables derived from the documents an edge holds, so that a page finds them by slug, shelf and price.

They can be rebuilt from `sync.store.edge.models.Document` at any moment; nothing else is kept here.
"""

from __future__ import annotations

from django.db import models


class ShelfProduct(models.Model):
    """A product of one of this edge's sites: what lists are sorted and found by."""

    site = models.CharField(max_length=20)
    product = models.CharField(max_length=32)
    slug = models.CharField(max_length=120)
    #: casefold, ё→е
    title_key = models.CharField(max_length=300)
    #: of the cheapest unit, minor units
    price = models.BigIntegerField()
    position = models.IntegerField()
    #: JSON: region -> price of the cheapest unit there; language -> title as `title_key`. Where they differ
    prices = models.TextField(default="{}")
    titles = models.TextField(default="{}")
    #: JSON: `sync.contracts.documents.Reach`
    shown = models.TextField(default="{}")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "product"], name="shelf_product_once")]
        indexes = [models.Index(fields=["site", "slug"], name="shelf_product_by_slug")]


class CategoryRow(models.Model):
    """What every page's navigation shows of a shelf: a new text of a shelf touches its own page alone."""

    site = models.CharField(max_length=20)
    category = models.CharField(max_length=32)
    #: [slug, title, parent, position, shown]
    place = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "category"], name="category_row_once")]


class Placing(models.Model):
    """A product stands on a shelf."""

    row = models.ForeignKey(ShelfProduct, on_delete=models.CASCADE, related_name="placings")
    category = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "row"], name="placing_once")]


class CardRow(models.Model):
    """A line card that is on sale, findable by shop. `rank` is a hash of the slug: an order without favourites."""

    topic = models.CharField(max_length=60)
    key = models.CharField(max_length=400)
    site = models.CharField(max_length=20)
    slug = models.CharField(max_length=120)
    rank = models.BigIntegerField()
    #: as of `ShelfProduct`
    shown = models.TextField(default="{}")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="card_row_once")]
        indexes = [models.Index(fields=["site", "rank", "key"], name="card_row_by_rank")]


class ListVersion(models.Model):
    """When a list that pages read has changed last, counted over all lists: see `edge.replica.changes`."""

    name = models.CharField(primary_key=True, max_length=200)
    ver = models.BigIntegerField(db_index=True)


class NeededPicture(models.Model):
    """A picture some document names and this edge does not have yet."""

    name = models.CharField(primary_key=True, max_length=70)


class UnnamedPicture(models.Model):
    """A picture this edge has and no document names since: pages that are on their way may still show it."""

    name = models.CharField(primary_key=True, max_length=70)
    #: seconds since 1970
    since = models.BigIntegerField()
