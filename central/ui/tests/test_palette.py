"""Ctrl K answers what the person may see, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from central.ui import menu
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders", "work", "stats"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
        cast.product(site, f"POT-{site}", f"Чайник {site}")
        cast.order(site, number=f"{site.upper()}-A-000007")


def titles(user: Any, text: str) -> set[str]:
    answer = cast.signed_in(user).get("/palette", {"q": text}).json()
    return {hit["title"] for group in answer["groups"] for hit in group["hits"]}


def test_orders_are_found_by_a_part_of_their_number() -> None:
    assert {"TEA-A-000007", "CLAY-A-000007"} <= titles(cast.staff("ada", "admin"), "000007")


def test_products_are_found_by_title_in_any_case() -> None:
    assert {"Чайник tea", "Чайник clay"} <= titles(cast.staff("ada", "admin"), "чАЙник")


def test_other_sites_are_not_found() -> None:
    user = cast.staff("olga", "operator", sites=["tea"])

    assert titles(user, "000007") == {"TEA-A-000007"}
    assert titles(user, "чайник") == {"Чайник tea"}


def test_who_has_no_rights_finds_only_his_profile() -> None:
    user = cast.stranger()

    assert titles(user, "") == {"Home", "Profile"}
    assert titles(user, "000007") == set()


def test_a_phone_finds_orders_only_for_who_may_see_customers() -> None:
    from central.orders.models import Order

    order = Order.objects.get(number="TEA-A-000007")
    _give_contact(order)

    assert "TEA-A-000007" in titles(cast.staff("olga", "operator"), "+7 000 000-00-01")
    assert titles(cast.staff("vera", "viewer"), "+7 000 000-00-01") == set()


def _give_contact(order: Any) -> None:
    from central.orders.person_index import index_customers
    from central.people.models import Customer, OrderContact
    from central.people.queries import phone_index

    phone = "+70000000001"
    customer = Customer.objects.create(
        name="Анна", phone=phone, phone_index=phone_index(phone), source_site="tea", source_label="L-tea"
    )
    OrderContact.objects.create(order=order.pk, customer=customer, name="Анна", phone=phone, site="tea")
    order.customer = customer.pk
    order.save(update_fields=["customer"])
    index_customers([customer.pk])


def groups(user: Any, query: str) -> dict[str, list[dict[str, str]]]:
    answer = cast.signed_in(user).get(f"/palette?{query}").json()
    return {group["title"]: group["hits"] for group in answer["groups"]}


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "_actions", {})
    menu.add_action(menu.Action(1, "sites-new", "Register a shop", "manage_sites", where=("sites",)))
    menu.add_action(menu.Action(2, "choose-site", "See the cluster", is_post=True))


def test_actions_are_found_by_their_words_within_the_rights(acts: None) -> None:
    ada, olga = cast.staff("ada", "admin"), cast.staff("olga", "operator")

    assert [hit["title"] for hit in groups(ada, "q=shop")["Actions"]] == ["Register a shop"]
    assert "Actions" not in groups(olga, "q=shop")
    found = groups(olga, "q=cluster")["Actions"][0]
    assert (found["url"], found["method"]) == ("/choose-site", "post")


def test_an_action_comes_unasked_on_its_own_screen(acts: None) -> None:
    ada = cast.staff("ada", "admin")

    assert [hit["title"] for hit in groups(ada, "at=sites")["Actions"]] == ["Register a shop"]
    assert "Actions" not in groups(ada, "at=orders")


def test_after_the_angle_there_are_actions_only(acts: None) -> None:
    assert set(groups(cast.staff("ada", "admin"), "q=>s")) == {"Actions"}


def test_what_is_out_of_view_is_not_found() -> None:
    user = cast.staff("ada", "admin")
    client = cast.signed_in(user)
    client.post("/choose-site", {"in_view": "site:tea"})

    answer = client.get("/palette?q=000007").json()

    assert [hit["title"] for group in answer["groups"] for hit in group["hits"]] == ["TEA-A-000007"]


def test_a_realm_that_is_away_takes_only_its_own_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> Any:
        raise OperationalError("the server closed the connection")

    monkeypatch.setitem(menu._searches, "products", menu.Search("Products", "see_products", away))

    assert "TEA-A-000007" in titles(cast.staff("ada", "admin"), "000007")


def test_the_apps_offer_what_one_can_do_within_the_rights() -> None:
    ada, olga = cast.staff("ada", "admin"), cast.staff("olga", "operator")
    wanted = {
        "new site": "/sites/new", "new node": "/nodes/invite", "import": "/imports/new", "new colleague": "/staff/new",
        "api key": "/keys/new", "new group": "/site-groups/new", "new product": "/products/new",
    }  # fmt: skip

    assert {text: url for text, url in wanted.items() if url in urls(ada, f">{text}")} == wanted
    assert {text for text, url in wanted.items() if url in urls(olga, f">{text}")} == set()


def urls(user: Any, text: str) -> set[str]:
    answer = cast.signed_in(user).get("/palette", {"q": text}).json()
    return {hit["url"] for group in answer["groups"] for hit in group["hits"]}


def test_every_address_the_palette_offers_opens() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))
    offered = [action.url for action in menu._actions.values() if not action.is_post]

    assert {url: ada.get(url).status_code for url in offered} == dict.fromkeys(offered, 200)


def test_no_two_screens_share_a_key() -> None:
    keys = [entry.key for entry in menu._entries.values() if entry.key]

    assert sorted(set(keys)) == sorted(keys)


def test_records_are_found_by_what_people_know_of_them() -> None:
    _give_contact(cast.order("tea", number="TEA-A-000008"))
    cast.node("edge-1", "tea")
    ada = cast.staff("ada", "admin")
    found = {text: titles(ada, text) for text in ("POT-tea", "анна", "+7 000 000-00-01", "node", "edge-1", "tea")}

    assert "Чайник tea" in found["POT-tea"]
    assert {"Анна", "TEA-A-000008"} <= found["анна"]
    assert {"Анна", "TEA-A-000008"} <= found["+7 000 000-00-01"]
    assert "Node edge-1" in found["node"] & found["edge-1"]
    assert "Shop tea" in found["tea"]


def test_records_of_other_sites_are_not_found() -> None:
    _give_contact(cast.order("tea", number="TEA-A-000008"))
    cast.node("edge-1", "tea")
    stranger = cast.staff("clara", "admin", sites=["clay"])

    for text in ("анна", "+7 000 000-00-01", "node edge", "edge-1", "POT-tea", "TEA-A-000008"):
        assert titles(stranger, text) == set()


def test_words_of_both_languages_and_of_the_wrong_layout_are_understood() -> None:
    client = cast.signed_in(cast.staff("ada", "admin", language="ru"))

    for text in ("заказы", "orders", "pfrfps", "щквукы"):
        groups = client.get("/palette", {"q": text}).json()["groups"]
        assert "/orders" in {hit["url"] for group in groups for hit in group["hits"]}, text
