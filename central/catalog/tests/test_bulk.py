"""Many products repriced or switched at once, and taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from central.catalog.actions import set_price
from central.catalog.bulk import ACTIONS, PercentForm, price_by
from central.catalog.errors import StaleProduct
from central.catalog.models import Listing, Offer
from central.catalog.queries import offers_visible_to
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])

PRICE, ON, OFF = ACTIONS


@pytest.fixture
def ada(node_home: Any) -> User:
    cast.site("tea")
    cast.product("tea", "T-1", "Иван-чай", price=45_000)
    return cast.staff("ada", "admin")


def offer(user: User) -> Offer:
    return offers_visible_to(user).get()


def test_a_price_goes_up_by_per_cent_and_back(ada: User) -> None:
    told = PRICE.do(offer(ada), ada, {"percent": "10"})
    assert offer(ada).price == 49_500
    assert PRICE.undo is not None

    PRICE.undo(offer(ada), ada, told)

    assert offer(ada).price == 45_000


def test_a_price_that_was_set_since_is_not_taken_back(ada: User) -> None:
    told = PRICE.do(offer(ada), ada, {"percent": "-10"})
    set_price("tea", "T-1", "", 77_700, by="olga")
    assert PRICE.undo is not None

    with pytest.raises(StaleProduct):
        PRICE.undo(offer(ada), ada, told)

    assert offer(ada).price == 77_700


@pytest.mark.parametrize(
    ("price", "percent", "became"),
    [(1000, "10", 1100), (999, "-50", 500), (3, "10", 3), (0, "10", 0), (105, "2.5", 108)],
)
def test_halves_of_a_minor_unit_go_up(price: int, percent: str, became: int) -> None:
    assert price_by(price, Decimal(percent)) == became


@pytest.mark.parametrize("percent", ["0", "-100", "1001", "much", ""])
def test_what_is_no_change_is_refused(percent: str) -> None:
    assert not PercentForm({"percent": percent}).is_valid()


def test_products_are_switched_off_and_back_each_once(ada: User) -> None:
    assert OFF.undo is not None
    told = OFF.do(offer(ada), ada, {})
    assert not Listing.objects.get().is_active
    assert OFF.do(offer(ada), ada, {}) is None  # another unit of the same product

    OFF.undo(offer(ada), ada, told)

    assert Listing.objects.get().is_active
    assert ON.do(offer(ada), ada, {}) is None
