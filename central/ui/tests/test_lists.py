"""The list kit, tried on a list of orders (`a_list.py`)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connections
from django.utils import timezone
from django.utils.html import escape

from central.orders.actions import change_status
from central.orders.models import Order
from central.ui.tests import a_list, cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "orders", "catalog"]),
    pytest.mark.urls("central.ui.tests.a_list"),
]

NUMBER = re.compile(r'class="row-link"[^>]*>([^<]*)<')


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    cast.site("tea")
    cast.site("clay")


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def orders(count: int, site: str = "tea", **more: Any) -> list[Order]:
    return [cast.order(site, number=f"{site.upper()}-{at}", **more) for at in range(1, count + 1)]


def shown(client: Any, query: str = "") -> list[str]:
    """The numbers of the rows on the list's page."""
    answer = client.get(f"/tried{query}")
    assert answer.status_code == 200
    return NUMBER.findall(answer.content.decode())


def link(client: Any, query: str, rel: str) -> str:
    """The address of the next or previous page, "" when there is none."""
    page = client.get(f"/tried{query}").content.decode()
    found = re.search(rf'href="([^"]*)" rel="{rel}"', page)
    return found[1].replace("&amp;", "&") if found else ""


def walk(client: Any, query: str = "", rel: str = "next") -> list[str]:
    """All pages one after another."""
    found = shown(client, query)
    while query := link(client, query, rel):
        page = shown(client, query)
        found = found + page if rel == "next" else page + found
    return found


def test_the_pages_together_are_the_list_both_ways(ada: Any) -> None:
    orders(8)
    whole = [f"TEA-{at}" for at in range(8, 0, -1)]

    assert walk(ada) == whole
    assert walk(ada, "?sort=received") == whole[::-1]
    assert walk(ada, "?sort=number") == whole[::-1]


def test_going_back_shows_the_pages_that_were_left(ada: Any) -> None:
    orders(8)
    second = link(ada, "", "next")
    third = link(ada, second, "next")

    assert shown(ada, link(ada, third, "prev")) == shown(ada, second)
    assert shown(ada, link(ada, second, "prev")) == shown(ada)
    assert link(ada, link(ada, second, "prev"), "prev") == ""


def test_a_page_stays_right_while_rows_arrive(ada: Any) -> None:
    orders(5)
    second = link(ada, "", "next")

    cast.order("tea", number="TEA-NEW")

    assert shown(ada, second) == ["TEA-2", "TEA-1"]


def test_equal_values_are_paged_without_loss(ada: Any) -> None:
    orders(7)
    assert Order.objects.values("total").distinct().count() == 1

    assert sorted(walk(ada, "?sort=-total")) == sorted(f"TEA-{at}" for at in range(1, 8))


@pytest.mark.parametrize("sort", ["customer", "-customer"])
def test_rows_without_a_value_are_last_both_ways(ada: Any, sort: str) -> None:
    made = orders(7)
    for at, order in enumerate(made[:4]):
        Order.objects.filter(pk=order.pk).update(customer=UUID(int=at + 1))
    with_value = ["TEA-1", "TEA-2", "TEA-3", "TEA-4"]

    found = walk(ada, f"?sort={sort}")

    assert found[:4] == (with_value if sort == "customer" else with_value[::-1])
    assert sorted(found[4:]) == ["TEA-5", "TEA-6", "TEA-7"]
    last = f"?sort={sort}"
    while further := link(ada, last, "next"):
        last = further
    assert walk(ada, last, "prev") == found


@pytest.mark.parametrize(
    "query",
    ["?after=zzz", "?after=W10", "?before=%00", "?after=WyItcmVjZWl2ZWQiLCJub3BlIiwieCJd", "?sort=nope", "?q=%00"],
)
def test_an_address_that_says_nothing_is_the_whole_list(ada: Any, query: str) -> None:
    orders(2)

    assert shown(ada, query) == ["TEA-2", "TEA-1"]


def test_sorting_says_so_to_a_screen_reader(ada: Any) -> None:
    orders(2)

    page = ada.get("/tried?sort=-total").content.decode()

    assert page.count('aria-sort="descending"') == 1
    assert '<a class="sort" href="?sort=total">' in page
    assert '<a class="sort" href="?">Received' in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=confirmed", ["TEA-1"]),
        ("?status=new&status=confirmed", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?status=none-such", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?status=none-such&status=confirmed", ["TEA-1"]),
        ("?one=new&one=confirmed", ["CLAY-1", "TEA-2"]),
        ("?site=clay", ["CLAY-1"]),
        ("?site=elsewhere", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?q=ea-2", ["TEA-2"]),
        ("?q=ea+2", ["TEA-2"]),
        ("?pending=1", []),
        ("?pending=yes", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?received_from=2000-01-01&received_to=2000-01-02", []),
        ("?received_from=2000-01-01", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?received_from=yesterday", ["CLAY-1", "TEA-2", "TEA-1"]),
        ("?domain=nowhere", []),
    ],
)
def test_each_kind_of_filter(ada: Any, query: str, expected: list[str]) -> None:
    first, _second = orders(2)
    orders(1, "clay")
    change_status(first.pk, "confirmed", by="ada")

    assert shown(ada, query) == expected


def test_a_day_reaches_to_its_midnight(ada: Any) -> None:
    made = orders(3)
    for order, at in zip(made, ("2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z", "2026-03-02T23:59:59Z"), strict=True):
        Order.objects.filter(pk=order.pk).update(received_at=a_list.moment(at))

    assert shown(ada, "?received_from=2026-03-02&received_to=2026-03-02") == ["TEA-3", "TEA-2"]


def test_a_filter_without_its_right_is_not_there() -> None:
    client = cast.signed_in(cast.staff("mark", "manager"))
    orders(2)

    page = client.get("/tried?secret=confirmed").content.decode()

    assert len(NUMBER.findall(page)) == 2
    assert "Secret" not in page


def test_a_column_without_its_right_is_not_there() -> None:
    orders(1)

    assert "Note" in cast.signed_in(cast.staff("olga", "operator")).get("/tried").content.decode()
    assert "Note" not in cast.signed_in(cast.staff("vera", "viewer")).get("/tried").content.decode()


def test_each_filter_is_a_chip_that_takes_it_away(ada: Any) -> None:
    orders(2)

    page = ada.get("/tried?status=new&status=confirmed&site=tea&received_from=2026-03-02&sort=total").content.decode()

    chips = re.findall(r'<span class="chip">([^<]*)<a href="([^"]*)"', page)
    assert [text for text, _ in chips] == ["Site: L-tea", "Status: Fresh", "Status: Agreed", "Received from 2 Mar 2026"]
    assert chips[1][1] == escape("?site=tea&status=confirmed&received_from=2026-03-02&sort=total")


def test_staff_of_one_site_see_its_rows_only() -> None:
    orders(1), orders(1, "clay")
    client = cast.signed_in(cast.staff("olga", "operator", sites=["tea"]))
    hidden = Order.objects.get(site="clay")

    assert shown(client) == ["TEA-1"]
    assert shown(client, "?site=clay") == ["TEA-1"]
    assert client.get(f"/tried/-/row/{hidden.pk}").status_code == 404
    assert client.get("/tried/-/row/nonsense").status_code == 404


def test_the_view_in_the_top_bar_narrows_the_list(ada: Any) -> None:
    orders(1), orders(1, "clay")

    ada.post("/choose-site", {"in_view": "site:clay"})

    assert shown(ada) == ["CLAY-1"]
    assert shown(ada, "?site=tea") == ["CLAY-1"]


def test_who_lacks_the_right_gets_no_part_of_the_list() -> None:
    made = orders(1)[0]
    client = cast.signed_in(cast.stranger())

    for part in ("", "/-/arrived", "/-/news", f"/-/row/{made.pk}"):
        assert client.get(f"/tried{part}").status_code == 403


def test_new_rows_wait_behind_a_banner_and_come_on_top(ada: Any) -> None:
    orders(2)
    page = ada.get("/tried?q=tea").content.decode()
    news = re.search(r'hx-get="(/tried/-/news[^"]*)"', page)
    assert news
    address = news[1].replace("&amp;", "&")
    assert "news-button" not in ada.get(address).content.decode()

    cast.order("tea", number="TEA-NEW")
    cast.order("clay", number="CLAY-NEW")

    banner = ada.get(address).content.decode()
    assert "1 new — show" in banner
    arrived = ada.get(address.replace("news", "arrived")).content.decode()
    assert NUMBER.findall(arrived) == ["TEA-NEW"]
    next_news = re.search(r'hx-get="(/tried/-/news[^"]*)"', arrived)
    assert next_news
    assert "news-button" not in ada.get(next_news[1].replace("&amp;", "&")).content.decode()


def test_a_row_is_drawn_again_even_when_the_filter_finds_it_no_more(ada: Any) -> None:
    made = orders(1)[0]
    change_status(made.pk, "confirmed", by="ada")

    answer = ada.get(f"/tried/-/row/{made.pk}?status=new").content.decode()

    assert NUMBER.findall(answer) == ["TEA-1"]
    assert f'data-live-key="{made.pk}"' in answer


def test_a_list_says_why_it_is_empty(ada: Any) -> None:
    assert "Nothing here yet" in ada.get("/tried").content.decode()
    assert "Nothing matches" in ada.get("/tried?q=zzz").content.decode()


def test_a_realm_that_is_away_leaves_the_frame(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connections["orders"], "cursor", away)
    answer = ada.get("/tried")

    assert answer.status_code == 503
    assert "This data does not answer" in answer.content.decode()
    assert "side-link" in answer.content.decode()


def test_a_page_asks_few_questions(ada: Any, django_assert_max_num_queries: Any) -> None:
    orders(3)
    ada.get("/tried")
    made = timezone.now() - timedelta(days=1)

    with django_assert_max_num_queries(4, connection=connections["orders"]):
        ada.get(f"/tried?status=new&site=tea&received_from={made.date()}")
