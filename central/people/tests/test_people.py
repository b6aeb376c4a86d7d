"""Whose order is it: the same phone, else the same e-mail, else somebody new."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import connections
from msgspec.structs import replace

from central.people.actions import match_or_make_customer
from central.people.models import Customer, OrderContact
from central.people.queries import contact_of, customers_by_contact, customers_by_email, customers_by_phone
from sync.contracts.orders import Person
from sync.store.jobs.models import Job

ANN = Person(name="Анна Примерова", phone="+70000000001", email="anna@example.com", language="ru")


def match(person: Person, order: UUID | None = None, site: str = "tea") -> Customer:
    return match_or_make_customer(order or uuid4(), person, site=site, site_label=site.title())


@pytest.mark.django_db(databases=["customers"])
def test_the_same_phone_in_another_spelling_is_the_same_customer() -> None:
    first = match(ANN)

    second = match(replace(ANN, phone="8 (000) 000-00-01", email="other@example.com", name="А. П."), site="clay")

    assert second == first
    assert (second.name, second.email, second.source_site) == ("Анна Примерова", "anna@example.com", "tea")
    assert OrderContact.objects.filter(customer=first).count() == 2


@pytest.mark.django_db(databases=["customers"])
def test_without_a_phone_the_same_mail_decides_and_the_phone_is_learnt() -> None:
    first = match(replace(ANN, phone=""))

    assert match(replace(ANN, phone="", email=" ANNA@example.com")) == first
    assert match(ANN) == first
    assert customers_by_phone("+7 000 000 00 01").get() == first


@pytest.mark.django_db(databases=["customers"])
def test_two_phones_behind_one_mailbox_are_two_customers() -> None:
    assert match(ANN) != match(replace(ANN, phone="+70000000002"))
    assert customers_by_email("anna@example.com").count() == 2


@pytest.mark.django_db(databases=["customers"])
def test_nothing_to_compare_is_somebody_new_each_time() -> None:
    nobody = Person(name="Гость", phone="", language="ru")

    assert match(nobody) != match(nobody)
    assert customers_by_contact("Гость").count() == 0


@pytest.mark.django_db(databases=["customers"])
def test_the_same_order_again_changes_nothing() -> None:
    order = uuid4()
    first = match(ANN, order)

    assert match(replace(ANN, name="Другая", phone="+70000000009"), order) == first

    contact = contact_of(order)
    assert contact is not None and contact.name == "Анна Примерова"
    assert Job.objects.using("customers").filter(handler="orders.name_customer").count() == 1


@pytest.mark.django_db(databases=["customers"], transaction=True)
def test_two_orders_at_one_moment_make_one_customer() -> None:
    def one(_: int) -> UUID:
        try:
            return match(ANN).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(one, range(12)))

    assert len(found) == 1
    assert Customer.objects.count() == 1
