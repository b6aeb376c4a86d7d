"""Many products repriced or switched at once, and taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from central.catalog.actions import set_price, set_regional_prices
from central.catalog.bulk import ACTIONS, PercentForm, RegionalPriceForm, ShowInRegionsForm, price_by
from central.catalog.errors import BadGoods, StaleProduct
from central.catalog.models import Listing, Offer
from central.catalog.queries import offers_visible_to
from central.catalog.reach import show_product
from central.cluster import locales
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])

PRICE, REGIONAL, REACH, _RENEW, ON, OFF = ACTIONS


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
def test_what_is_no_change_is_refused(ada: User, percent: str) -> None:
    assert not PercentForm({"percent": percent}, ada).is_valid()


@pytest.fixture
def moscow(ada: User) -> None:
    locales.make_region("ru", title="Россия", by="test")
    locales.make_region("msk", title="Москва", parent="ru", by="test")
    locales.put_site_region("tea", "msk", path="/msk", by="test")


def prices_there() -> dict[str, int]:
    return dict(Offer.objects.get().regional_prices.values_list("region", "price"))


def change_there(user: User, region: str, deed: str, **filled: Any) -> Any:
    form = RegionalPriceForm({"region": region, "deed": deed, **filled}, user)
    assert form.is_valid(), form.errors
    return REGIONAL.do(offer(user), user, form.cleaned_data)


def test_a_price_of_a_region_is_set_changed_by_per_cent_and_taken_away(ada: User, moscow: None) -> None:
    change_there(ada, "ru", "set", amount="500")
    assert prices_there() == {"ru": 50_000}

    change_there(ada, "msk", "percent", percent="10")
    assert prices_there() == {"ru": 50_000, "msk": 55_000}
    change_there(ada, "msk", "percent", percent="-50")
    assert prices_there() == {"ru": 50_000, "msk": 27_500}

    change_there(ada, "msk", "remove")
    assert prices_there() == {"ru": 50_000}
    assert change_there(ada, "msk", "remove") is None
    assert change_there(ada, "ru", "set", amount="500") is None


def test_prices_of_a_region_go_back_each_to_what_it_was(ada: User, moscow: None) -> None:
    assert REGIONAL.undo is not None
    first = change_there(ada, "msk", "set", amount="500")
    second = change_there(ada, "msk", "remove")

    REGIONAL.undo(offer(ada), ada, second)
    assert prices_there() == {"msk": 50_000}
    REGIONAL.undo(offer(ada), ada, first)
    assert prices_there() == {}


def test_a_price_of_a_region_that_was_set_since_is_not_taken_back(ada: User, moscow: None) -> None:
    assert REGIONAL.undo is not None
    told = change_there(ada, "msk", "set", amount="500")
    set_regional_prices("tea", {("T-1", ""): {"msk": 60_000}}, by="olga")

    with pytest.raises(StaleProduct):
        REGIONAL.undo(offer(ada), ada, told)

    assert prices_there() == {"msk": 60_000}


def test_a_region_the_shop_is_not_in_is_refused_beside_the_product(ada: User, moscow: None) -> None:
    locales.make_region("spb", title="Петербург", by="test")

    with pytest.raises(BadGoods, match="not in 'spb'"):
        change_there(ada, "spb", "set", amount="500")

    assert prices_there() == {}


@pytest.mark.parametrize(
    "filled",
    [{"deed": "set"}, {"deed": "set", "amount": "much"}, {"deed": "percent"}, {"deed": "percent", "percent": "0"},
     {"deed": "remove", "region": "far"}],
)  # fmt: skip
def test_what_says_no_price_of_a_region_is_refused(ada: User, moscow: None, filled: dict[str, str]) -> None:
    assert not RegionalPriceForm({"region": "msk", **filled}, ada).is_valid()


def test_prices_of_regions_are_changed_where_there_are_regions(ada: User) -> None:
    page = cast.signed_in(ada).get("/products").content.decode()
    assert "regional-price" not in page

    locales.make_region("msk", title="Москва", by="test")

    assert "regional-price" in cast.signed_in(ada).get("/products").content.decode()


def test_products_are_switched_off_and_back_each_once(ada: User) -> None:
    assert OFF.undo is not None
    told = OFF.do(offer(ada), ada, {})
    assert not Listing.objects.get().is_active
    assert OFF.do(offer(ada), ada, {}) is None  # another unit of the same product

    OFF.undo(offer(ada), ada, told)

    assert Listing.objects.get().is_active
    assert ON.do(offer(ada), ada, {}) is None


def show(user: User, how: str, *regions: str) -> Any:
    form = ShowInRegionsForm({"how": how, "regions": list(regions)}, user)
    assert form.is_valid(), form.errors
    return REACH.do(offer(user), user, form.cleaned_data)


def rule() -> dict[str, bool]:
    return dict(Listing.objects.get().shown_in)


def test_products_are_shown_in_some_regions_and_everywhere_again(ada: User, moscow: None) -> None:
    assert REACH.undo is not None
    first = show(ada, "only", "msk")
    assert rule() == {"": False, "msk": True}
    assert show(ada, "only", "msk") is None
    second = show(ada, "all")
    assert rule() == {}

    REACH.undo(offer(ada), ada, second)
    assert rule() == {"": False, "msk": True}
    REACH.undo(offer(ada), ada, first)
    assert rule() == {}


def test_a_rule_that_was_changed_since_is_not_taken_back(ada: User, moscow: None) -> None:
    assert REACH.undo is not None
    told = show(ada, "only", "msk")
    show_product("tea", Listing.objects.get().product_id, {"msk": False}, by="olga")

    with pytest.raises(StaleProduct):
        REACH.undo(offer(ada), ada, told)

    assert rule() == {"msk": False}


def test_a_rule_without_regions_is_refused(ada: User, moscow: None) -> None:
    assert "regions" in ShowInRegionsForm({"how": "only"}, ada).errors
    assert "regions" in ShowInRegionsForm({"how": "but", "regions": ["nowhere"]}, ada).errors
    assert ShowInRegionsForm({"how": "all"}, ada).is_valid()


def test_staff_of_one_site_are_offered_its_regions_alone(ada: User, moscow: None) -> None:
    locales.make_region("spb", title="Петербург", by="test")
    olga = cast.staff("olga", "manager", sites=["tea"])

    offered = [
        [value for value, _ in form.fields[name].choices]
        for form, name in ((RegionalPriceForm(None, olga), "region"), (ShowInRegionsForm(None, olga), "regions"))
    ]

    assert offered == [["msk"], ["msk"]]
    assert "regions" in ShowInRegionsForm({"how": "only", "regions": ["spb"]}, olga).errors
    assert "regions" not in ShowInRegionsForm({"how": "only", "regions": ["spb"]}, ada).errors
