"""Many orders moved at once, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from central.orders.actions import change_status
from central.orders.bulk import CHANGE_STATUS, StatusForm
from central.orders.errors import MoveRefused, StaleOrder
from central.orders.models import Order
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "orders", "catalog"])


@pytest.fixture
def olga(node_home: Any) -> User:
    cast.site("tea")
    return cast.staff("olga", "operator")


def test_an_order_goes_where_its_status_leads_and_back(olga: User) -> None:
    order = cast.order("tea")

    told = CHANGE_STATUS.do(order, olga, {"to": "confirmed"})
    assert Order.objects.get().status_id == "confirmed"
    assert CHANGE_STATUS.undo is not None
    CHANGE_STATUS.undo(Order.objects.get(), olga, told)

    assert Order.objects.get().status_id == "new"
    with pytest.raises(MoveRefused):
        CHANGE_STATUS.do(order, olga, {"to": "delivered"})


def test_there_is_no_way_back_where_no_button_leads_back(olga: User) -> None:
    assert CHANGE_STATUS.do(cast.order("tea"), olga, {"to": "cancelled"}) is None


def test_what_others_did_since_is_not_taken_back(olga: User) -> None:
    order = cast.order("tea")
    told = CHANGE_STATUS.do(order, olga, {"to": "confirmed"})
    change_status(order.pk, "packed", by="ada")
    assert CHANGE_STATUS.undo is not None

    with pytest.raises(StaleOrder):
        CHANGE_STATUS.undo(Order.objects.get(), olga, told)

    assert Order.objects.get().status_id == "packed"


def test_only_a_status_that_is_there_can_be_chosen(olga: User) -> None:
    assert StatusForm({"to": "sent"}, olga).is_valid()
    assert not StatusForm({"to": "nowhere"}, olga).is_valid()
