"""The screens of nodes and sites."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from central.cluster import demo
from central.cluster.models import Invite, Node, NodeHealth, Site
from central.cluster.node_list import NODES
from central.ui.tests import cast
from central.ui.tests.test_forms import sent_from
from node import config as node_config
from sync.contracts.join import JoinToken

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    cast.site("tea", texts={"about": "Old words", "kept": "not in the form"})


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def form_of(client: Any, address: str = "/sites/tea", **changes: Any) -> dict[str, Any]:
    """What a browser sends of the page when `changes` were typed into it."""
    return {**sent_from(client.get(address).content.decode()), **changes}


def joined(node: str, heard_ago: timedelta) -> None:
    Node.objects.filter(pk=node).update(state=Node.State.JOINED, joined_at=timezone.now())
    NodeHealth.objects.create(node_id=node, heard_at=timezone.now() - heard_ago, version="0.1.0", backlog=7, lag=42)


def lights(client: Any) -> dict[str, str]:
    return dict(re.findall(r'data-node="(\w+)" data-light="(\w+)"', client.get("/nodes").content.decode()))


def test_each_node_has_its_light(ada: Any) -> None:
    for node in "abcd":
        cast.node(node)
    joined("a", timedelta(seconds=1))
    joined("b", timedelta(seconds=30))
    Node.objects.filter(pk="c").update(state=Node.State.REVOKED)

    assert lights(ada) == {"b": "amber", "a": "green", "d": "grey", "c": "red"}


def shown_nodes(client: Any, **query: str) -> list[str]:
    return re.findall(r'<tr id="row-(\w+)"', client.get("/nodes", query).content.decode())


def test_nodes_are_sorted_and_filtered_by_state(ada: Any) -> None:
    for node in "abcd":
        cast.node(node)
    joined("a", timedelta(seconds=1))
    joined("b", timedelta(seconds=30))
    Node.objects.filter(pk="c").update(state=Node.State.REVOKED)

    assert shown_nodes(ada) == ["a", "b", "c", "d"]
    assert shown_nodes(ada, sort="state") == ["b", "c", "d", "a"]
    assert shown_nodes(ada, state="amber") == ["b"]
    assert shown_nodes(ada, behind="1") == ["a", "b"]
    assert shown_nodes(ada, q="no such") == []


def test_a_node_falls_silent_on_an_open_list(ada: Any) -> None:
    cast.node("a")
    joined("a", timedelta(seconds=1))

    page = ada.get("/nodes").content.decode()

    assert re.search(r'<div data-live-tick hx-get="/nodes" hx-trigger="live" hx-target="#rows"', page)
    NodeHealth.objects.update(heard_at=timezone.now() - timedelta(seconds=12))
    assert lights(ada) == {"a": "amber"}


def test_of_nodes_each_column_sorts_for_who_is_limited_to_sites_and_nothing_else_shows(ada: Any) -> None:
    cast.site("hush")
    cast.node("a", "tea", "hush")
    cast.node("b", "hush")
    joined("a", timedelta(seconds=1))
    near = cast.signed_in(cast.staff("near", "manager", sites=["tea"]))

    for column in (column for column in NODES.columns if column.sort):
        for sign in ("", "-"):
            assert shown_nodes(near, sort=f"{sign}{column.key}") == ["a"], column.key
    page = near.get("/nodes").content.decode()
    assert "L-tea" in page and "L-hush" not in page
    file = b"".join(near.get("/nodes/-/export", {"as": "csv"})).decode("utf-8-sig")
    assert "Node a (a)" in file and "hush" not in file and "Node b" not in file


def test_a_node_shows_what_its_heartbeat_said(ada: Any) -> None:
    cast.node("a", "tea")
    joined("a", timedelta(seconds=1))

    page = ada.get("/nodes/a").content.decode()

    assert all(word in page for word in ("0.1.0", ">42<", ">7<", "L-tea"))


def test_an_invite_shows_its_token_once(ada: Any) -> None:
    form = {"id": "z", "name": "Spare", "sites": ["tea"], "minutes": "30", "operator_email": "ops@example.com"}

    page = ada.post("/nodes/invite", form).content.decode()

    token = re.search(r'id="token">([^<]+)<', page)
    assert token
    assert JoinToken.parse(token[1]).invite == Invite.objects.get().id.hex
    assert token[1] not in ada.get("/nodes/z").content.decode()
    assert Site.objects.get(pk="tea").node_id == "z"


@pytest.mark.parametrize("wrong", [{"id": "Big"}, {"id": ""}, {"minutes": "0"}, {"sites": ["nowhere"]}])
def test_a_wrong_invite_makes_no_node(ada: Any, wrong: dict[str, Any]) -> None:
    form = {"id": "z", "name": "Spare", "sites": ["tea"], "minutes": "30", **wrong}

    assert ada.post("/nodes/invite", form).status_code == 422
    assert Node.objects.count() == 0


def test_a_revoked_node_is_red_and_offers_nothing_more(ada: Any) -> None:
    cast.node("a", "tea")
    joined("a", timedelta(seconds=1))

    ada.post("/nodes/a/revoke")

    assert lights(ada) == {"a": "red"}
    assert Node.objects.get(pk="a").revoked_by == "ada"
    assert "/nodes/a/revoke" not in ada.get("/nodes/a").content.decode()


def test_a_node_of_others_is_not_there() -> None:
    cast.site("clay")
    cast.node("b", "clay")
    client = cast.signed_in(cast.staff("eva", "admin", sites=["tea"]))

    assert client.get("/nodes/b").status_code == 404
    assert client.post("/nodes/b/revoke").status_code == 404
    assert client.post("/nodes/invite", {"id": "b", "name": "x", "sites": ["tea"], "minutes": "9"}).status_code == 422
    assert Site.objects.get(pk="tea").node_id is None


def test_links_are_cut_in_a_demo_only(ada: Any) -> None:
    cast.node("a", "tea")

    assert "/nodes/a/cut" not in ada.get("/nodes").content.decode()
    assert ada.post("/nodes/a/cut").status_code == 404


def test_cut_and_heal_speak_to_the_demo(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.node("a", "tea")
    links = {"a": "up"}
    monkeypatch.setattr("node.demo_control._ask", lambda question, control: _conduct(links, question))

    with node_config.overridden(demo_control="/nowhere/control.sock"):
        assert "/nodes/a/cut" in ada.get("/nodes").content.decode()
        ada.post("/nodes/a/cut")
        assert demo.links() == {"a": True}
        assert "/nodes/a/heal" in ada.get("/nodes").content.decode()
        ada.post("/nodes/a/heal")

    assert links == {"a": "up"}


def _conduct(links: dict[str, str], question: dict[str, str]) -> dict[str, str]:
    if question["do"] != "state":
        links[question["node"]] = {"cut": "cut", "heal": "up"}[question["do"]]
    return links


def test_a_demo_that_does_not_answer_shows_the_nodes_all_the_same(ada: Any) -> None:
    cast.node("a", "tea")

    with node_config.overridden(demo_control="/nowhere/control.sock"):
        assert lights(ada) == {"a": "grey"}


def test_a_site_is_registered_and_sells_in_its_language(ada: Any) -> None:
    form = form_of(
        ada, "/sites/new", id="ink", name="Inkwell", label="Ink", origin="https://ink.example", language="en",
        currency="eur", theme="ink", courier_price="4.50", unpaid_minutes="45",
    )  # fmt: skip

    answer = ada.post("/sites/new", form)

    assert answer.status_code == 302
    site = Site.objects.get(pk="ink")
    assert (site.currency, site.unpaid_minutes) == ("EUR", 45)
    assert [(way["code"], way["title"], way["price"]) for way in site.deliveries] == [
        ("pickup", "Pick up yourself", 0),
        ("courier", "Courier", 450),
    ]
    assert [way["provider"] for way in site.payments] == ["cash_on_delivery", "pretend_card"]


def test_an_edit_changes_what_was_typed_and_keeps_the_rest(ada: Any) -> None:
    site = Site.objects.get()

    ada.post("/sites/tea", form_of(ada, name="New name", about="New words"))

    changed = Site.objects.get()
    assert (changed.name, changed.ver) == ("New name", site.ver + 1)
    assert changed.texts["about"] == "New words"
    assert changed.texts["kept"] == "not in the form"
    assert changed.deliveries == site.deliveries
    assert changed.payments == site.payments


def test_a_way_to_deliver_is_named_priced_and_explained(ada: Any) -> None:
    form = form_of(ada, courier="on", courier_title="Drone", courier_price="350", courier_note="Tomorrow")

    ada.post("/sites/tea", form)

    assert Site.objects.get().deliveries[1] == {
        "code": "courier", "title": "Drone", "price": 35_000, "note": "Tomorrow", "needs_address": True
    }  # fmt: skip


def test_a_site_is_switched_off_and_keeps_its_history(ada: Any) -> None:
    cast.order("tea", number="TEA-A-1")
    form = form_of(ada)
    del form["is_active"]

    ada.post("/sites/tea", form)

    assert not Site.objects.get().is_active
    assert "TEA-A-1" in ada.get("/orders").content.decode()

    ada.post("/sites/tea", form_of(ada, is_active="on"))

    assert Site.objects.get().is_active


def test_two_edits_at_once_merge_and_the_same_field_asks(ada: Any) -> None:
    mine, other = form_of(ada, name="Mine"), form_of(ada, name="Mine too", tagline="Words")
    ada.post("/sites/tea", form_of(ada, name="Theirs"))

    asked = ada.post("/sites/tea", mine)
    ada.post("/sites/tea", {**other, "name": form_of(ada)["name"]})

    assert asked.status_code == 409
    assert "Theirs" in asked.content.decode()
    assert (Site.objects.get().name, Site.objects.get().texts["tagline"]) == ("Theirs", "Words")


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "javascript:alert(1)"},
        {"origin": "https://a.example/path"},
        {"colour": "red;}"},
        {"colour": "#ffff00"},
        {"currency": "EURO"},
        {"courier": "on", "courier_price": "a lot"},
        {"extra_hosts": "bad host;"},
        {"language": "xx"},
        {"theme": "../../etc"},
        {"node": "nowhere"},
        {"parent": "nowhere"},
        {"parent": "tea"},
        {"name": ""},
    ],
)
def test_a_wrong_field_saves_nothing(ada: Any, wrong: dict[str, Any]) -> None:
    before = Site.objects.get().ver

    assert ada.post("/sites/tea", form_of(ada, **wrong)).status_code == 422
    assert Site.objects.get().ver == before


def test_an_address_belongs_to_one_site(ada: Any) -> None:
    cast.site("clay")

    answer = ada.post("/sites/tea", form_of(ada, origin="http://clay.example"))

    assert answer.status_code == 422
    assert "clay.example" in answer.content.decode()


def test_who_may_only_look_saves_nothing(ada: Any) -> None:
    form = form_of(ada, name="Mine")
    client = cast.signed_in(cast.staff("mark", "manager"))

    assert client.post("/sites/tea", form).status_code == 403
    assert Site.objects.get().name == "Shop tea"


def test_a_new_site_takes_all_its_settings_from_its_parent(ada: Any) -> None:
    form = form_of(
        ada, "/sites/new", id="ink", name="Inkwell", label="Ink", origin="https://ink.example", language="en",
        currency="EUR", theme="ink", parent="tea", take_all="on",
    )  # fmt: skip

    ada.post("/sites/new", form)

    site = Site.objects.get(pk="ink")
    assert (site.currency, site.language, site.theme, site.texts["about"]) == ("RUB", "ru", "tea", "Old words")
    assert site.kept["currency"] == "EUR"


def test_each_setting_is_ticked_and_locked_for_itself(ada: Any) -> None:
    cast.site("clay", parent="tea", theme="clay", language="en")

    ada.post("/sites/clay", form_of(ada, "/sites/clay", inherit_theme="on"))
    ada.post("/sites/tea", form_of(ada, lock_language="on"))
    ada.post("/sites/clay", form_of(ada, "/sites/clay", tagline="Own words"))

    site = Site.objects.get(pk="clay")
    assert (site.inherits, site.theme) == (["theme"], "tea")
    assert (site.language, site.kept["language"]) == ("ru", "en")
    assert site.texts["tagline"] == "Own words"
    page = ada.get("/sites/clay").content.decode()
    assert "Locked by Shop tea" in page
    assert "As Shop tea has it: tea" in page

    form = form_of(ada, "/sites/clay")
    del form["inherit_theme"]
    ada.post("/sites/clay", form)
    ada.post("/sites/tea", {name: value for name, value in form_of(ada).items() if name != "lock_language"})

    site = Site.objects.get(pk="clay")
    assert (site.theme, site.language, site.kept) == ("clay", "en", {})


def test_a_parent_one_may_not_see_is_not_named() -> None:
    cast.site("hush", name="Secret shop")
    cast.site("clay", parent="hush", inherits=["theme"])
    eva = cast.signed_in(cast.staff("eva", "admin", sites=["clay"]))

    page = eva.get("/sites/clay").content.decode()

    assert "Secret shop" not in page
    assert "a site you may not see" in page
    assert eva.post("/sites/clay", form_of(eva, "/sites/clay", name="New")).status_code == 302


def test_prices_of_delivery_are_not_taken_without_their_currency(ada: Any) -> None:
    ways = [{"code": "courier", "title": "Courier", "price": 35_000, "needs_address": True}]
    cast.site("clay", deliveries=ways)
    cast.site("ink", parent="clay", currency="EUR")

    refused = ada.post("/sites/ink", form_of(ada, "/sites/ink", inherit_deliveries="on"))
    taken = ada.post("/sites/ink", form_of(ada, "/sites/ink", inherit_deliveries="on", inherit_currency="on"))

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert "RUB" in refused.content.decode()
