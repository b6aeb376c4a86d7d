"""Reads of customers. But for `customers_visible_to` they carry no scope: ask with what an order the person may see
has given you."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from central.accounts.scope import ALL, visible_sites
from central.people.models import EMAIL_INDEX, PHONE_INDEX, Customer, Doubt, Merge, OrderContact
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.fields import blind_index, blind_indexes
from infra.crypto.normalise import email_key, phone_e164


def phone_index(phone: str, region: str = "RU") -> bytes | None:
    """The blind index of a phone in any spelling, None when it is none."""
    try:
        return blind_index(PHONE_INDEX, phone_e164(phone, region))
    except NotAPhone:
        return None


def email_index(email: str) -> bytes | None:
    """The blind index of an address, None when it is none."""
    try:
        return blind_index(EMAIL_INDEX, email_key(email))
    except NotAnEmail:
        return None


def phone_indexes(phone: str, region: str = "RU") -> list[bytes]:
    """What a phone may be found by: while the indexes are written anew under another key there are two."""
    try:
        return blind_indexes(PHONE_INDEX, phone_e164(phone, region))
    except NotAPhone:
        return []


def email_indexes(email: str) -> list[bytes]:
    """The same of an address."""
    try:
        return blind_indexes(EMAIL_INDEX, email_key(email))
    except NotAnEmail:
        return []


def customers_by_phone(phone: str, *, region: str = "RU") -> QuerySet[Customer]:
    """Customers with exactly this phone. `region` reads a number without a country code."""
    indexes = phone_indexes(phone, region)
    return Customer.objects.filter(_has_phone(indexes)) if indexes else Customer.objects.none()


def customers_by_email(email: str) -> QuerySet[Customer]:
    """Customers with exactly this address."""
    return Customer.objects.filter(email_index__in=email_indexes(email))


def customers_visible_to(user: Any) -> QuerySet[Customer]:
    """Those who came from a site of the person's, or ordered at one; none for a stranger."""
    customers = Customer.objects.filter(merged_into=None)
    seen = visible_sites(user)
    if seen is ALL:
        return customers
    return customers.filter(of_sites(sorted(seen))) if seen else customers.none()


def of_sites(sites: Iterable[str]) -> Q:
    """Who came from these sites, or ordered at one of them."""
    ordered = OrderContact.objects.filter(customer=OuterRef("pk"), site__in=list(sites))
    return Q(source_site__in=list(sites)) | Q(Exists(ordered))


def customers_by_contact(text: str) -> QuerySet[Customer]:
    """Customers whose phone or e-mail is `text`."""
    by_phone, by_email = phone_indexes(text), email_indexes(text)
    wanted = _has_phone(by_phone) if by_phone else Q(email_index__in=by_email) if by_email else None
    return Customer.objects.filter(wanted) if wanted is not None else Customer.objects.none()


def _has_phone(indexes: list[bytes]) -> Q:
    return Q(phone_index__in=indexes) | Q(claimed_index__in=indexes)


def contact_of(order: UUID) -> OrderContact | None:
    """What was given with an order, `contact.customer` included; None until its handler has been there."""
    return OrderContact.objects.filter(pk=order).select_related("customer").first()


def orders_of_account(customer_id: UUID, email: str) -> list[UUID]:
    """Orders that an account may show, newest first: placed while signed in, or with its proven mail.

    Others were matched by their phone alone, which anybody may have typed: staff see them, the account does not.
    """
    index = email_index(email)
    contacts = OrderContact.objects.filter(customer=customer_id).order_by("-created_at")
    return [one.pk for one in contacts if one.is_signed_in or (index and email_index(one.email) == index)]


def customer(customer_id: UUID) -> Customer | None:
    return Customer.objects.filter(pk=customer_id).first()


def customers_of(orders: Iterable[UUID]) -> dict[UUID, UUID]:
    """Order -> whose it is, of those whose handler has been there."""
    return dict(OrderContact.objects.filter(pk__in=list(orders)).values_list("pk", "customer"))


def sites_of(customer: Customer) -> frozenset[str]:
    """Where he came from and where he ordered; of those merged into him too."""
    came = Customer.objects.filter(Q(pk=customer.pk) | Q(merged_into=customer)).values_list("source_site", flat=True)
    return frozenset(came) | frozenset(customer.contacts.values_list("site", flat=True))


def doubts() -> QuerySet[Any]:
    """All doubts, with `one` and `two`: the ids of whom the two records are by now."""
    return Doubt.objects.annotate(
        one=Coalesce("customer__merged_into", "customer"), two=Coalesce("other__merged_into", "other")
    )


def open_doubts_of(customer: Customer) -> QuerySet[Any]:
    """Those that wait for a person, from either side; not what a merge has settled by the way."""
    found = doubts().filter(state=Doubt.State.OPEN).exclude(one=F("two"))
    return found.filter(Q(one=customer.pk) | Q(two=customer.pk)).select_related("customer", "other")


def standing_merges(customer: Customer) -> QuerySet[Merge]:
    """Merges into a customer, the last first: only that one can be taken back now."""
    return Merge.objects.filter(kept=customer, undone_at=None).select_related("gone")


def names_of(orders: Iterable[UUID]) -> dict[UUID, str]:
    """Order -> the name given with it, of those whose handler has been there."""
    return {contact.pk: contact.name for contact in OrderContact.objects.filter(pk__in=list(orders))}


@dataclass
class KnownAs:
    """All that a customer was ever called or reached by: his own row, his contacts, those merged into him."""

    ver: int
    merged_into: UUID | None
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)

    def add(self, row: Customer | OrderContact) -> None:
        for kept, text in ((self.names, row.name), (self.phones, row.phone), (self.emails, row.email)):
            if text:
                kept.add(text)


def known_as(customers: Iterable[UUID]) -> dict[UUID, KnownAs]:
    """Customer -> what is known of him, at his `ver` or later. A customer that is gone is left out."""
    wanted = list(customers)
    # The version is read before the rest: what changes in between has an event of its own to come.
    found: dict[UUID, KnownAs] = {}
    for row in Customer.objects.filter(pk__in=wanted):
        found[row.pk] = KnownAs(row.ver, row.merged_into_id)
        if row.merged_into_id is None:
            found[row.pk].add(row)
    for contact in OrderContact.objects.filter(customer__in=found):
        found[contact.customer_id].add(contact)
    for gone in Customer.objects.filter(merged_into__in=found):
        if gone.merged_into_id:
            found[gone.merged_into_id].add(gone)
    return found


def customers_after(last: UUID | None, limit: int) -> list[UUID]:
    """The next customers in order of their ids; for work that walks over all of them."""
    rows = Customer.objects.filter(pk__gt=last) if last else Customer.objects.all()
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
