"""The screens of orders."""

from __future__ import annotations

import re
from typing import Any

import pytest

from central.orders.actions import change_status, edit_order
from central.orders.lists import LINES, ORDERS
from central.orders.models import Order, OrderChange
from central.orders.tests.make import realm_away
from central.people.models import Customer, OrderContact
from central.ui.tests import cast
from sync import events

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders", "catalog"])


@pytest.fixture(autouse=True)
def sites(node_home: Any) -> None:
    for site in ("tea", "clay", "ink"):
        cast.site(site)


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def numbers(client: Any, path: str = "/orders", **query: Any) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([A-Z]+-A-\d+)', client.get(path, query).content.decode())


def contact(order: Order, name: str = "Анна Примерова") -> None:
    customer = Customer.objects.create(name=name, phone="+70000000001", source_site="tea", source_label="L-tea")
    OrderContact.objects.create(order=order.pk, customer=customer, name=name, phone="+70000000001", site="tea")


def test_an_order_is_found_under_each_of_its_labels(ada: Any) -> None:
    cast.order("tea", "tea", "ink", number="TEA-A-1")
    cast.order("clay", number="CLAY-A-2")

    assert numbers(ada, site="tea") == ["TEA-A-1"]
    assert numbers(ada, site="ink") == ["TEA-A-1"]
    assert numbers(ada, site=["tea", "clay"]) == ["CLAY-A-2", "TEA-A-1"]


def test_the_line_filter_shows_only_matching_lines(ada: Any) -> None:
    cast.order("tea", "tea", "ink", number="TEA-A-1")

    page = ada.get("/orders/lines", {"line": "ink"}).content.decode()

    assert "Goods of ink" in page
    assert "Goods of tea" not in page


def test_filters_by_status_and_number(ada: Any) -> None:
    first, _second = cast.order("tea", number="TEA-A-1"), cast.order("tea", number="TEA-A-2")
    change_status(first.pk, "confirmed", by="ada")

    assert numbers(ada, status="confirmed") == ["TEA-A-1"]
    assert numbers(ada, q="a-2") == ["TEA-A-2"]


def test_a_site_in_view_narrows_the_list(ada: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    cast.order("clay", number="CLAY-A-2")

    ada.post("/choose-site", {"in_view": "site:clay", "next": "/orders"})

    assert numbers(ada) == ["CLAY-A-2"]
    assert numbers(ada, site="tea") == ["CLAY-A-2"]


def test_a_site_of_others_cannot_be_chosen() -> None:
    client = cast.signed_in(cast.staff("olga", "operator", sites=["tea"]))
    cast.order("tea", number="TEA-A-1")

    client.post("/choose-site", {"in_view": "site:clay"})

    assert numbers(client) == ["TEA-A-1"]


def test_new_orders_wait_behind_a_banner(ada: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    [(news, _)] = re.findall(r'hx-get="(/orders/-/news[^"]+)"()', ada.get("/orders").content.decode())
    news = news.replace("&amp;", "&")
    assert "news-button" not in ada.get(news).content.decode()

    cast.order("tea", number="TEA-A-2")
    cast.order("clay", number="CLAY-A-3")

    assert "2 new — show" in ada.get(news).content.decode()
    assert "1 new — show" in ada.get(f"{news}&site=clay").content.decode()
    arrived = ada.get(news.replace("news", "arrived")).content.decode()
    assert "TEA-A-2" in arrived and "TEA-A-1" not in arrived


def test_orders_are_filtered_by_total_whatever_the_currency(ada: Any) -> None:
    cast.order("tea", number="TEA-A-1")  # 500 and 300 for delivery
    cast.order("tea", "tea", "ink", number="TEA-A-2")

    assert numbers(ada, total_from="800") == ["TEA-A-2", "TEA-A-1"]
    assert numbers(ada, total_from="800.01") == ["TEA-A-2"]
    assert numbers(ada, total_to="1 000") == ["TEA-A-1"]
    assert numbers(ada, total_to="much") == ["TEA-A-2", "TEA-A-1"]


@pytest.mark.slow
def test_both_lists_sort_by_each_column_that_says_so(ada: Any) -> None:
    for number in ("TEA-A-2", "CLAY-A-3", "TEA-A-1"):
        cast.order(number.partition("-")[0].lower(), number=number)

    assert numbers(ada, sort="number") == ["CLAY-A-3", "TEA-A-1", "TEA-A-2"]
    for spec in (ORDERS, LINES):
        for column in spec.columns:
            answer = ada.get(f"/{spec.address}", {"sort": f"-{column.key}"})
            assert (answer.status_code, answer.content.count(b"data-key=")) == (200, 3)


def test_lines_are_found_by_the_customer_of_their_order(ada: Any, mails: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    events.run_due(["orders", "customers"])
    cast.order("ink", number="INK-A-2")

    page = ada.get("/orders/lines", {"person": "8 (000) 000-00-01"}).content.decode()

    assert "Goods of tea" in page and "Goods of ink" not in page


def test_buttons_move_the_order_and_write_history(ada: Any) -> None:
    order = cast.order("tea")

    ada.post(f"/orders/{order.pk}/status", {"to": "confirmed", "ver": order.ver})

    change = OrderChange.objects.filter(order=order, kind="status").get()
    assert (change.was, change.became, change.by) == ({"status": "new"}, {"status": "confirmed"}, "ada")


def test_a_button_of_an_old_page_changes_nothing(ada: Any) -> None:
    order = cast.order("tea")
    edit_order(order.pk, note="look", by="olga")

    answer = ada.post(f"/orders/{order.pk}/status", {"to": "confirmed", "ver": order.ver}, follow=True)

    assert Order.objects.get(pk=order.pk).status_id == "new"
    assert "was changed meanwhile" in answer.content.decode()


def test_a_move_that_is_not_there_is_told(ada: Any) -> None:
    order = cast.order("tea")

    answer = ada.post(f"/orders/{order.pk}/status", {"to": "delivered", "ver": order.ver}, follow=True)

    assert "cannot go there" in answer.content.decode()


def test_two_people_write_a_comment_and_none_is_lost(ada: Any) -> None:
    order = cast.order("tea")
    ada.post(f"/orders/{order.pk}/note", {"note": "first", "was": ""})

    answer = ada.post(f"/orders/{order.pk}/note", {"note": "second", "was": ""})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "first" in page
    assert "second" in page
    assert Order.objects.get(pk=order.pk).note == "first"


def test_a_change_elsewhere_does_not_refuse_a_comment(ada: Any) -> None:
    order = cast.order("tea")
    change_status(order.pk, "confirmed", by="olga")

    ada.post(f"/orders/{order.pk}/note", {"note": "call first", "was": ""})

    assert Order.objects.get(pk=order.pk).note == "call first"


def test_customers_are_shown_by_right_only(ada: Any) -> None:
    order = cast.order("tea")
    contact(order)
    edit_order(order.pk, note="Анна просила позвонить", by="ada")
    vera = cast.signed_in(cast.staff("vera", "viewer"))

    for path in ("/orders", f"/orders/{order.pk}", f"/orders/-/row/{order.pk}", "/"):
        assert "Анна" not in vera.get(path).content.decode(), path
        assert "0000001" not in vera.get(path).content.decode(), path
    assert "Анна Примерова" in ada.get("/orders").content.decode()
    assert "+70000000001" in ada.get(f"/orders/{order.pk}").content.decode()


def test_orders_are_found_by_their_customer_by_right_only(ada: Any, mails: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    events.run_due(["orders", "customers"])
    cast.order("tea", number="TEA-A-2")
    vera = cast.signed_in(cast.staff("vera", "viewer"))

    assert numbers(ada, person="примерова АННА") == numbers(ada, q="8 000 000-00-01") == ["TEA-A-1"]
    assert numbers(ada, person="прим") == []
    assert numbers(vera, person="анна") == numbers(vera, person="прим") == ["TEA-A-2", "TEA-A-1"]
    assert numbers(vera, q="anna@example.com") == []
    assert 'name="person"' not in vera.get("/orders").content.decode()


def test_customers_away_the_list_says_so_and_still_finds(ada: Any, mails: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    events.run_due(["orders", "customers"])

    with realm_away("customers"):
        page = ada.get("/orders", {"person": "анна"}).content.decode()

    assert "TEA-A-1" in page
    assert "the customers&#x27; database does not answer" in page


def test_lines_of_a_foreign_site_are_counted_not_shown() -> None:
    order = cast.order("clay", "clay", "tea")
    client = cast.signed_in(cast.staff("olga", "operator", sites=["tea"]))

    page = client.get(f"/orders/{order.pk}").content.decode()

    assert "Goods of tea" in page
    assert "Goods of clay" not in page
    assert "1 more line is of a site you may not see" in page


def test_the_card_shows_the_technical_block_without_the_whole_cart_id(ada: Any) -> None:
    order = cast.order("tea")

    page = ada.get(f"/orders/{order.pk}").content.decode()

    assert "https://search.example.com/" in page
    assert "source=newsletter" in page
    assert order.cart not in page


@pytest.mark.parametrize("query", ["after=%00", "before=zzz", "site=%27", "q=%25%5F%5C", "status=", "line=x", "sort=x"])
def test_a_mangled_address_is_a_list_not_an_error(ada: Any, query: str) -> None:
    cast.order("tea")

    assert ada.get(f"/orders?{query}").status_code == 200
    assert ada.get(f"/orders/-/news?mark=zzz&{query}").status_code == 200


def test_the_card_is_whole_in_russian(ada: Any) -> None:
    order = cast.order("tea")
    ada.post("/language", {"language": "ru"})

    page = ada.get(f"/orders/{order.pk}").content.decode()

    assert "Комментарий сотрудников" in page
    assert "Подтвердить" in page
