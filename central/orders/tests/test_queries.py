"""Lists of orders: labels on orders and on lines, pages that keep their place, and nobody's but the person's sites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, User

from central.accounts.models import Profile, SiteRight
from central.orders import actions, receiving
from central.orders.errors import UnknownOrder
from central.orders.models import Order
from central.orders.queries import (
    OrderFilter,
    filtered_orders,
    lines_visible_to,
    order_card,
    orders_page,
    orders_visible_to,
)
from central.orders.tests.make import ANN, make_line, make_placed
from central.orders.text import fold
from sync import events

pytestmark = pytest.mark.django_db(databases=["default", "orders", "customers"])

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def staff(*sites: str, sees_all: bool = False) -> User:
    user = User.objects.create(username=f"user-{uuid4().hex[:8]}")
    Profile.objects.update_or_create(user=user, defaults={"sees_all_sites": sees_all})
    for site in sites:
        SiteRight.objects.create(user=user, site=site)
    return user


def place(*lines: Any, minutes: int = 0, **more: Any) -> Order:
    return receiving.receive_order(make_placed(*lines, **more), received_at=START + timedelta(minutes=minutes))


@pytest.fixture
def boss() -> User:
    return staff(sees_all=True)


@pytest.fixture
def three() -> tuple[Order, Order, Order]:
    """Placed at tea with lines of tea and clay; at clay with clay only; at ink with ink only."""
    return (
        place(make_line("tea", "T-1"), make_line("clay", "C-1"), minutes=1),
        place(make_line("clay", "C-1"), site="clay", minutes=2),
        place(make_line("ink", "I-1"), site="ink", minutes=3),
    )


def test_an_order_with_lines_of_two_sites_is_found_under_either(boss: User, three: tuple[Order, ...]) -> None:
    def numbers(*sites: str) -> list[str]:
        return [row.number for row in orders_page(boss, OrderFilter(sites=sites)).rows]

    mixed, clay, ink = (order.number for order in three)

    assert [numbers("tea"), numbers("clay"), numbers("ink")] == [[mixed], [clay, mixed], [ink]]
    assert numbers("tea", "ink") == [ink, mixed]


def test_a_filter_on_lines_shows_only_the_matching_lines(boss: User, three: tuple[Order, ...]) -> None:
    orders: list[Any] = orders_page(boss, OrderFilter(line_sites=("clay",))).rows

    assert [[line.site for line in order.shown_lines] for order in orders] == [["clay"], ["clay"]]


@pytest.mark.parametrize("stranger", [AnonymousUser(), None])
def test_a_stranger_sees_nothing(three: tuple[Order, ...], stranger: Any) -> None:
    user = stranger or staff()

    assert not orders_visible_to(user).exists()
    assert not lines_visible_to(user).exists()
    assert orders_page(user).rows == []
    with pytest.raises(UnknownOrder):
        order_card(three[0].pk, user)


def test_staff_of_one_site_see_its_orders_and_their_lines_in_the_orders_of_others(three: tuple[Order, ...]) -> None:
    potter = staff("clay")

    assert {order.number for order in orders_visible_to(potter)} == {three[0].number, three[1].number}
    assert {(line.order.number, line.site) for line in lines_visible_to(potter)} == {
        (three[0].number, "clay"),
        (three[1].number, "clay"),
    }
    card = order_card(three[0].pk, potter)
    assert ([line.site for line in card.lines], card.hidden_lines) == (["clay"], 1)
    assert orders_page(potter, OrderFilter(sites=("ink",))).rows == []


def test_pages_follow_each_other_and_nothing_is_shown_twice_or_left_out(boss: User) -> None:
    numbers = [place(minutes=minute // 2).number for minute in range(7)]  # pairs share a moment
    seen, cursor = [], ""
    while True:
        page = orders_page(boss, older_than=cursor, limit=3)
        seen += [row.number for row in page.rows]
        if not (cursor := page.older):
            break

    assert sorted(seen) == sorted(numbers) and len(seen) == 7
    assert [Order.objects.get(number=number).received_at for number in seen] == sorted(
        [Order.objects.get(number=number).received_at for number in numbers], reverse=True
    )


def test_a_page_keeps_its_place_while_orders_arrive(boss: User) -> None:
    for minute in range(6):
        place(minutes=minute)
    first = orders_page(boss, limit=2)
    second = orders_page(boss, older_than=first.older, limit=2)

    place(minutes=9)

    assert orders_page(boss, older_than=first.older, limit=2).rows == second.rows


def test_a_cursor_that_is_none_shows_the_first_page(boss: User, three: tuple[Order, ...]) -> None:
    assert len(orders_page(boss, older_than="nonsense").rows) == 3
    assert len(orders_page(boss, older_than="WzEsMl0").rows) == 3


@pytest.mark.parametrize("text", ["зеленый", "ЗЕЛЁНЫЙ  чай", "tea-a-7", "T-7"])
def test_search_finds_number_title_and_sku_in_any_spelling(boss: User, text: str) -> None:
    order = place(make_line("tea", "T-7", title="Зелёный чай"), number="TEA-A-777777")
    place()

    assert [row.pk for row in orders_page(boss, OrderFilter(search=text)).rows] == [order.pk]


@pytest.mark.parametrize("text", ["+7 000 000-00-01", "80000000001", "ANNA@example.com"])
def test_search_finds_a_shopper_by_phone_and_mail(boss: User, text: str, mails: Any) -> None:
    order = place()
    events.run_due(["orders", "customers"])

    assert [row.pk for row in orders_page(boss, OrderFilter(search=text, finds_customers=True)).rows] == [order.pk]
    assert orders_page(boss, OrderFilter(search=text)).rows == []


def test_filters_by_status_group_time_and_waiting(boss: User, three: tuple[Order, ...]) -> None:
    actions.change_status(three[0].pk, "confirmed", by="olga")
    ready = place(make_line(pending=0), minutes=5)

    def numbers(**wanted: Any) -> set[str]:
        return {order.number for order in filtered_orders(orders_visible_to(boss), OrderFilter(**wanted))}

    rest = {three[1].number, three[2].number}
    assert numbers(statuses=("confirmed",)) == numbers(groups=("accepted",)) == {three[0].number}
    assert numbers(received_from=START + timedelta(minutes=5)) == {ready.number}
    assert numbers(only_pending=True) == {three[0].number, *rest}


def test_the_card_has_all_of_the_order(boss: User, mails: Any) -> None:
    order = place()
    assert order_card(order.pk, boss).customer_state == "coming"
    events.run_due(["orders", "customers"])

    card = order_card(str(order.pk), boss)

    assert card.contact is not None and card.customer is not None
    assert (card.contact.address, card.customer_state) == (ANN.address, "known")
    assert [status.code for status in card.moves] == ["confirmed", "cancelled"]
    assert [change.kind for change in order.changes.all()] == ["mail", "customer", "received"]
    assert card.technical["utm"] == {"source": "newsletter"}
    with pytest.raises(UnknownOrder):
        order_card("nonsense", boss)


def test_folding_makes_one_spelling() -> None:
    assert fold("  Чай  ЗЕЛЁНЫЙ\n") == "чай зеленый"
