"""Accounts of shoppers. They are not Django's users: other tables, another cookie, another host, another database.

Name, mail, phone and address are the customer's own record (`central.people`), so nothing is kept twice. What a
browser or an edge holds (session, code, grant) is kept as a hash only, or not at all.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from central.people.models import Customer
from infra.crypto.fields import EncryptedTextField
from sync.contracts.ids import new_customer_cart_id


class Account(models.Model):
    """A customer who can sign in. It is born when its e-mail is proven; until then there is only a `Code`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="account")
    #: of the customer's e-mail, by which he signs in: one mail, one account
    email_index = models.BinaryField(unique=True)
    password = models.CharField(max_length=200)
    #: None: staff wrote another e-mail into the record, and nobody has proven it yet
    verified_at = models.DateTimeField(null=True)
    is_closed = models.BooleanField(default=False)
    #: the customer's one cart over all shops and devices
    cart = models.CharField(max_length=32, unique=True, default=new_customer_cart_id)
    language = models.CharField(max_length=8, default="en")
    site = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)
    signed_in_at = models.DateTimeField(null=True)


class Code(models.Model):
    """Six digits sent to an e-mail, to be typed back within ten minutes, in five tries.

    The digits are not kept: they are made from the id with the node's secret (`codes.digits_of`).
    """

    class Purpose(models.TextChoices):
        SIGN_UP = "sign_up"
        SIGN_IN = "sign_in"
        RESET = "reset"
        NEW_EMAIL = "new_email"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    purpose = models.CharField(max_length=9, choices=Purpose.choices)
    email = EncryptedTextField(column="shoppers.code.email")
    email_index = models.BinaryField()
    #: what follows when the code is right: the name and the password's hash of somebody who signs up
    name = EncryptedTextField(column="shoppers.code.name", blank=True, default="")
    password = models.CharField(max_length=200, blank=True)
    #: whose e-mail is to change
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE)
    site = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["email_index", "created_at"], name="code_by_mail")]


class IdSession(models.Model):
    """A browser that is signed in at the id domain. `interacted_at`: when its person last pressed something there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    hash = models.BinaryField(unique=True, max_length=32)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    device = EncryptedTextField(column="shoppers.session.device", person="account.customer_id", blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    interacted_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account"], condition=Q(ended_at=None), name="session_open")]


class Grant(models.Model):
    """A shop in which a browser is signed in; first a one-time code in an address, then the edge's proof."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants")
    session = models.ForeignKey(IdSession, on_delete=models.CASCADE, related_name="grants")
    site = models.CharField(max_length=20)
    node = models.CharField(max_length=20)
    code_hash = models.BinaryField(unique=True, max_length=32)
    redirect_uri = models.CharField(max_length=300)
    challenge = models.CharField(max_length=43)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account"], condition=Q(ended_at=None), name="grant_open")]
