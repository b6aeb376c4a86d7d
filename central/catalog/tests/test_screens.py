"""The list of products: prices and stock typed into their cells, and what it is searched by."""

from __future__ import annotations

from typing import Any

import pytest

from central.catalog.models import Offer, PriceChange, Variant
from central.stock.queries import stock_of
from central.stock.receipts import receive_stock
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])

UNIT = {"site": "tea", "sku": "T-1", "options": ""}


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
    cast.product("tea", "T-1", "Иван-чай")
    cast.product("clay", "C-1", "Чашка")
    receive_stock({Variant.objects.get(sku="T-1").pk: 5}, who="test")


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def units() -> int:
    variant = Variant.objects.get(sku="T-1").pk
    return stock_of([variant])[variant].total


def test_the_list_is_searched_in_any_case(ada: Any) -> None:
    page = ada.get("/products", {"q": "иВАН"}).content.decode()

    assert "Иван-чай" in page
    assert "Чашка" not in page


def test_a_typed_price_is_set_and_says_who(ada: Any) -> None:
    answer = ada.post("/products/price", {**UNIT, "price": "512,50"})

    assert answer.status_code == 200
    assert 'value="512.50"' in answer.content.decode()
    assert Offer.objects.get(site="tea").price == 51_250
    assert PriceChange.objects.get().by == "ada"


@pytest.mark.parametrize("price", ["", "-1", "cheap", "1.234", "9" * 30])
def test_what_is_no_price_stays_in_the_field_and_changes_nothing(ada: Any, price: str) -> None:
    answer = ada.post("/products/price", {**UNIT, "price": price})

    assert answer.status_code == 422
    assert f'value="{price}"' in answer.content.decode()
    assert Offer.objects.get(site="tea").price == 45_000


def test_a_typed_stock_is_set(ada: Any) -> None:
    answer = ada.post("/products/stock", {**UNIT, "stock": "12"})

    assert answer.status_code == 200
    assert units() == 12


@pytest.mark.parametrize("stock", ["", "-1", "many", "1.5", "9999999999"])
def test_what_is_no_stock_changes_nothing(ada: Any, stock: str) -> None:
    assert ada.post("/products/stock", {**UNIT, "stock": stock}).status_code == 422
    assert units() == 5


def test_an_operator_sees_prices_and_changes_none() -> None:
    client = cast.signed_in(cast.staff("olga", "operator"))

    page = client.get("/products").content.decode()

    assert "Иван-чай" in page
    assert "/products/price" not in page
    assert client.post("/products/price", {**UNIT, "price": "1"}).status_code == 403
    assert client.post("/products/stock", {**UNIT, "stock": "1"}).status_code == 403


def test_a_product_of_others_is_not_there() -> None:
    client = cast.signed_in(cast.staff("eva", "admin", sites=["clay"]))

    assert client.post("/products/price", {**UNIT, "price": "1"}).status_code == 404
    assert client.post("/products/stock", {**UNIT, "stock": "1"}).status_code == 404
    assert (Offer.objects.get(site="tea").price, units()) == (45_000, 5)
