"""Every change of customers; each is one transaction of the realm `customers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connections
from django.db.models import Q
from django.utils import timezone

from central.history.actions import forget
from central.people import hooks
from central.people.errors import ErasedCustomer, StaleCustomer, UnknownCustomer
from central.people.events import CustomerChanged, CustomerErased, CustomerMatched
from central.people.models import Customer, Doubt, Merge, OrderContact
from central.people.naming import Naming
from central.people.queries import email_index, email_indexes, phone_index, phone_indexes
from central.ui.lists.actions import views_that
from infra.crypto import persons
from node.acting import named
from node.realms import CUSTOMERS, alias_of, atomic
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
        customers = _known_phones([one.person.phone for one in past])
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
        persons.ensure(CUSTOMERS, [contact.customer_id for contact in contacts])
        Customer.objects.bulk_create(made, batch_size=500)
        OrderContact.objects.bulk_create(contacts, batch_size=500)
    return found


def _known_phones(phones: Sequence[str]) -> dict[bytes, Customer]:
    """Index under the current key -> whose it is, also where it is still stored under an older one."""
    found = {index: phone_index(phone) or b"" for phone in phones for index in phone_indexes(phone)}
    rows = Customer.objects.filter(phone_index__in=list(found))
    return {found[bytes(row.phone_index or b"")]: row for row in rows}


def match_or_make_customer(
    order_id: UUID, person: Person, *, site: str, site_label: str, signed_in: UUID | None = None
) -> Customer:
    """Keep what the shopper gave with an order, and find whose it is.

    Signed in: his own, whatever he typed. Else the same phone, else the same e-mail, else somebody new. Called again
    for the same order it returns the same customer and writes nothing.
    """
    try:
        return _match_or_make(order_id, person, site, site_label, signed_in)
    except IntegrityError:
        # Another order of the same shopper was here at the same moment: now his row is there to be found.
        return _match_or_make(order_id, person, site, site_label, signed_in)


def _match_or_make(order_id: UUID, person: Person, site: str, site_label: str, signed_in: UUID | None) -> Customer:
    with atomic(CUSTOMERS):
        if known := OrderContact.objects.filter(pk=order_id).select_related("customer").first():
            return known.customer
        # An account's e-mail changes with the account only: an order must not choose where the codes are sent.
        known_as = Customer.objects.select_for_update().filter(pk=signed_in).first() if signed_in else None
        account = survivor(known_as) if known_as else None
        if account and account.erased_at:
            account = None  # the order was on its way while he was erased: whose it is he may say anew
        queue_up_for(person)
        customer = account or _found(person)
        is_new = customer is None
        if customer is None:
            customer = _new(person, site=site, site_label=site_label, at=timezone.now())
            customer.save(force_insert=True)
        elif account or hooks.is_free(customer):
            # Whoever knows somebody's phone can order with it: that changes nothing of an account.
            _filled_in(customer, person)
        contact = _contact(order_id, customer, person, site, timezone.now())
        contact.is_signed_in = account is not None
        contact.save(force_insert=True)
        _tell(customer)
        event = CustomerMatched(order=order_id.hex, customer=customer.pk.hex, is_new=is_new)
        record_event(event, realm=CUSTOMERS)
    return customer


#: what of a customer may be changed, by himself in his account and by staff in his card
FIELDS = ("name", "phone", "email", "address")


def change_customer(
    customer_id: UUID,
    values: Mapping[str, str],
    *,
    by: str,
    is_email_proven: bool = False,
    seen_ver: int | None = None,
) -> Customer:
    """Set some of `FIELDS`. Nothing is written when nothing is new. `by`: who acts, as in `node.acting`.

    One row serves the account and the client's card, so a change of either shows in the other at once. A phone that
    is another customer's stays with him: here it is kept unproven, and a person is asked whether the two are one.
    `is_email_proven`: a code that was sent to the new mail has come back.
    Raises `UnknownCustomer`, `ErasedCustomer`, `StaleCustomer`, and what `hooks` raise, such as a mail that another
    account has.
    """
    with named(by), atomic(CUSTOMERS):
        customer = survivor(locked(customer_id))
        if customer.erased_at:
            raise ErasedCustomer(customer_id)
        if seen_ver is not None and seen_ver != customer.ver:
            raise StaleCustomer(customer_id, seen_ver, customer.ver)
        said = {name: new for name, new in values.items() if (getattr(customer, name) or "") != new}
        if not said:
            return customer
        for name, new in said.items():
            if name not in FIELDS:
                raise KeyError(name)
            setattr(customer, name, new)
        if "phone" in said:
            set_phone(customer, customer.phone)
        if "email" in said:
            customer.email_index = email_index(customer.email)
        write_changed(customer, *said)
        hooks.run_changed(customer, frozenset(said), is_email_proven)
    return customer


def customer_of_account(email: str, *, name: str, language: str, site: str, site_label: str) -> Customer:
    """The record a new account attaches to; its e-mail has just been proven. Inside the account's transaction.

    Exactly one customer known by this mail, without an account yet, all of whose orders named it: he. Otherwise
    somebody new, and a person is asked about those who might be the same: anybody can order with the phone of
    another and a mail of his own, and must not come to read the other's orders by it.
    """
    known = (
        Customer.objects.select_for_update().filter(email_index__in=email_indexes(email)).order_by("created_at")[:20]
    )
    same = list({one.pk: one for one in map(survivor, known)}.values())
    if len(same) == 1 and hooks.is_free(same[0]) and _always_named(same[0], email):
        found = same[0]
        if not found.name and name:
            found.name = name
            write_changed(found, "name")
        return found
    person = Person(name=name, phone="", email=email, language=language)
    made = _new(person, site=site, site_label=site_label, at=timezone.now())
    made.save(force_insert=True)
    _tell(made)
    for other in same:
        _doubt(made, other, Doubt.Why.EMAIL)
    return made


def _always_named(customer: Customer, email: str) -> bool:
    index = email_index(email)
    return all(email_index(contact.email) == index for contact in customer.contacts.all())


def set_phone(customer: Customer, phone: str) -> None:
    """Give a customer a phone; its place in the index, which is there once, only when nobody else has it."""
    index = phone_index(phone) if phone else None
    same = Customer.objects.select_for_update().filter(phone_index__in=phone_indexes(phone)).exclude(pk=customer.pk)
    other = same.first() if index else None
    customer.phone = phone
    if other and other.merged_into_id == customer.pk:  # a sign-post that leads here
        other.phone_index = None
        other.save(update_fields=["phone_index"])
        other = None
    customer.phone_index, customer.claimed_index = (None, index) if other else (index, None)
    if other:
        _doubt(customer, other, Doubt.Why.PHONE)


def _doubt(customer: Customer, other: Customer, why: Doubt.Why) -> None:
    Doubt.objects.get_or_create(customer=customer, other=other, why=why)


def _found(person: Person) -> Customer | None:
    customers = Customer.objects.select_for_update().order_by("created_at")
    phone, email = phone_indexes(person.phone), email_indexes(person.email)
    if phone and (customer := customers.filter(phone_index__in=phone).first()):
        return survivor(customer)
    if not email:
        return None
    same_mail = customers.filter(email_index__in=email)
    # A shared mailbox is no proof: with another phone it is another person.
    found = same_mail.filter(phone_index=None, merged_into=None).first() if phone else same_mail.first()
    return survivor(found) if found else None


def queue_up_for(person: Person) -> None:
    """While indexes are written anew the database cannot tell that two of them are one phone: whoever brings it waits.

    By the oldest key's index, which every process knows.
    """
    if len(indexes := phone_indexes(person.phone)) > 1:
        key = int.from_bytes(indexes[-1][:8], signed=True)
        with connections[alias_of(CUSTOMERS)].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def survivor(customer: Customer) -> Customer:
    """The customer himself, or whom he was merged into."""
    return locked(customer.merged_into_id) if customer.merged_into_id else customer


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
    filled = [name for name in ("phone", "email", "name") if not getattr(customer, name) and getattr(person, name)]
    if "phone" in filled:
        set_phone(customer, person.phone)
    if "email" in filled:
        customer.email, customer.email_index = person.email, email_index(person.email)
    if "name" in filled:
        customer.name = person.name
    _save(customer, *filled)


def erase_customer(customer_id: UUID, *, by: str = "") -> Customer:
    """Forget who a customer was, and all that was given with his orders, in the history too; that he bought stays.

    The keys of his data are destroyed: copies of it in backups and elsewhere do not open either.
    His account is closed, merges with him cannot be taken back, and the history says only that he was erased, when and
    by whom. Orders and saved views hear of it by `CustomerErased`. Told again it changes nothing. Raises
    `UnknownCustomer`.
    """
    with named(by), atomic(CUSTOMERS):
        customer = survivor(locked(customer_id))
        if customer.erased_at:
            return customer
        everybody = [customer, *Customer.objects.select_for_update().filter(merged_into=customer).order_by("pk")]
        contacts = list(OrderContact.objects.filter(customer=customer))
        his = Naming.of([*everybody, *contacts])
        views = [view.hex for view in views_that(his.looks_for, his.tells)]
        hooks.run_erased(everybody)
        for one in everybody:
            one.name = one.phone = one.email = one.address = ""
            one.phone_index = one.email_index = one.claimed_index = None
            one.erased_at = timezone.now()
            write_changed(one, *FIELDS, "erased_at")
        orders = [_forgotten(contact) for contact in contacts]
        Merge.objects.filter(Q(gone__in=everybody) | Q(kept__in=everybody)).update(before="")
        Doubt.objects.filter(Q(customer__in=everybody) | Q(other__in=everybody)).delete()
        forget(Customer, [one.pk for one in everybody])
        persons.destroy(CUSTOMERS, [one.pk for one in everybody])
        record_event(CustomerErased(customer=customer.pk.hex, orders=orders, views=views), realm=CUSTOMERS)
    return customer


def _forgotten(contact: OrderContact) -> str:
    contact.name = contact.phone = contact.email = contact.address = contact.comment = contact.state_url = ""
    contact.save()
    return contact.pk.hex


def locked(customer_id: UUID) -> Customer:
    """The row, held until the transaction ends. Raises `UnknownCustomer`."""
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer(customer_id)
    return customer


def write_changed(customer: Customer, *fields: str) -> None:
    """Write these fields as a new version, and tell of it."""
    _save(customer, *fields)
    _tell(customer)


#: what is found by a field, and is written with it
_FOUND_BY = {"phone": ("phone_index", "claimed_index"), "email": ("email_index",)}


def _save(customer: Customer, *fields: str) -> None:
    """Write these fields and no others: a value encrypted anew looks like a change to whoever keeps the history."""
    customer.ver += 1
    columns = [column for name in fields for column in (name, *_FOUND_BY.get(name, ()))]
    customer.save(update_fields=[*columns, "ver"])


def _tell(customer: Customer) -> None:
    record_event(CustomerChanged(customer=customer.pk.hex, ver=customer.ver), realm=CUSTOMERS)
