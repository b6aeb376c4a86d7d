"""Ctrl K answers what the person may see, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
        cast.product(site, f"POT-{site}", f"Чайник {site}")
        cast.order(site, number=f"{site.upper()}-A-000007")


def titles(user: Any, text: str) -> set[str]:
    answer = cast.signed_in(user).get("/palette", {"q": text}).json()
    return {hit["title"] for group in answer["groups"] for hit in group["hits"]}


def test_orders_are_found_by_a_part_of_their_number() -> None:
    assert {"TEA-A-000007", "CLAY-A-000007"} <= titles(cast.staff("ada", "admin"), "000007")


def test_products_are_found_by_title_in_any_case() -> None:
    assert {"Чайник tea", "Чайник clay"} <= titles(cast.staff("ada", "admin"), "чАЙник")


def test_other_sites_are_not_found() -> None:
    user = cast.staff("olga", "operator", sites=["tea"])

    assert titles(user, "000007") == {"TEA-A-000007"}
    assert titles(user, "чайник") == {"Чайник tea"}


def test_who_has_no_rights_finds_only_his_profile() -> None:
    user = cast.stranger()

    assert titles(user, "") == {"Home", "Profile"}
    assert titles(user, "000007") == set()


def test_a_phone_finds_orders_only_for_who_may_see_customers() -> None:
    from central.orders.models import Order

    order = Order.objects.get(number="TEA-A-000007")
    _give_contact(order)

    assert "TEA-A-000007" in titles(cast.staff("olga", "operator"), "+7 000 000-00-01")
    assert titles(cast.staff("vera", "viewer"), "+7 000 000-00-01") == set()


def _give_contact(order: Any) -> None:
    from central.orders.person_index import index_customers
    from central.people.models import Customer, OrderContact
    from central.people.queries import phone_index

    phone = "+70000000001"
    customer = Customer.objects.create(
        name="Анна", phone=phone, phone_index=phone_index(phone), source_site="tea", source_label="L-tea"
    )
    OrderContact.objects.create(order=order.pk, customer=customer, name="Анна", phone=phone, site="tea")
    order.customer = customer.pk
    order.save(update_fields=["customer"])
    index_customers([customer.pk])
