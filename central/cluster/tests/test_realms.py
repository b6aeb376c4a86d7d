"""Where realms live and how they are; whether another database is fit for one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connections

from central.cluster.models import RealmHealth
from central.cluster.realm_check import State, check_url
from central.cluster.realm_health import note
from central.cluster.realm_state import all_states, state_of
from central.ui.tests import cast
from infra.mail.tests.test_contract import free_port
from node.reachable import without_password
from node.realms import CENTRAL_REALMS

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)
SECRET = "s3cret/of@ours"


def server() -> dict[str, Any]:
    where = connections["default"].settings_dict
    found = {"host": where["HOST"], "port": where["PORT"], "user": where["USER"], "password": where["PASSWORD"]}
    return {name: value or None for name, value in found.items()}


def url_of(name: str, **changes: Any) -> str:
    at = server() | changes
    who = f"{at['user']}:{quote(at['password'] or '', safe='')}"
    port = f"&port={at['port']}" if at["port"] else ""
    return f"postgresql://{who}@/{name}?host={quote(str(at['host'] or 'localhost'), safe='')}{port}"


@pytest.fixture
def made(node_home: Any) -> Iterator[Any]:
    """Makes scratch databases on the tests' server; `run(name, statement)` runs one there."""
    names: list[str] = []

    def run(name: str, *statements: str, more: str = "") -> str:
        if name not in names:
            with psycopg.connect(dbname="postgres", autocommit=True, **server()) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name}")
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {more}")
            names.append(name)
        with psycopg.connect(dbname=name, autocommit=True, **server()) as connection:
            for statement in statements:
                connection.execute(statement)
        return name

    yield run
    with psycopg.connect(dbname="postgres", autocommit=True, **server()) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ada(node_home: Any) -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def fails(realm: str, url: str) -> list[str]:
    return [f"{check.what}: {check.said}" for check in check_url(realm, url) if check.state is State.FAILS]


def take_down(monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    monkeypatch.setitem(connections[alias].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections[alias].settings_dict, "PORT", str(free_port()))


def test_every_realm_says_how_it_is(ada: Any) -> None:
    states = {state.realm: state for state in all_states()}

    assert list(states) == list(CENTRAL_REALMS)
    assert all(state.is_up and (state.size or 0) > 1_000_000 for state in states.values())
    assert (states["orders"].waiting, states["orders"].failed, states["orders"].quarantined) == (0, 0, 0)
    assert (states["orders"].connections or 0) >= 1
    assert "orders_order" in {table.name for table in state_of("orders", tables=100).tables}


def test_a_realm_that_is_down_breaks_neither_list_nor_card(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    note("catalog", is_up=False)
    take_down(monkeypatch, "catalog")

    page = ada.get("/realms").content.decode()
    card = ada.get("/realms/catalog").content.decode()

    assert 'data-realm="catalog" data-tone="red"' in page
    assert page.count('data-tone="green"') == 5
    for text in (page, card):
        assert "Shops sell what they hold" in text
        assert "Down since" in text


def test_since_when_a_realm_is_down_is_written_once() -> None:
    note("catalog", is_up=False)
    first = RealmHealth.objects.get(pk="catalog").changed_at
    note("catalog", is_up=False)
    assert RealmHealth.objects.get(pk="catalog").changed_at == first

    note("catalog", is_up=True)

    assert RealmHealth.objects.get(pk="catalog").is_up


def test_an_empty_database_is_fit(made: Any) -> None:
    assert fails("orders", url_of(made("rialto_check_empty"))) == []


def test_the_built_in_locale_is_known_by_its_name(made: Any) -> None:
    with psycopg.connect(dbname="postgres", **server()) as connection:
        if connection.info.server_version < 170_000:
            pytest.skip("this PostgreSQL has no built-in locales")
    name = made(
        "rialto_check_locale", more="ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    )

    assert [check.said for check in check_url("orders", url_of(name)) if check.what == "Locale"] == ["C.UTF-8"]


def test_looking_changes_nothing(made: Any) -> None:
    name = made("rialto_check_untouched")

    check_url("orders", url_of(name))

    with psycopg.connect(dbname=name, **server()) as connection:
        found = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert found.fetchone() == (0,)


def test_tables_of_another_realm_are_refused_and_our_own_are_said(made: Any) -> None:
    name = made("rialto_check_used", "CREATE TABLE orders_order (id int)")

    assert fails("customers", url_of(name)) == ["Tables: it holds tables of: orders"]
    assert fails("orders", url_of(name)) == []
    assert "it holds tables of this realm already" in {check.said for check in check_url("orders", url_of(name))}


def test_tables_with_our_names_of_another_version_are_refused(made: Any) -> None:
    name = made("rialto_check_old", "CREATE TABLE orders_of_old (id int)", "CREATE TABLE theirs (id int)")

    assert len(fails("orders", url_of(name))) == 1
    assert "orders_of_old" in fails("orders", url_of(name))[0]


def test_another_encoding_is_refused(made: Any) -> None:
    name = made("rialto_check_latin", more="ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")

    assert fails("orders", url_of(name)) == ["Encoding: SQL_ASCII"]


def test_a_user_without_rights_is_refused(made: Any) -> None:
    name = made("rialto_check_rights", "DROP ROLE IF EXISTS rialto_poor", "CREATE ROLE rialto_poor LOGIN PASSWORD 'x'")

    try:
        assert fails("orders", url_of(name, user="rialto_poor", password="x")) == [
            "Rights: this user may not make tables"
        ]
    finally:
        made(name, "DROP ROLE rialto_poor")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:s3cret@h/db", "Address: is not the address of a PostgreSQL database"),
        ("postgresql://u:s3cret@h", "Address: is not the address of a PostgreSQL database"),
        ("postgresql://u:s3cret/x@h:5432/db", "Address: is not the address of a PostgreSQL database"),
        ("postgresql://u:s3cret@127.0.0.1:1/db", "Connection: nothing answers at 127.0.0.1"),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_password(node_home: Any, url: str, said: str) -> None:
    assert fails("orders", url) == [said]
    assert "s3cret" not in str(check_url("orders", url))


def test_a_database_that_is_not_there_is_said(node_home: Any) -> None:
    assert fails("orders", url_of("rialto_nowhere")) == ["Connection: there is no such database"]


def test_the_screen_shows_each_check_and_never_the_password(
    ada: Any, made: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = url_of(made("rialto_check_screen"))
    wrong = f"postgresql://somebody:{SECRET}@127.0.0.1:1/db"

    good = ada.post("/realms/test", {"realm": "orders", "url": url})
    bad = ada.post("/realms/test", {"realm": "orders", "url": wrong})
    again = ada.post("/realms/test", {"realm": "orders", "url": without_password(wrong)})

    assert good.status_code == 200
    assert 'data-state="fine"' in good.content.decode()
    assert 'data-state="fails"' in bad.content.decode()
    assert "s3cret" not in html.unescape(bad.content.decode()) + caplog.text
    assert "somebody:***@127.0.0.1" in bad.content.decode()
    assert again.status_code == 422


def test_what_has_to_be_mended_comes_first(made: Any, ada: Any) -> None:
    name = made("rialto_check_order", "CREATE TABLE orders_order (id int)")

    page = ada.post("/realms/test", {"realm": "customers", "url": url_of(name)}).content.decode()

    states = re.findall(r'data-state="(\w+)"', page)
    assert states[0] == "fails" and states == sorted(states, key=["fails", "warns", "fine"].index)
    assert "1 thing to mend" in page


def test_a_password_is_hidden_wherever_it_stands() -> None:
    hidden = [
        without_password(url)
        for url in (
            "postgresql://u:p@h/db",
            "postgresql://u:p@ss/w:x@h:5432/db",
            "postgresql://u@h/db?password=pp&sslmode=require",
            "redis://:p@h:6379/0",
            "postgresql://u@h/db",
        )
    ]

    assert hidden == [
        "postgresql://u:***@h/db",
        "postgresql://u:***@h:5432/db",
        "postgresql://u@h/db?password=***&sslmode=require",
        "redis://:***@h:6379/0",
        "postgresql://u@h/db",
    ]


def test_who_may_not_see_realms_finds_none(node_home: Any) -> None:
    vera = cast.signed_in(cast.staff("vera", "viewer"))

    assert [vera.get(path).status_code for path in ("/realms", "/realms/orders", "/realms/test")] == [403, 403, 403]
