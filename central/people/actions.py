"""Every change of customers; each is one transaction of the realm `customers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from central.people.errors import PhoneTaken, UnknownCustomer
from central.people.events import CustomerChanged, CustomerMatched
from central.people.models import Customer, OrderContact
from central.people.queries import email_index, phone_index
from node.realms import CUSTOMERS, atomic
from sync.contracts.orders import Person
from sync.events import record_event


@dataclass(frozen=True)
class PastContact:
    """What a shopper gave with an order of the past."""

    order: UUID
    person: Person
    site: str
    site_label: str
    at: datetime


def keep_past_contacts(past: Sequence[PastContact]) -> dict[UUID, UUID]:
    """Keep contacts of orders of the past, oldest first, and match them by phone; order -> customer.

    Tells nobody. A contact that is kept already stays as it is. A few queries, however many there are.
    """
    with atomic(CUSTOMERS):
        kept = OrderContact.objects.filter(pk__in=[one.order for one in past]).values_list("pk", "customer")
        found: dict[UUID, UUID] = dict(kept)
        indexes = {one.order: phone_index(one.person.phone) for one in past}
        wanted = [index for index in indexes.values() if index]
        customers = {bytes(row.phone_index or b""): row for row in Customer.objects.filter(phone_index__in=wanted)}
        made: list[Customer] = []
        contacts: list[OrderContact] = []
        for one in past:
            if one.order in found:
                continue
            index = indexes[one.order] or b""
            if not index or index not in customers:
                customer = _new(one.person, site=one.site, site_label=one.site_label, at=one.at)
                customers[index] = customer
                made.append(customer)
            contacts.append(_contact(one.order, customers[index], one.person, one.site, one.at))
            found[one.order] = customers[index].pk
        Customer.objects.bulk_create(made, batch_size=500)
        OrderContact.objects.bulk_create(contacts, batch_size=500)
    return found


def match_or_make_customer(order_id: UUID, person: Person, *, site: str, site_label: str) -> Customer:
    """Keep what the shopper gave with an order, and find whose it is: the same phone, else the same e-mail, else new.

    Called again for the same order it returns the same customer and writes nothing.
    """
    try:
        return _match_or_make(order_id, person, site, site_label)
    except IntegrityError:
        # Another order of the same shopper was here at the same moment: now his row is there to be found.
        return _match_or_make(order_id, person, site, site_label)


def _match_or_make(order_id: UUID, person: Person, site: str, site_label: str) -> Customer:
    with atomic(CUSTOMERS):
        if known := OrderContact.objects.filter(pk=order_id).select_related("customer").first():
            return known.customer
        customer = _found(person)
        is_new = customer is None
        if customer is None:
            customer = _new(person, site=site, site_label=site_label, at=timezone.now())
            customer.save(force_insert=True)
        else:
            _filled_in(customer, person)
        _contact(order_id, customer, person, site, timezone.now()).save(force_insert=True)
        _tell(customer)
        event = CustomerMatched(order=order_id.hex, customer=customer.pk.hex, is_new=is_new)
        record_event(event, realm=CUSTOMERS)
    return customer


def _found(person: Person) -> Customer | None:
    customers = Customer.objects.select_for_update().order_by("created_at")
    phone, email = phone_index(person.phone), email_index(person.email)
    if phone and (customer := customers.filter(phone_index=phone).first()):
        return _survivor(customer)
    if not email:
        return None
    same_mail = customers.filter(email_index=email, merged_into=None)
    # A shared mailbox is no proof: with another phone it is another person.
    return same_mail.filter(phone_index=None).first() if phone else same_mail.first()


def _survivor(customer: Customer) -> Customer:
    """The customer himself, or whom he was merged into."""
    return _locked(customer.merged_into_id) if customer.merged_into_id else customer


def _new(person: Person, *, site: str, site_label: str, at: datetime) -> Customer:
    return Customer(
        name=person.name,
        phone=person.phone,
        email=person.email,
        phone_index=phone_index(person.phone),
        email_index=email_index(person.email),
        language=person.language,
        source_site=site,
        source_label=site_label,
        created_at=at,
    )


def _contact(order_id: UUID, customer: Customer, person: Person, site: str, at: datetime) -> OrderContact:
    return OrderContact(
        order=order_id,
        customer=customer,
        name=person.name,
        phone=person.phone,
        email=person.email,
        address=person.address,
        comment=person.comment,
        state_url=person.state_url,
        language=person.language,
        site=site,
        created_at=at,
    )


def _filled_in(customer: Customer, person: Person) -> None:
    """Add what was not known; what was known stays, the order's own contact holds what was given this time."""
    if not customer.phone and person.phone:
        customer.phone, customer.phone_index = person.phone, phone_index(person.phone)
    if not customer.email and person.email:
        customer.email, customer.email_index = person.email, email_index(person.email)
    customer.name = customer.name or person.name
    customer.ver += 1
    customer.save()


def edit_customer(
    customer_id: UUID, *, name: str | None = None, phone: str | None = None, email: str | None = None
) -> Customer:
    """Write what is known of a customer (of whom he was merged into); None leaves what is there.

    What was given with his orders stays as it was. Raises `UnknownCustomer`, `PhoneTaken`.
    """
    with atomic(CUSTOMERS):
        customer = _survivor(_locked(customer_id))
        given = {"name": name, "phone": phone, "email": email}
        changed = {key: text for key, text in given.items() if text is not None and text != getattr(customer, key)}
        if not changed:
            return customer
        for key, text in changed.items():
            setattr(customer, key, text)
        customer.phone_index, customer.email_index = phone_index(customer.phone), email_index(customer.email)
        _take_phone(customer)
        _changed(customer)
    return customer


def _take_phone(customer: Customer) -> None:
    """The place of his phone in the index: from a sign-post that leads to him, never from another customer."""
    same = Customer.objects.select_for_update().filter(phone_index=customer.phone_index).exclude(pk=customer.pk)
    owner = same.first() if customer.phone_index else None
    if owner and owner.merged_into_id != customer.pk:
        raise PhoneTaken(customer.pk, owner.pk)
    if owner:
        owner.phone_index = None
        owner.save(update_fields=["phone_index"])


def merge_customers(gone: UUID, into: UUID) -> Customer:
    """Two customers are one person: the orders of `gone` become those of `into`, and so do all that come later.

    `gone` stays as a sign-post with its phone and mail, so that an order with them finds the right person. Told again
    it changes nothing. Raises `UnknownCustomer`.
    """
    with atomic(CUSTOMERS):
        # In order of their ids: two merges at one moment wait for each other instead of locking each other out.
        locked = {pk: _locked(pk) for pk in sorted({gone, into})}
        left, kept = _survivor(locked[gone]), _survivor(locked[into])
        if left.pk == kept.pk:
            return kept
        OrderContact.objects.filter(customer=left).update(customer=kept)
        _hand_over(left, kept)
        for one in (left, *Customer.objects.select_for_update().filter(merged_into=left).order_by("pk")):
            one.merged_into = kept
            _changed(one)
        _changed(kept)
    return kept


def _hand_over(left: Customer, kept: Customer) -> None:
    """What `kept` lacks; with a phone goes its place in the index, which is there once."""
    kept.name = kept.name or left.name
    if not kept.email:
        kept.email, kept.email_index = left.email, left.email_index
    if not kept.phone:
        kept.phone, kept.phone_index = left.phone, left.phone_index
        left.phone_index = None


def erase_customer(customer_id: UUID) -> None:
    """Forget who a customer was, and all that was given with his orders; that he bought stays.

    Raises `UnknownCustomer`.
    """
    with atomic(CUSTOMERS):
        customer = _survivor(_locked(customer_id))
        for one in (customer, *Customer.objects.select_for_update().filter(merged_into=customer).order_by("pk")):
            one.name = one.phone = one.email = ""
            one.phone_index = one.email_index = None
            _changed(one)
        for contact in OrderContact.objects.filter(customer=customer):
            contact.name = contact.phone = contact.email = contact.address = contact.comment = contact.state_url = ""
            contact.save()


def _locked(customer_id: UUID) -> Customer:
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer(customer_id)
    return customer


def _changed(customer: Customer) -> None:
    customer.ver += 1
    customer.save()
    _tell(customer)


def _tell(customer: Customer) -> None:
    record_event(CustomerChanged(customer=customer.pk.hex, ver=customer.ver), realm=CUSTOMERS)
