"""Shoppers and what they gave with each order. Every personal column is encrypted from the first row.

A dump of this realm shows when somebody bought and where, not who: names, phones, mails, addresses and comments are
AES-GCM under a key of the person, which lies wrapped by a key that is not in the database; equal phones and mails are
found by a keyed blind index.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from infra.crypto.fields import EncryptedTextField

#: columns of the blind indexes: named for ever, like the encrypted ones
PHONE_INDEX = "people.phone"
EMAIL_INDEX = "people.email"


class Customer(models.Model):
    """One shopper over all shops, as far as we can tell: the same phone, else the same e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = EncryptedTextField(column="people.name", person="id", blank=True, default="")
    phone = EncryptedTextField(column="people.phone", person="id", blank=True, default="")
    email = EncryptedTextField(column="people.email", person="id", blank=True, default="")
    #: where the shopper wants things brought, as written in the account; an order's own address stays with the order
    address = EncryptedTextField(column="people.address", person="id", blank=True, null=True)  # type: ignore[misc] # added later
    phone_index = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True)
    #: a phone that another customer has too: written down and found by, but no proof of who somebody is
    claimed_index = models.BinaryField(null=True)
    language = models.CharField(max_length=8, default="en")
    #: the site of the first order: where the customer came from, which never changes
    source_site = models.CharField(max_length=20)
    source_label = models.CharField(max_length=30)
    created_at = models.DateTimeField(default=timezone.now)
    #: rises with every change, of the row or of the contacts that belong to it
    ver = models.PositiveBigIntegerField(default=1)
    #: found to be the same person as another, never a chain; taken back by `merging.undo_merge`
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    #: forgotten on request (see `actions.erase_customer`); the row stays for the orders to lead to
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # One phone, one customer: the index decides between two handlers that run at once.
            models.UniqueConstraint(fields=["phone_index"], condition=Q(phone_index__isnull=False), name="phone_once"),
        ]
        indexes = [
            models.Index(fields=["email_index"], name="customer_email"),
            models.Index(fields=["claimed_index"], name="customer_claimed"),
        ]

    @property
    def has_proven_phone(self) -> bool:
        """Whether the phone is this customer's alone, as far as we can tell."""
        return self.phone_index is not None


class OrderContact(models.Model):
    """What the shopper gave with one order: whom to call and where to bring it, whatever he says next time."""

    order = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    name = EncryptedTextField(column="people.contact.name", person="customer_id", blank=True, default="")
    phone = EncryptedTextField(column="people.contact.phone", person="customer_id", blank=True, default="")
    email = EncryptedTextField(column="people.contact.email", person="customer_id", blank=True, default="")
    address = EncryptedTextField(column="people.contact.address", person="customer_id", blank=True, default="")
    comment = EncryptedTextField(column="people.contact.comment", person="customer_id", blank=True, default="")
    #: address of the order's page at its shop: whoever has it may look
    state_url = EncryptedTextField(column="people.contact.state_url", person="customer_id", blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    site = models.CharField(max_length=20)
    #: placed while signed in: the customer's beyond doubt
    is_signed_in = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)


class Doubt(models.Model):
    """Two customers who may be one person: a phone or an e-mail in common, and nothing that proves it.

    The rows named here stay those the doubt was about; who they are by now is said by `merged_into`.
    """

    class State(models.TextChoices):
        OPEN = "open"
        SAME = "same"
        APART = "apart"

    class Why(models.TextChoices):
        PHONE = "phone"
        EMAIL = "email"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="doubts")
    other = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=5, choices=Why.choices)
    state = models.CharField(max_length=5, choices=State.choices, default=State.OPEN)
    at = models.DateTimeField(default=timezone.now)
    decided_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "other", "why"], name="doubt_once")]


class Merge(models.Model):
    """Two customers were said to be one person, and all that is needed to take it back."""

    gone = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_away")
    kept = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    at = models.DateTimeField(default=timezone.now)
    #: login, "" for Rialto itself
    by = models.CharField(max_length=150, blank=True)
    #: JSON of `merging.Before`, with both records as they were; "" once the person was erased
    before = EncryptedTextField(column="people.merge.before", person="kept_id", blank=True, default="")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kept"], condition=Q(undone_at=None), name="merge_standing")]
