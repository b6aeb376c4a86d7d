"""The screens of orders."""

from __future__ import annotations

import re
from typing import Any

import pytest

from central.orders.actions import change_status, edit_order
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
    return re.findall(r'class="row-link"[^>]*>([A-Z]+-A-\d+)</a>', client.get(path, query).content.decode())


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
    top = re.search(r"orders/news\?top=([^\"]+)", ada.get("/orders").content.decode())
    assert top
    assert "news-button" not in ada.get(f"/orders/news?top={top[1]}").content.decode()

    cast.order("tea", number="TEA-A-2")
    cast.order("clay", number="CLAY-A-3")

    assert "2 new orders" in ada.get(f"/orders/news?top={top[1]}").content.decode()
    assert "1 new order " in ada.get(f"/orders/news?site=clay&top={top[1]}").content.decode()


def test_the_banner_brings_only_what_is_above(ada: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    top = re.search(r"orders/news\?top=([^\"]+)", ada.get("/orders").content.decode())
    assert top
    cast.order("tea", number="TEA-A-2")

    answer = ada.get(f"/orders?newer_than={top[1]}", headers={"hx-request": "true"}).content.decode()

    assert "TEA-A-2" in answer
    assert "TEA-A-1" not in answer
    assert 'hx-swap-oob="true"' in answer


def test_a_page_turns_without_losing_or_doubling_a_row(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.orders.views.PAGE", 2)
    for number in range(1, 6):
        cast.order("tea", number=f"TEA-A-{number}")

    seen, path = [], "/orders"
    for _page in range(3):
        page = ada.get(path).content.decode()
        seen += re.findall(r'class="row-link"[^>]*>(TEA-A-\d)</a>', page)
        older = re.search(r'href="(\?older_than=[^"]+)"', page)
        path = f"/orders{older[1]}" if older else ""

    assert seen == [f"TEA-A-{number}" for number in (5, 4, 3, 2, 1)]
    assert path == ""


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

    for path in ("/orders", f"/orders/{order.pk}", f"/orders/{order.pk}/row", "/"):
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


@pytest.mark.parametrize("query", ["older_than=%00", "newer_than=zzz", "site=%27", "q=%25%5F%5C", "status=", "line=x"])
def test_a_mangled_address_is_a_list_not_an_error(ada: Any, query: str) -> None:
    cast.order("tea")

    assert ada.get(f"/orders?{query}").status_code == 200
    assert ada.get(f"/orders/news?top=zzz&{query}").status_code == 200


def test_the_card_is_whole_in_russian(ada: Any) -> None:
    order = cast.order("tea")
    ada.post("/language", {"language": "ru"})

    page = ada.get(f"/orders/{order.pk}").content.decode()

    assert "Комментарий сотрудников" in page
    assert "Подтвердить" in page
