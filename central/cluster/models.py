"""Sites, nodes, invites and rates: what the cluster is made of."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

SLUG = RegexValidator(r"^[a-z][a-z0-9-]{0,19}$", "a small letter, then small letters, digits or dashes, 20 at most")
WEEK_MINUTES = 7 * 24 * 60


class Node(models.Model):
    """A machine of the cluster that serves sites. Its row outlives it: orders name it for ever."""

    class State(models.TextChoices):
        INVITED = "invited"
        JOINED = "joined"
        REVOKED = "revoked"

    id = models.CharField(primary_key=True, max_length=20, validators=[SLUG])
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.INVITED)
    #: raised at each join of a new disk: what the old disk still holds can no longer speak for the node
    epoch = models.PositiveIntegerField(default=0)
    #: an epoch that is over though no other has begun: its disk was seen to be rolled back or copied
    dead_epoch = models.PositiveIntegerField(default=0)
    #: hash of the asking that began this epoch, when the node asked for it: sent again it gets the same answer
    adopted_by = models.CharField(max_length=64, blank=True)
    sign_key = models.CharField(max_length=64, blank=True)
    seal_key = models.CharField(max_length=64, blank=True)
    operator_email = models.EmailField(blank=True)
    #: in which its operator is written to, "" for English
    operator_language = models.CharField(max_length=8, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class NodeHealth(models.Model):
    """The last heartbeat of a node, apart from its row because it changes every few seconds."""

    node = models.OneToOneField(Node, primary_key=True, on_delete=models.CASCADE, related_name="health")
    heard_at = models.DateTimeField()
    version = models.CharField(max_length=40, blank=True)
    #: ops made at the edge that central has not taken in yet
    backlog = models.PositiveIntegerField(default=0)
    #: log entries of all realms the edge has not applied yet
    lag = models.PositiveIntegerField(default=0)
    detail = models.JSONField(default=dict)


class Silence(models.Model):
    """A node was not heard from for longer than is allowed. People are told once as it begins and once as it ends."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="silences")
    #: the last heartbeat before it; None for a node that has joined and never spoke
    heard_at = models.DateTimeField(null=True)
    noticed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-noticed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["node"], condition=models.Q(ended_at__isnull=True), name="silence_open_once_per_node"
            )
        ]


class Watch(models.Model):
    """How the cluster watches its nodes: one row, absent until somebody changes it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    silent_after_minutes = models.PositiveSmallIntegerField(default=5)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=150, blank=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="watch_one_row"),
            models.CheckConstraint(condition=models.Q(silent_after_minutes__gte=1), name="watch_at_least_a_minute"),
        ]


class RealmHealth(models.Model):
    """Whether a realm answers, and since when: written when that changes."""

    realm = models.CharField(primary_key=True, max_length=20)
    is_up = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=timezone.now)


class RealmOutage(models.Model):
    """A realm did not answer for so long that people were told; told once more when it has ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    realm = models.CharField(max_length=20)
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two sweeps at once must not both tell.
            models.UniqueConstraint(fields=["realm"], condition=models.Q(ended_at=None), name="one_outage_of_a_realm"),
        ]


class SiteGroup(models.Model):
    """Sites that are managed together: lists narrow to a group, rights may be given for one. Groups may nest.

    Not the cart group: that one decides which shops share a cart.
    """

    id = models.CharField(primary_key=True, max_length=20, validators=[SLUG])
    title = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class Detection(models.TextChoices):
    OFF = "off"
    OFFER = "offer"
    MOVE = "move"


class Site(models.Model):
    """One shop of the cluster. Switched off it keeps its history; it is never deleted."""

    id = models.CharField(primary_key=True, max_length=20, validators=[SLUG])
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=30)
    colour = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-f]{6}$", "like #0b7285")])
    origin = models.CharField(max_length=200, unique=True)
    extra_hosts = models.JSONField(default=list, blank=True)
    language = models.CharField(max_length=8, default="en")
    currency = models.CharField(max_length=3)
    theme = models.CharField(max_length=30)
    #: sites of one cart group share one live cart; documents are published per cart group
    cart_group = models.CharField(max_length=20, default="main")
    #: for management; shoppers do not notice it
    group = models.ForeignKey(SiteGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="sites")
    #: the edge that has the site's live carts; static files may have many origins, carts and hops have one
    node = models.ForeignKey(Node, null=True, blank=True, on_delete=models.PROTECT, related_name="sites")
    #: the site whose settings this one may take; `central.cluster.inheritance` says how
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    #: names of settings taken from the parent
    inherits = models.JSONField(default=list, blank=True)
    #: names of settings that the sites below may not have of their own
    locks = models.JSONField(default=list, blank=True)
    #: setting -> the site's own value, while a parent's stands in its column
    kept = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    #: tagline, about, phone, email, address, deliveries, payments: as in SiteDoc
    texts = models.JSONField(default=dict, blank=True)
    deliveries = models.JSONField(default=list, blank=True)
    payments = models.JSONField(default=list, blank=True)
    #: how its pages lie as files: `sync.contracts.documents.PagesDoc`
    pages = models.JSONField(default=dict, blank=True)
    #: a shopper has to pay online from when he got the page to pay on; then his units are free again. 0: for ever
    unpaid_minutes = models.PositiveSmallIntegerField(default=30, validators=[MaxValueValidator(WEEK_MINUTES)])
    #: staff who opened the shop before this see what visitors see
    previews_ended_at = models.DateTimeField(null=True, blank=True)
    #: as in `MediaDoc`; `central.cdn` writes it, by `cluster.actions.set_media`
    media = models.JSONField(default=dict, blank=True)
    #: what a first visitor gets whose browser or place asks for another language or region: as in `SiteDoc`
    detection = models.CharField(max_length=5, choices=Detection.choices, default=Detection.OFFER)
    created_at = models.DateTimeField(default=timezone.now)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class SiteLanguage(models.Model):
    """One more language of a shop, with an address of its own: an origin, or a path below the shop's."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="languages")
    #: IETF tag in small letters
    code = models.CharField(max_length=16)
    #: as its speakers call it
    name = models.CharField(max_length=60)
    origin = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=41, blank=True)
    #: `sync.contracts.documents.SiteWords`, of it what is not ""
    words = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="language_once_per_site")]

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A city or region, the same for all shops, so that prices of sister shops follow a shopper. Regions may nest.

    What a shop is there, it says for itself: `SiteRegion`.
    """

    id = models.CharField(primary_key=True, max_length=20, validators=[SLUG])
    title = models.CharField(max_length=80)
    #: language -> title
    titles = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    #: among those of one parent
    position = models.PositiveSmallIntegerField(default=0)
    #: where a visitor is at home here: "RU", "RU-MOW" (ISO 3166), "524901" (GeoNames)
    places = models.JSONField(default=list, blank=True)
    ver = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["position", "title", "id"]

    def __str__(self) -> str:
        return self.title


class SiteRegion(models.Model):
    """What a shop is in a region. "" and None are as in the region around it, at the top as in the shop.

    With neither origin nor path it has no pages of its own; its values reach the regions in it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="regions")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="at_sites")
    origin = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=41, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    #: in the shop's language; as `SiteLanguage.words`
    words = models.JSONField(default=dict, blank=True)
    #: language -> words
    translations = models.JSONField(default=dict, blank=True)
    deliveries = models.JSONField(null=True, blank=True)
    payments = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["region"]
        constraints = [models.UniqueConstraint(fields=["site", "region"], name="region_once_per_site")]


class PageWords(models.Model):
    """The words of shops' pages in one language, as staff have written them; `ver` is that of their document."""

    language = models.CharField(primary_key=True, max_length=16)
    ver = models.PositiveBigIntegerField(default=1)


class PageWord(models.Model):
    """One text of shops' pages: `key` as in `WordsDoc`, one of `forms` for each number the language tells apart."""

    words = models.ForeignKey(PageWords, on_delete=models.CASCADE, related_name="rows")
    key = models.CharField(max_length=1000)
    forms = models.JSONField()

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["words", "key"], name="page_word_once")]


class Invite(models.Model):
    """A one-time right to join as `node`. Only the secret's hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="invites")
    secret_hash = models.BinaryField()
    expires_at = models.DateTimeField()
    #: the key that used it: the same node may repeat a broken join, no other may use its token
    used_by = models.CharField(max_length=64, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)


class Rate(models.Model):
    """How many micro-units of `quote` one whole unit of `base` costs; published to every edge."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    micros = models.PositiveBigIntegerField()
    ver = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote"], name="rate_once_per_pair"),
            models.CheckConstraint(condition=models.Q(micros__gt=0), name="rate_above_zero"),
        ]


class Refusal(models.Model):
    """Somebody who was not let in at a door of the cluster, by the hour: a thousand knocks are one row."""

    class Door(models.TextChoices):
        JOIN = "join"
        LINK = "link"

    door = models.CharField(max_length=4, choices=Door.choices)
    #: who it said it is: proven only for what is refused inside a link
    node = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=40)
    address = models.CharField(max_length=60, blank=True)
    hour = models.DateTimeField()
    #: at most one a second is counted
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["door", "node", "code", "address", "hour"], name="refusal_once_an_hour"),
        ]
        indexes = [models.Index(fields=["-last_at"], name="refusal_newest")]

    def __str__(self) -> str:
        return f"{self.door} {self.node} {self.code}"
