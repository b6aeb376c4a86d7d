"""Goods and shelves that have an address get the one that today's pattern makes, and the old one leads on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from central.catalog.actions import Goods, Unit, save_product, upsert_category
from central.catalog.bulk import ACTIONS, OF_SHELVES
from central.catalog.errors import StaleProduct, UnknownProduct
from central.catalog.models import Category, Listing, Offer
from central.catalog.queries import offers_visible_to
from central.catalog.renaming import rename_product
from central.seo.models import Redirect
from central.seo.rules import set_rule
from central.ui.tests import cast
from sites.seo.rules import kind_key

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])

RENEW = next(one for one in ACTIONS if one.name == "renew")
[RENEW_SHELF] = OF_SHELVES


@pytest.fixture
def ada(node_home: Any) -> User:
    cast.site("tea")
    return cast.staff("ada", "admin")


def goods(sku: str, title: str = "Сенча") -> None:
    save_product("tea", Goods([Unit(sku, price=100)], title=title), by="test")


def offer(user: User, sku: str = "S-1") -> Offer:
    return offers_visible_to(user).get(variant__sku=sku)


def slugs() -> list[str]:
    return list(Listing.objects.order_by("position").values_list("slug", flat=True))


def leads() -> dict[str, str]:
    return dict(Redirect.objects.filter(is_active=True).values_list("source", "target"))


def test_a_product_gets_the_address_of_todays_pattern_and_its_own_back(ada: User) -> None:
    assert RENEW.undo is not None
    goods("S-1")
    set_rule("tea", kind_key("product"), {"alias": "{title} {sku}"})

    told = RENEW.do(offer(ada), ada, {})
    assert slugs() == ["sencha-s-1"]
    assert leads() == {"/p/sencha": "/p/sencha-s-1"}
    assert RENEW.do(offer(ada), ada, {}) is None  # another unit of the same product

    RENEW.undo(offer(ada), ada, told)
    assert slugs() == ["sencha"]
    assert leads() == {"/p/sencha-s-1": "/p/sencha"}


def test_a_suffix_that_a_clash_has_given_stays_while_there_is_a_clash(ada: User) -> None:
    for sku in ("S-1", "S-2", "S-3"):
        goods(sku)
    before = slugs()

    assert [RENEW.do(offer(ada, sku), ada, {}) for sku in ("S-1", "S-2", "S-3")] == [None, None, None]
    assert slugs() == before

    rename_product("tea", Listing.objects.get(slug="sencha").product_id, "first", by="test")
    told = RENEW.do(offer(ada, "S-2"), ada, {})

    assert told == {"was": "sencha-s-2", "became": "sencha"}


def test_an_address_that_was_given_since_is_not_taken_back(ada: User) -> None:
    assert RENEW.undo is not None
    goods("S-1")
    set_rule("tea", kind_key("product"), {"alias": "{title} {sku}"})
    told = RENEW.do(offer(ada), ada, {})
    rename_product("tea", Listing.objects.get().product_id, "by hand", by="olga")

    with pytest.raises(StaleProduct):
        RENEW.undo(offer(ada), ada, told)

    assert slugs() == ["by-hand"]


def test_a_shelf_gets_the_address_of_todays_pattern_and_its_own_back(ada: User) -> None:
    assert RENEW_SHELF.undo is not None
    green = upsert_category("tea", "Зелёный")
    leaf = upsert_category("tea", "Листовой", parent=green.pk)
    set_rule("tea", kind_key("category"), {"alias": "{section} {title}"})

    assert RENEW_SHELF.do(Category.objects.get(pk=green.pk), ada, {}) is None
    told = RENEW_SHELF.do(Category.objects.get(pk=leaf.pk), ada, {})
    assert leads() == {"/c/listovoy": "/c/zelyony-listovoy"}

    RENEW_SHELF.undo(Category.objects.get(pk=leaf.pk), ada, told)
    assert leads() == {"/c/zelyony-listovoy": "/c/listovoy"}
    with pytest.raises(StaleProduct):
        RENEW_SHELF.undo(Category.objects.get(pk=leaf.pk), ada, told)


def test_a_product_without_units_says_so(ada: User) -> None:
    goods("S-1")
    Offer.objects.all().delete()

    with pytest.raises(UnknownProduct, match="has no unit"):
        rename_product("tea", Listing.objects.get().product_id, "first", by="test")


@pytest.mark.parametrize(("role", "is_offered"), [("manager", True), ("viewer", False)])
def test_addresses_are_renewed_by_who_may_change_what_search_engines_read(
    ada: User, role: str, is_offered: bool
) -> None:
    goods("S-1")
    client = cast.signed_in(cast.staff("olga", role))

    page = client.get("/products").content.decode()

    assert ("Addresses by the pattern" in page) is is_offered
