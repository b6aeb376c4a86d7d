"""What the shopper typed: read from the request, checked, shown again, sealed. Never kept in clear."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.utils.translation import gettext as _

from edge.checkout.summary import Quote
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.normalise import email_key, phone_e164
from sync.contracts.codec import pack
from sync.contracts.documents import DeliveryMethod, PaymentMethod, SiteDoc
from sync.contracts.orders import Person

#: the version of the text the shopper agrees to; a changed text gets a new one
CONSENT_TEXT = "2026-11"

#: a form and the quote of 300 tokens fit; nobody types more
MAX_BODY = 384 * 1024

#: numbers without a country code are read as of this country
_REGIONS = {"ru": "RU"}
_LIMITS = {"name": 100, "phone": 40, "email": 254, "address": 300, "comment": 1000, "delivery": 40, "payment": 40}


@dataclass(frozen=True, repr=False)
class Form:
    """The fields of the page, as typed. It has no repr: it must not show in a log or a traceback."""

    name: str = ""
    phone: str = ""
    email: str = ""
    delivery: str = ""
    address: str = ""
    payment: str = ""
    comment: str = ""
    consent: str = ""


@dataclass(frozen=True, repr=False)
class Checked:
    """A form with nothing wrong in it."""

    person: Person
    delivery: DeliveryMethod
    payment: PaymentMethod


def read(posted: Mapping[str, str]) -> Form:
    return Form(**{field.name: str(posted.get(field.name, "")).strip() for field in fields(Form)})


def check(form: Form, site: SiteDoc) -> tuple[Checked | None, dict[str, str]]:
    """The checked form, or what is wrong, field by field, in the shopper's language."""
    wrong = {name: _("This is too long.") for name, limit in _LIMITS.items() if len(getattr(form, name)) > limit}
    if not form.name:
        wrong["name"] = _("Tell us your name.")
    phone = _phone(form, site, wrong)
    email = _email(form, wrong)
    delivery = next((method for method in site.deliveries if method.code == form.delivery), None)
    payment = next((method for method in site.payments if method.code == form.payment), None)
    if delivery is None:
        wrong["delivery"] = _("Choose how to get your order.")
    elif delivery.needs_address and not form.address:
        wrong["address"] = _("Where shall we bring it?")
    if payment is None:
        wrong["payment"] = _("Choose how to pay.")
    if not form.consent:
        wrong["consent"] = _("We need your consent to work on your order.")
    if wrong or delivery is None or payment is None:
        return None, wrong
    person = Person(
        name=form.name,
        phone=phone,
        email=email,
        address=form.address if delivery.needs_address else "",
        comment=form.comment,
        language=site.language,
    )
    return Checked(person, delivery, payment), {}


def fingerprint(form: Form, quote: Quote) -> bytes:
    """32 bytes that say whether two posts are the same. The key never reaches our disk, so neither does a guess."""
    body = pack([[getattr(form, field.name) for field in fields(Form)], quote])
    return hmac.digest(bytes.fromhex(quote.page_key), body, hashlib.sha256)


def _phone(form: Form, site: SiteDoc, wrong: dict[str, str]) -> str:
    region = _REGIONS.get(site.language, "")
    try:
        return phone_e164(form.phone, region)
    except NotAPhone:
        if not form.phone:
            wrong["phone"] = _("We need a phone number to reach you.")
        elif not region and "+" not in form.phone:
            wrong["phone"] = _("Write the number with its country code, such as +44 …")
        else:
            wrong["phone"] = _("This does not look like a phone number.")
        return ""


def _email(form: Form, wrong: dict[str, str]) -> str:
    if not form.email:
        return ""
    try:
        return email_key(form.email)
    except NotAnEmail:
        wrong["email"] = _("This does not look like an e-mail address.")
        return ""
