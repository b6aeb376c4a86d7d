"""Orders as central keeps them. Nothing here says who the shopper is: that is in the realm `customers`."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language

from infra.crypto.fields import EncryptedTextField


class OrderStatus(models.Model):
    """Where an order stands. Data, not code: desks change, add and recolour them."""

    class Group(models.TextChoices):
        NEW = "new"
        ACCEPTED = "accepted"
        SHIPPED = "shipped"
        DONE = "done"
        CANCELLED = "cancelled"

    code = models.CharField(primary_key=True, max_length=30)
    group = models.CharField(max_length=10, choices=Group.choices)
    title_en = models.CharField(max_length=60)
    title_ru = models.CharField(max_length=60)
    #: what the button that leads here says
    verb_en = models.CharField(max_length=60)
    verb_ru = models.CharField(max_length=60)
    #: a colour name of the UI kit: "blue", "green", ...
    colour = models.CharField(max_length=20, default="secondary")
    position = models.PositiveIntegerField(default=0)
    is_final = models.BooleanField(default=False)
    #: a new order begins in the first of these
    is_first = models.BooleanField(default=False)
    #: entering it puts the order's units back on sale
    frees_stock = models.BooleanField(default=False)
    #: entering it writes to the shopper
    tells_shopper = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """In the language of the page."""
        return self.title_in(get_language() or "en")

    @property
    def verb(self) -> str:
        return self.verb_ru if (get_language() or "en").startswith("ru") else self.verb_en

    def title_in(self, language: str) -> str:
        return self.title_ru if language.startswith("ru") else self.title_en

    @property
    def titles(self) -> dict[str, str]:
        return {"en": self.title_en, "ru": self.title_ru}


class StatusMove(models.Model):
    """An order may go from `source` to `target`: one button on its card."""

    source = models.ForeignKey(OrderStatus, on_delete=models.CASCADE, related_name="moves_out")
    target = models.ForeignKey(OrderStatus, on_delete=models.CASCADE, related_name="moves_in")

    class Meta:
        ordering = ["target__position"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="move_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="move_goes_somewhere"),
        ]


class Order(models.Model):
    """One order, made at an edge, or by central itself: then `edge` is "". Money: minor units.

    `id` and `number` were minted where it was made and never change.
    """

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=40, unique=True)
    #: where it was placed: the site's id, and its label as it was then
    site = models.CharField(max_length=20)
    site_label = models.CharField(max_length=30)
    edge = models.CharField(max_length=20)
    cart = models.CharField(max_length=32)
    status = models.ForeignKey(OrderStatus, on_delete=models.PROTECT, related_name="orders")
    #: of the realm `customers`; empty until its handler has been there
    customer = models.UUIDField(null=True, blank=True)
    placed_at = models.DateTimeField()  # the edge's clock
    received_at = models.DateTimeField(default=timezone.now)  # central's clock

    currency = models.CharField(max_length=3)
    goods_total = models.BigIntegerField()
    delivery_price = models.BigIntegerField()
    total = models.BigIntegerField()
    delivery = models.CharField(max_length=40)
    delivery_title = models.CharField(max_length=120)
    payment = models.CharField(max_length=40)
    payment_provider = models.CharField(max_length=40)
    #: units sold with no right to them: they wait for stock
    pending_units = models.PositiveIntegerField(default=0)
    #: another order took the same units out of the same cart: two shops, cut off from each other
    is_duplicate_suspect = models.BooleanField(default=False)
    #: hash of the cart and the tokens it took out of it: the same basket is one charge, however many orders it makes
    basket = models.CharField(max_length=64, blank=True)

    # technical block: read only
    domain = models.CharField(max_length=200, blank=True)
    referer = models.TextField(blank=True)
    utm = models.JSONField(default=dict, blank=True)
    seconds_on_site = models.PositiveIntegerField(default=0)
    #: of the shop's edition it was placed in: id of a `central.cluster.models.Region`, tag of a language; "" unknown
    region = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=16, blank=True)
    consent_at = models.DateTimeField()
    consent_text = models.CharField(max_length=40)

    #: the shopper's data as the edge sealed it, until its customer is known: then under the order's own key (`seal`)
    sealed = models.BinaryField()
    #: whom it is sealed to; "" once it is under the order's own key
    sealing_key = models.CharField(max_length=40, blank=True)
    #: blake2b-256 of the body as it came: a second body under the same id is refused
    body_hash = models.BinaryField()
    #: of an order that central took itself: a keyed mark of the call, by which a repeat is told from another call
    called_as = models.BinaryField(default=b"", blank=True)
    #: what a member of staff wrote; free text may name a person, so it is encrypted
    note = EncryptedTextField(column="orders.note", person="id", blank=True, default="")
    #: number, titles and skus in one folded text, to search in
    search_key = models.TextField(blank=True)
    #: when its units went back on sale because nobody had paid; None where they did not, or were taken again
    unpaid_at = models.DateTimeField(null=True, blank=True)
    #: when the shopper would see something else than before
    changed_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(F("received_at").desc(), F("id").desc(), name="order_newest"),
            models.Index("site", F("received_at").desc(), name="order_site_newest"),
            models.Index("status", F("received_at").desc(), name="order_status_newest"),
            models.Index(fields=["customer"], name="order_customer"),
            models.Index(fields=["cart"], name="order_cart"),
            models.Index(fields=["edge", "id"], name="order_edge"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("goods_total") + F("delivery_price")), name="order_total_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_pending(self) -> bool:
        """Whether some of its units wait for stock."""
        return self.pending_units > 0

    @property
    def was_delayed(self) -> bool:
        """Whether it came noticeably later than it was placed: its shop was cut off."""
        return self.received_at - self.placed_at > timedelta(minutes=1)


class OrderCounter(models.Model):
    """How many orders central itself has numbered for a site."""

    site = models.CharField(primary_key=True, max_length=20)
    last = models.PositiveBigIntegerField()


class OrderLine(models.Model):
    """A line keeps the label of the site it arose on, its price and its currency for ever."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    site = models.CharField(max_length=20)
    site_label = models.CharField(max_length=30)
    sku = models.CharField(max_length=128)
    options = models.CharField(max_length=512, blank=True)
    variant = models.UUIDField()
    title = models.CharField(max_length=300)
    options_title = models.CharField(max_length=512, blank=True)
    units = models.PositiveIntegerField()
    #: of one unit, in `currency`
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    price_ver = models.PositiveBigIntegerField()
    #: the whole line in the order's currency, at `rate_micros`
    charged = models.BigIntegerField()
    rate_micros = models.PositiveBigIntegerField(default=1_000_000)
    rate_ver = models.PositiveBigIntegerField(default=0)
    pending = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["site", "order"], name="line_site"),
            models.Index(fields=["sku"], name="line_sku"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="line_once_per_position"),
            models.CheckConstraint(condition=Q(units__gt=0, price__gte=0), name="line_counts_something"),
        ]

    @property
    def sum(self) -> int:
        """Of the line, in its own currency."""
        return self.price * self.units


class OrderPerson(models.Model):
    """A customer as orders may know him: not who he is, but what his orders can be found by (see `marks`).

    Kept up by events from the realm `customers`, so that a list of orders asks no other realm. `ver` is the customer's
    version that it shows; an older one never takes its place.
    """

    customer = models.UUIDField(primary_key=True)
    #: one of 16 bytes for each phone, e-mail and word of a name
    marks = ArrayField(models.BinaryField(), default=list)
    #: whose his orders have become
    merged_into = models.UUIDField(null=True)
    ver = models.PositiveBigIntegerField()

    class Meta:
        indexes = [GinIndex(fields=["marks"], name="person_marks")]


class OrderChange(models.Model):
    """What happened to an order: was, became, who, when. PostgreSQL refuses to change or delete a row."""

    class Kind(models.TextChoices):
        RECEIVED = "received"
        STATUS = "status"
        EDITED = "edited"
        CUSTOMER = "customer"
        PAYMENT = "payment"
        MAIL = "mail"
        STOCK = "stock"
        DUPLICATE = "duplicate"
        UNPAID = "unpaid"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    #: the login of a member of staff, or "edge:<id>", "shop" or "system"
    by = models.CharField(max_length=150)
    was = models.JSONField(default=dict)
    became = models.JSONField(default=dict)
    #: what a person wrote: free text, so it is encrypted
    words = EncryptedTextField(column="orders.change.words", person="order_id", blank=True, default="")
    seconds_editing = models.PositiveIntegerField(default=0)
    #: version of the order that this change made
    order_ver = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-at", "-order_ver"]
        indexes = [models.Index(fields=["order", "at"], name="change_of_order")]

    @property
    def said(self) -> dict[str, str]:
        """What a person wrote: `note`, and `note_was` where it took another's place."""
        return dict(json.loads(self.words)) if self.words else {}


class DuplicatePair(models.Model):
    """Two orders took the same units of one cart: shops that were cut off from each other sold one basket twice.

    Both stand; nothing of the later one is charged until somebody has decided. A decision is never changed.
    """

    class Decision(models.TextChoices):
        OPEN = ""
        KEEP_BOTH = "keep_both"
        CANCEL_LATER = "cancel_later"
        CANCEL_EARLIER = "cancel_earlier"

    earlier = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="pairs_as_earlier")
    later = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="pairs_as_later")
    found_at = models.DateTimeField(default=timezone.now)
    decision = models.CharField(max_length=14, choices=Decision.choices, blank=True, default=Decision.OPEN)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-pk"]
        indexes = [models.Index(fields=["found_at"], condition=Q(decision=""), name="pair_open")]
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="pair_once"),
            models.CheckConstraint(condition=~Q(earlier=F("later")), name="pair_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.earlier} / {self.later}"

    @property
    def is_open(self) -> bool:
        return self.decision == self.Decision.OPEN
