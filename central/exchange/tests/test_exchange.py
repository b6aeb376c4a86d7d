"""What the exchange refuses, and what it hands out to whom."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from central.catalog.importing.models import ImportRun
from central.catalog.importing.sources import make_source
from central.catalog.models import Product
from central.catalog.tests.exchange import import_xml
from central.catalog.tests.files import archive
from central.exchange import actions, orders
from central.exchange.models import ExchangeKey, HandOver
from central.orders.models import Order
from central.ui.tests import cast
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"])


@pytest.fixture(autouse=True)
def world(node_home: Path) -> None:
    cache.clear()
    for site in ("shoes", "clay"):
        cast.site(site)


def make_key(sites: tuple[str, ...] = ("shoes",), **more: Any) -> tuple[ExchangeKey, str]:
    source = make_source(f"1C of {sites}", list(sites), by="test")
    return actions.make_key("Warehouse", sites=sites, source=source.pk, by="test", **{"gives_people": False, **more})


def asked(client: Client, kind: str, mode: str, body: bytes | None = None, **more: str) -> str:
    address = f"/exchange/1c?type={kind}&mode={mode}" + "".join(f"&{name}={value}" for name, value in more.items())
    sent = client.get(address) if body is None else client.generic("POST", address, body)
    return sent.content.decode("windows-1251")


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def signed_in(key: ExchangeKey, password: str) -> Client:
    client = Client(enforce_csrf_checks=True)
    answer = client.get(
        "/exchange/1c?type=catalog&mode=checkauth", headers={"Authorization": basic(key.login, password)}
    )
    assert answer.content.startswith(b"success\r\n"), answer.content
    return client


def settled_order(site: str, number: str) -> Order:
    made = cast.order(site, number=number)
    run_due()
    Order.objects.filter(pk=made.pk).update(changed_at=timezone.now() - timedelta(minutes=1))
    return made


# --- the door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic ???", basic("1c-nobody", "x"), basic("", "")])
def test_who_proves_nothing_is_sent_away(header: str) -> None:
    answer = Client().get("/exchange/1c?type=catalog&mode=checkauth", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.content.startswith(b"failure\r\n")


def test_a_password_is_not_guessed_a_thousand_times() -> None:
    key, password = make_key()
    client = Client()
    for _ in range(actions.MOST_WRONG):
        client.get("/exchange/1c?type=sale&mode=checkauth", headers={"Authorization": basic(key.login, "guess")})

    answer = client.get("/exchange/1c?type=sale&mode=checkauth", headers={"Authorization": basic(key.login, password)})

    assert "too many wrong passwords" in answer.content.decode()


@pytest.mark.parametrize("mode", ["init", "file", "import", "query", "success"])
def test_without_a_session_nothing_is_done(mode: str) -> None:
    assert asked(Client(), "catalog", mode).startswith("failure\r\nthe session has ended")


def test_a_key_switched_off_ends_its_sessions() -> None:
    key, password = make_key()
    client = signed_in(key, password)

    actions.edit_key(key.pk, {"is_active": False})

    assert asked(client, "catalog", "init").startswith("failure")


def test_the_password_is_kept_as_a_hash() -> None:
    key, password = make_key()

    assert password not in key.password


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../evil.xml", "/etc/passwd", "a/../../b.xml", "..%5Cevil.xml", "", "a/b/c/d/e/f/g.xml"]
)
def test_a_file_name_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    client = signed_in(*make_key())
    before = sorted(tmp_path.rglob("*"))

    assert asked(client, "catalog", "file", b"x", filename=name).startswith("failure")

    assert [one for one in sorted(tmp_path.rglob("*")) if one.is_file()] == [one for one in before if one.is_file()]


def test_a_piece_above_the_limit_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "FILE_LIMIT", 100)
    client = signed_in(*make_key())
    asked(client, "catalog", "file", b"a" * 50, filename="import.xml")

    assert asked(client, "catalog", "file", b"b" * 200, filename="import.xml").startswith("failure")

    assert asked(client, "catalog", "file", b"c" * 50, filename="import.xml").startswith("success")


def test_a_file_of_another_session_is_not_found() -> None:
    asked(signed_in(*make_key()), "catalog", "file", import_xml(), filename="import.xml")

    other = signed_in(*make_key(("clay",)))

    assert "was not sent in this session" in asked(other, "catalog", "import", filename="import.xml")


def test_an_exchange_in_an_archive_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.exchange.protocol.WAIT_S", 0.0)
    client = signed_in(*make_key())
    asked(client, "catalog", "init")
    asked(client, "catalog", "file", archive({"import.xml": import_xml()}), filename="v8.zip")

    assert asked(client, "catalog", "import", filename="import.xml").startswith("progress")
    run_due(["catalog"])

    assert asked(client, "catalog", "import", filename="import.xml").startswith("success")
    assert ImportRun.objects.get().by == "1C"


def test_a_broken_file_is_a_failure_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.exchange.protocol.WAIT_S", 0.0)
    client = signed_in(*make_key())
    asked(client, "catalog", "file", import_xml()[:-50], filename="import.xml")
    asked(client, "catalog", "import", filename="import.xml")
    run_due(["catalog"])

    answer = asked(client, "catalog", "import", filename="import.xml")

    assert answer.startswith("failure\r\nimport.xml: line")
    assert Product.objects.count() == 0


# --- orders -------------------------------------------------------------------------------------------------------


def test_orders_go_out_once_and_only_of_its_sites() -> None:
    settled_order("shoes", "SHOES-A-000001")
    settled_order("clay", "CLAY-A-000001")
    client = signed_in(*make_key())

    first = asked(client, "sale", "query")
    assert "SHOES-A-000001" in first
    assert "CLAY-A-000001" not in first
    assert "SHOES-A-000001" in asked(client, "sale", "query")  # it never said that it has them
    asked(client, "sale", "success")

    assert "<Документ>" not in asked(client, "sale", "query")


@pytest.mark.parametrize("gives_people", [True, False])
def test_who_ordered_goes_out_only_with_the_right_and_is_written_down(gives_people: bool) -> None:
    made = settled_order("shoes", "SHOES-A-000001")
    from central.people.queries import contact_of

    contact = contact_of(made.pk)
    assert contact is not None
    client = signed_in(*make_key(gives_people=gives_people))

    answer = asked(client, "sale", "query")

    for word in (contact.name, contact.phone):
        assert word
        assert (word in answer) is gives_people
    handed = HandOver.objects.get(kind="orders")
    assert (handed.with_people, handed.detail) == (gives_people, "SHOES-A-000001")
    assert contact.name not in handed.detail


def test_a_state_of_an_order_of_another_site_is_refused(tmp_path: Path) -> None:
    made = settled_order("clay", "CLAY-A-000001")
    key, _ = make_key()
    file = tmp_path / "orders.xml"
    file.write_text(
        "<КоммерческаяИнформация><Документ><Номер>CLAY-A-000001</Номер><ЗначенияРеквизитов><ЗначениеРеквизита>"
        "<Наименование>Отменен</Наименование><Значение>true</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>"
        "</Документ></КоммерческаяИнформация>"
    )

    taken = orders.take_states(file, key)

    assert (taken.moved, taken.refused) == (0, ["CLAY-A-000001: there is no such order of these sites"])
    made.refresh_from_db()
    assert made.status_id == "new"


# --- screens ------------------------------------------------------------------------------------------------------


def test_a_key_is_made_on_the_screen_and_its_password_shown_once() -> None:
    client = cast.signed_in(cast.staff("ada", "admin"))

    answer = client.post("/exchange/new", {"title": "Склад", "is_active": "on", "sites": ["shoes"], "source": ""})

    key = ExchangeKey.objects.get()
    page = answer.content.decode()
    assert key.login in page
    assert "/exchange/1c" in page
    assert (key.sites, key.gives_people) == (["shoes"], False)
    assert "Another password" in client.get(f"/exchange/keys/{key.pk}").content.decode()


def test_keys_of_others_are_not_there() -> None:
    key, _ = make_key(("shoes", "clay"))
    client = cast.signed_in(cast.staff("eva", "admin", sites=["clay"]))

    assert "Warehouse" not in client.get("/exchange").content.decode()
    assert client.get(f"/exchange/keys/{key.pk}").status_code == 404
    assert client.post(f"/exchange/keys/{key.pk}/password").status_code == 404
