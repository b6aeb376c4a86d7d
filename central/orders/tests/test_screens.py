"""The screens of orders."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from central.cluster import locales
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


def buttons(client: Any, order: Order) -> dict[str, dict[str, str]]:
    """What each button of the card sends, by the status it moves the order to."""
    return {one.values["to"]: one.values for one in client.get(f"/orders/{order.pk}").context["actions"]}


def comment(client: Any, order: Order) -> dict[str, str]:
    """The form of the comment as the card shows it."""
    part = next(part for part in client.get(f"/orders/{order.pk}").context["main_parts"] if part.id == "order-note")
    return dict(part.context["form"].hidden_values)


def test_buttons_move_the_order_and_write_history(ada: Any) -> None:
    order = cast.order("tea")

    answer = ada.post(f"/orders/{order.pk}/status", buttons(ada, order)["confirmed"], follow=True)

    change = OrderChange.objects.filter(order=order, kind="status").get()
    assert (change.was, change.became, change.by) == ({"status": "new"}, {"status": "confirmed"}, "ada")
    assert f"{order.number}: Confirmed" in answer.content.decode()


def test_the_time_on_the_page_is_kept_over_a_choice(ada: Any) -> None:
    order = cast.order("tea")
    shown = {**buttons(ada, order)["cancelled"], "opened": str(int(time.time()) - 90)}
    change_status(order.pk, "confirmed", by="olga")
    asked = ada.post(f"/orders/{order.pk}/status", shown).context["form"]

    ada.post(f"/orders/{order.pk}/status", {**dict(asked.hidden_values), "to": "cancelled", "pick-to": "mine"})

    assert 90 <= OrderChange.objects.filter(order=order, by="ada").get().seconds_editing < 120


def test_of_two_who_move_an_order_the_second_chooses(ada: Any) -> None:
    order = cast.order("tea")
    shown = buttons(ada, order)["cancelled"]
    change_status(order.pk, "confirmed", by="olga")

    answer = ada.post(f"/orders/{order.pk}/status", shown)

    choice = answer.context["form"].choices_to_make["to"]
    assert (answer.status_code, choice.was, choice.theirs) == (409, "New", "Confirmed")
    assert Order.objects.get(pk=order.pk).status_id == "confirmed"
    hidden = dict(answer.context["form"].hidden_values)
    ada.post(f"/orders/{order.pk}/status", {**hidden, "to": "cancelled", "pick-to": "theirs"})
    assert Order.objects.get(pk=order.pk).status_id == "confirmed"
    ada.post(f"/orders/{order.pk}/status", {**hidden, "to": "cancelled", "pick-to": "mine"})
    assert Order.objects.get(pk=order.pk).status_id == "cancelled"


def test_who_presses_what_another_has_pressed_is_not_asked(ada: Any) -> None:
    order = cast.order("tea")
    shown = buttons(ada, order)["confirmed"]
    change_status(order.pk, "confirmed", by="olga")

    answer = ada.post(f"/orders/{order.pk}/status", shown)

    assert answer.status_code == 302
    assert OrderChange.objects.filter(order=order, kind="status").count() == 1


def test_a_comment_written_meanwhile_does_not_refuse_a_button(ada: Any) -> None:
    order = cast.order("tea")
    shown = buttons(ada, order)["confirmed"]
    edit_order(order.pk, note="look", by="olga")

    ada.post(f"/orders/{order.pk}/status", shown)

    found = Order.objects.get(pk=order.pk)
    assert (found.status_id, found.note) == ("confirmed", "look")


def test_a_move_that_is_not_there_is_told(ada: Any) -> None:
    order = cast.order("tea")

    answer = ada.post(f"/orders/{order.pk}/status", {**buttons(ada, order)["confirmed"], "to": "delivered"})

    assert "cannot go there" in answer.content.decode()


def test_two_people_write_a_comment_and_none_is_lost(ada: Any) -> None:
    order = cast.order("tea")
    shown = comment(ada, order)
    ada.post(f"/orders/{order.pk}/note", {**shown, "note": "first"})

    answer = ada.post(f"/orders/{order.pk}/note", {**shown, "note": "second"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "first" in page and "second" in page
    assert Order.objects.get(pk=order.pk).note == "first"
    chosen = {**dict(answer.context["form"].hidden_values), "note": "first, second", "pick-note": "mine"}
    assert ada.post(f"/orders/{order.pk}/note", chosen).status_code == 302
    assert Order.objects.get(pk=order.pk).note == "first, second"


def test_what_is_being_written_is_left_alone_by_news(ada: Any) -> None:
    order = cast.order("tea")

    page = ada.get(f"/orders/{order.pk}").content.decode()

    [head, note] = re.findall(r'<div data-live="orders"[^>]*>', page)
    assert 'hx-target="#card-head"' in head and "#order-lines" in head and "order-note" not in head
    assert 'hx-target="#order-note"' in note  # forms.js holds it back while something unsaved stands in it


def test_the_timeline_of_the_card_is_all_that_was_written_of_the_order(ada: Any) -> None:
    order = cast.order("tea")
    for number in range(5):
        edit_order(order.pk, note=f"call {number}", by="ada", seconds=number)

    card = ada.get(f"/orders/{order.pk}").content.decode()
    whole = ada.get(f"/orders/{order.pk}?tab=timeline").content.decode()

    assert "call 0" in card and "node a" not in card and "?tab=timeline" in card
    assert "node a" in whole and "4 seconds on the page" in whole


def test_a_change_elsewhere_does_not_refuse_a_comment(ada: Any) -> None:
    order = cast.order("tea")
    shown = comment(ada, order)
    change_status(order.pk, "confirmed", by="olga")

    ada.post(f"/orders/{order.pk}/note", {**shown, "note": "call first"})

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


def test_the_region_of_an_order_is_told_and_filtered_by(ada: Any) -> None:
    locales.make_region("msk", title="Moscow", by="test")
    there, elsewhere = cast.order("tea", region="msk", language="en"), cast.order("tea")

    page = ada.get("/orders", {"region": "msk"}).content.decode()

    assert there.number in page
    assert elsewhere.number not in page
    assert "Moscow" in ada.get(f"/orders/{there.pk}").content.decode()
