"""A customer's timeline tells of his orders at all sites the reader may see, and of no other."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from central.orders.actions import change_status, edit_order, set_customer
from central.ui import timeline
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "orders", "customers", "catalog"])


@pytest.fixture
def customer(node_home: Any) -> str:
    """He ordered at the tea shop, where the order went on, and at another shop."""
    found = uuid4()
    for site in ("tea", "hush"):
        cast.site(site)
        order = cast.order(site, number=f"{site.upper()}-A-000001")
        set_customer(order.pk, found)
        if site == "tea":
            change_status(order.pk, "confirmed", by="olga")
            edit_order(order.pk, note="call Anna", by="olga")
    return str(found)


def test_it_is_put_together_by_time(customer: str) -> None:
    told = timeline.entries(cast.staff("mark", "manager"), "people.customer", customer)

    assert told == sorted(told, reverse=True)
    assert {entry.site for entry in told} == {"tea", "hush"}
    assert [entry.title for entry in told if entry.by == "olga"] == [
        "TEA-A-000001: Comment edited",
        "TEA-A-000001: Status changed",
    ]


def test_of_other_sites_it_tells_nothing(customer: str) -> None:
    told = timeline.entries(cast.staff("near", "manager", sites=["tea"]), "people.customer", customer)

    assert {entry.site for entry in told} == {"tea"}


def test_without_a_right_to_people_their_words_are_hidden(customer: str) -> None:
    told = timeline.entries(cast.staff("vera", "viewer"), "people.customer", customer)

    assert told and "Anna" not in str(told)


def test_without_a_right_to_orders_it_is_silent(customer: str) -> None:
    assert timeline.entries(cast.stranger(), "people.customer", customer) == []
