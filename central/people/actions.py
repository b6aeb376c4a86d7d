"""Every change of customers; each is one transaction of the realm `customers`."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError

from central.people.events import CustomerMatched
from central.people.models import Customer, OrderContact
from central.people.queries import email_index, phone_index
from node.realms import CUSTOMERS, atomic
from sync.contracts.orders import Person
from sync.events import record_event


def match_or_make_customer(
    order_id: UUID, person: Person, *, site: str, site_label: str, is_past: bool = False
) -> Customer:
    """Keep what the shopper gave with an order, and find whose it is: the same phone, else the same e-mail, else new.

    Called again for the same order it returns the same customer and writes nothing. `is_past`: tell nobody, so that
    nobody is written to about an order of long ago.
    """
    try:
        return _match_or_make(order_id, person, site, site_label, is_past)
    except IntegrityError:
        # Another order of the same shopper was here at the same moment: now his row is there to be found.
        return _match_or_make(order_id, person, site, site_label, is_past)


def _match_or_make(order_id: UUID, person: Person, site: str, site_label: str, is_past: bool) -> Customer:
    with atomic(CUSTOMERS):
        if known := OrderContact.objects.filter(pk=order_id).select_related("customer").first():
            return known.customer
        customer = _found(person)
        is_new = customer is None
        if customer is None:
            customer = _made(person, site=site, site_label=site_label)
        else:
            _filled_in(customer, person)
        OrderContact.objects.create(
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
        )
        if not is_past:
            event = CustomerMatched(order=order_id.hex, customer=customer.pk.hex, is_new=is_new)
            record_event(event, realm=CUSTOMERS)
    return customer


def _found(person: Person) -> Customer | None:
    customers = Customer.objects.select_for_update().order_by("created_at")
    phone, email = phone_index(person.phone), email_index(person.email)
    if phone and (customer := customers.filter(phone_index=phone).first()):
        return customer
    if not email:
        return None
    same_mail = customers.filter(email_index=email)
    # A shared mailbox is no proof: with another phone it is another person.
    return same_mail.filter(phone_index=None).first() if phone else same_mail.first()


def _made(person: Person, *, site: str, site_label: str) -> Customer:
    return Customer.objects.create(
        name=person.name,
        phone=person.phone,
        email=person.email,
        phone_index=phone_index(person.phone),
        email_index=email_index(person.email),
        language=person.language,
        source_site=site,
        source_label=site_label,
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
