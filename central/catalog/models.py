"""Goods: what they are (Product, Variant), how one site shows them (Listing), what it asks for them (Offer)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from central.catalog.importing.models import ImportRun, ImportSource, SourceItem, SourceTerm
from central.catalog.keys import MAX_OPTIONS, MAX_SKU
from central.catalog.words import WordsOf
from sync.contracts.ids import uuid7

__all__ = [
    "Category",
    "CategoryTranslation",
    "FieldOverride",
    "ImportRun",
    "ImportSource",
    "Listing",
    "Media",
    "Offer",
    "PictureAlt",
    "PictureRule",
    "PriceChange",
    "PrivatePrice",
    "Product",
    "ProductPicture",
    "RegionTree",
    "RegionalPrice",
    "ShownPicture",
    "SourceItem",
    "SourceTerm",
    "SpokenLanguages",
    "StockLevel",
    "Translation",
    "Variant",
]

#: code-point order on every server, so that a page of a snapshot is sorted as the edge sorts it
C = "C"


class Media(models.Model):
    """A picture by content; its bytes lie in the media store under `name`."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    ext = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    @property
    def name(self) -> str:
        return f"{self.sha256}.{self.ext}"

    @property
    def url(self) -> str:
        return f"/_media/{self.name}"


class ShownPicture(models.Model):
    """What one site shows instead of an original: see `shown.Bodies`. Written by `central.catalog.shown` alone."""

    site = models.CharField(max_length=20)
    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="+")
    body = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "media"], name="shown_picture_once")]


class PictureRule(models.Model):
    """Whether a site shows originals while nothing is made of them. Written by `central.catalog.shown` alone."""

    site = models.CharField(primary_key=True, max_length=20)
    hides_originals = models.BooleanField(default=False)


class Category(models.Model):
    """A shelf of one site. Switched off it keeps its place; goods stay on it unseen."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    site = models.CharField(max_length=20)
    slug = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    title_key = models.CharField(max_length=200, db_collation=C)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    position = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)
    picture = models.ForeignKey(Media, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    #: its own rule of the regions in which it is shown, and what its document says: see `reach`
    shown_in = models.JSONField(default=dict, blank=True)
    reach = models.JSONField(default=dict, blank=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["position", "title_key"]
        constraints = [models.UniqueConstraint(fields=["site", "slug"], name="category_slug_once_per_site")]
        indexes = [models.Index(fields=["site", "parent", "title_key"], name="category_by_path")]

    def __str__(self) -> str:
        return self.title


class CategoryTranslation(models.Model):
    """A shelf's words in a language that is not its site's own."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "language"], name="category_translation_once")]


class SpokenLanguages(models.Model):
    """The further languages of a site, brought over from the realm `cluster` by events: documents hold words in these.

    Written by `central.catalog.spoken` alone.
    """

    site = models.CharField(primary_key=True, max_length=20)
    languages = models.JSONField(default=list)


class RegionTree(models.Model):
    """How regions lie in one another, brought over from the realm `cluster`: region -> the one around it, or None.

    One row, written by `central.catalog.reach` alone.
    """

    parents = models.JSONField(default=dict)


class Product(models.Model):
    """A thing that is sold, apart from any site that sells it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    brand = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    #: the import source whose word on its fields no other source overwrites
    master = models.ForeignKey(ImportSource, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    pictures: models.ManyToManyField[Media, ProductPicture] = models.ManyToManyField(Media, through="ProductPicture")


class FieldOverride(models.Model):
    """A field that the product's master source feeds, and people took over: no source writes it while this stands."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="overrides")
    #: "": a field that all sites share
    site = models.CharField(max_length=20, blank=True)
    #: of `importing.models.FIELDS`
    field = models.CharField(max_length=20)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "site", "field"], name="override_once")]


class ProductPicture(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="picture_rows")
    media = models.ForeignKey(Media, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["product", "media"], name="picture_once_per_product")]


class Variant(models.Model):
    """A sellable unit: (sku, options). Its id is the key of its stock."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=MAX_SKU, db_collation=C)
    #: canonical, see `keys.canonical_options`
    options = models.CharField(max_length=MAX_OPTIONS, blank=True, db_collation=C)
    position = models.PositiveIntegerField(default=0)
    #: as a scanner reads it: EAN, UPC or one of one's own; "" for none
    barcode = models.CharField(max_length=64, blank=True, db_collation=C)
    #: the stock figure an import file named last: told again it says nothing new, whatever was sold since
    told_stock = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "options"], name="variant_by_sku_and_options"),
            models.UniqueConstraint(fields=["barcode"], condition=~models.Q(barcode=""), name="variant_by_barcode"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} ({self.options})" if self.options else self.sku


class StockLevel(models.Model):
    """How much there is of a variant, brought over from the realm `orders` by events: lists are filtered by it.

    No row: it never had stock. Written by `central.catalog.levels` alone.
    """

    class Level(models.TextChoices):
        IN = "in", _("in stock")
        LOW = "low", _("few left")
        OUT = "out", _("out of stock")

    variant = models.OneToOneField(Variant, primary_key=True, on_delete=models.CASCADE, related_name="stock_level")
    level = models.CharField(max_length=3, choices=Level.choices)
    #: of the ledger's newest movement it contains: a lower one is older news
    ver = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["level"], name="stock_level")]


class Listing(models.Model):
    """A product as one site shows it. `ver` is the version of its product document."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    site = models.CharField(max_length=20)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="listings")
    slug = models.CharField(max_length=120)
    title = models.CharField(max_length=300)
    #: casefold, ё→е: names sort by it
    title_key = models.CharField(max_length=300, db_collation=C)
    #: words of the title in every language, of the brand and of every sku: `keys.search_words`
    search_key = models.TextField(db_collation=C)
    text = models.TextField(blank=True)
    #: pairs of words as a shopper reads them
    attributes = models.JSONField(default=list, blank=True)
    position = models.PositiveIntegerField(default=0)
    categories = models.ManyToManyField(Category, related_name="listings", blank=True)
    is_active = models.BooleanField(default=True)
    #: its own rule of the regions in which it is shown, and what its documents say: see `reach`
    shown_in = models.JSONField(default=dict, blank=True)
    reach = models.JSONField(default=dict, blank=True)
    ver = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "product"], name="listing_once_per_site"),
            models.UniqueConstraint(fields=["site", "slug"], name="listing_slug_once_per_site"),
        ]
        indexes = [
            models.Index(fields=["title_key"], name="listing_by_title"),
            # What a word begins with is looked up in it; see `words`.
            GinIndex(WordsOf("search_key"), name="listing_by_word"),
        ]

    def __str__(self) -> str:
        return self.title


class Offer(models.Model):
    """What a site asks for one variant. `ver` is the version of its line card: title and picture raise it too."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    site = models.CharField(max_length=20)
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="offers")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="offers")
    #: `sync.contracts.documents.card_key`
    card_key = models.CharField(max_length=MAX_SKU + MAX_OPTIONS + 30, unique=True, db_collation=C)
    #: as a shopper reads it: "L, red"
    options_title = models.CharField(max_length=200, blank=True)
    #: minor units of `currency`
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    #: what it cost before, 0 when there is nothing to strike out
    old_price = models.BigIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "variant"], name="offer_once_per_site"),
            models.CheckConstraint(condition=models.Q(price__gte=0, old_price__gte=0), name="offer_price_not_negative"),
        ]


class RegionalPrice(models.Model):
    """What a site asks for a variant in a region and in the regions within that have no price of their own."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="regional_prices")
    #: id of a `central.cluster.models.Region`
    region = models.CharField(max_length=20)
    #: minor units of the offer's currency
    price = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "region"], name="regional_price_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="regional_price_not_negative"),
        ]


class PriceChange(models.Model):
    """Who set which price, and what it was; `region` "" is the shop's own price."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="price_changes")
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)
    was = models.BigIntegerField()
    became = models.BigIntegerField()
    region = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["offer", "-at"], name="price_change_by_offer")]


class PrivatePrice(models.Model):
    """A price of another kind than the shop asks. It stays at central: no document, page or feed holds it."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase"
        RECOMMENDED = "recommended"
        WHOLESALE = "wholesale"
        DROPSHIPPING = "dropship"

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="private_prices")
    site = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    #: minor units of `currency`
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "variant", "kind"], name="private_price_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="private_price_not_negative"),
        ]


class Translation(models.Model):
    """A listing's words in a language that is not its site's own: for shoppers where the site speaks it too.

    Staff find goods in any. `options`: id of an offer in hex -> its options as one reads them.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=300, blank=True)
    #: as `Listing.title_key`
    title_key = models.CharField(max_length=300, blank=True, db_collation=C)
    text = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    #: as `Listing.attributes`
    attributes = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "language"], name="translation_once")]


class PictureAlt(models.Model):
    """What is to be seen in a product's picture, for who does not see it; without it the title stands in."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="picture_alts")
    media = models.ForeignKey(Media, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=16)
    alt = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "media", "language"], name="picture_alt_once")]
