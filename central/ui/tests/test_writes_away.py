"""Each realm's database is really away in turn, and everything that can be written is: done whole, or not at all.

Whoever is told that a realm is away sends the same once more when it is back. So a refusal leaves no trace in any
other realm, and the second time it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.root import document
from central.api.tests.caller import Caller
from central.shoppers import actions as shoppers
from central.shoppers import codes
from central.shoppers.models import Account, Code
from central.shoppers.queries import return_address
from central.shoppers.tests import make
from central.stock.models import Grant
from central.ui.tests import cast
from central.ui.tests.sent import FORMS
from central.ui.tests.test_realm_away import QUICK_S
from central.ui.tests.test_walk import SCREENS, _address, _text, world
from node import config as node_config
from node.limits import OFF, RATE_LIMITS
from node.realms import CENTRAL_REALMS, CLUSTER, alias_of
from node.testing.away import away

__all__ = ["world"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True),
]
#: what a refused request may write: that it came
SEEN = ("django_session", "api_apikey", "api_keyday")
#: of lists: a view that is there, a bulk run that goes on, lists that have nothing to do to many rows
KEPT = ("-view", "-steer", "-bulk")
#: posts that the walk leaves out, and why
LEFT_OUT = {
    "account_logout": "ends the walk",
    "profile": "a new password ends the walk",
    "products-picture": "of a picture by its hash",
    "cdn-zone-dns": "asks the provider; tried in cdn against a stand-in",
    "seo-page": "the form of seo-page-of, for kinds of pages that have no goods",
    "crypto-keys-retire": "of a key that nothing is under any more",
    "roles-delete": "of a role that nobody has",
    "nodes-cut": "of a demo alone",
    "nodes-heal": "of a demo alone",
    "stock-supply-give-up": "of a supply that the walk has received",
    "realms-move": "tried in cluster/moving",
    "realms-abort": "tried in cluster/moving",
}


def rows(realm: str) -> dict[str, str]:
    """Of each table of a realm what all its rows hold, as a hash."""
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in cursor.fetchall() if name not in SEEN]
        parts = [f"SELECT '{name}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{name}\" t" for name in names]
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def changed(before: dict[str, dict[str, str]]) -> list[str]:
    return [
        f"{realm}.{table}"
        for realm, tables in before.items()
        for table, now in rows(realm).items()
        if tables.get(table) != now
    ]


def trial(realm: str, send: Callable[[], tuple[int, str]]) -> str:
    """What is wrong with a write while a realm is away and after it, "" when nothing is."""
    before = {other: rows(other) for other in CENTRAL_REALMS if other != realm}
    with away(realm):
        began = time.monotonic()
        status, text = send()
        if time.monotonic() - began > QUICK_S:
            return f"{status} after {time.monotonic() - began:.1f} s"
        if status != 503:
            return "" if status < 400 else f"away: {status} {text[-300:]}"
        if realm not in text:
            return "names no realm"
        if half_done := changed(before):
            return f"half done: {half_done}"
    status, text = send()
    return "" if status < 400 else f"back: {status} {text[-300:]}"


def sender(client: Client, address: str, fields: dict[str, Any]) -> Callable[[], tuple[int, str]]:
    client.raise_request_exception = False

    def send() -> tuple[int, str]:
        for file in fields.values():
            if hasattr(file, "seek"):
                file.seek(0)
        answer = client.post(address, fields)
        return answer.status_code, _text(answer)

    return send


@pytest.mark.parametrize("realm", CENTRAL_REALMS)
def test_every_form_of_the_desk_is_done_whole_or_not_at_all(world: Any, realm: str) -> None:
    client = cast.signed_in(cast.staff("ada", "admin"))
    Grant.objects.filter(pk=world["tea"]["grant_id"]).update(state=Grant.State.FROZEN, frozen_at=timezone.now())
    wrong = {}

    # No form writes to `work` or `stats` yet, and without `cluster` nobody is signed in: the first half is enough.
    for form in FORMS[: len(FORMS) // (2 if realm in ("work", "stats", CLUSTER) else 1)]:
        address, fields = form.sent(client, world["tea"])
        if said := trial(realm, sender(client, address, fields)):
            wrong[form.to, str(form.typed)] = said

    assert wrong == {}


def test_the_walk_sends_every_form(world: Any) -> None:
    client = cast.signed_in(cast.stranger())
    sent = {form.to for form in FORMS}

    # Who has no right is refused after the method is looked at.
    posts = {name for name in SCREENS if client.post(_address(name, world["tea"])).status_code != 405}

    assert {name for name in posts - sent - set(LEFT_OUT) if not name.endswith(KEPT)} == set()


# --- the API -------------------------------------------------------------------------------------------------------


def api_calls(arguments: dict[str, Any]) -> dict[str, Any]:
    """Operation -> body, in an order in which none undoes what the next one needs."""
    return {
        "create_product": {"site": "tea", "title": "New", "units": [{"sku": "New-1", "price": 100}]},
        "change_product": {"site": "tea", "title": "Other tea"},
        "show_product": {"site": "tea", "regions": {"": False}},
        "set_price": {"site": "tea", "sku": "Tea-1", "price": 200},
        "put_stock": {"site": "tea", "sku": "Tea-1", "units": 9},
        "create_order": {
            "site": "tea", "lines": [{"sku": "Tea-1", "units": 1}], "delivery": "pickup", "payment": "cash",
            "buyer": {"name": "A", "phone": "+70000000009"}, "consent": True,
        },
        "note_order": {"note": "call back"},
        "move_order": {"to": "confirmed"},
    }  # fmt: skip


@pytest.mark.parametrize("realm", CENTRAL_REALMS)
def test_every_write_of_the_api_is_done_whole_or_not_at_all(world: Any, realm: str) -> None:
    key, text = make_key(cast.staff("ada", "admin"), Wanted(name="All", rights=[*TITLES], sites=["tea"]))
    caller, bodies, wrong = Caller(key, text), api_calls(world["tea"]), {}
    calls = {
        one["operationId"]: (method, path.removeprefix("/api/v1/"))
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
        if method != "get"
    }
    assert set(calls) == set(bodies)
    ids = {"product": world["tea"]["product_id"], "order": world["tea"]["order_id"]}

    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        for name, body in bodies.items():
            method, path = calls[name]

            def send(method: str = method, path: str = path, body: Any = body, name: str = name) -> tuple[int, str]:
                answer = caller.ask(method.upper(), path.format_map(ids), body, idempotency_key=name)
                return answer.status_code, _text(answer)

            if said := trial(realm, send):
                wrong[name] = said

    assert wrong == {}


# --- shoppers' sign-in ---------------------------------------------------------------------------------------------

_ASK = urlencode(make.query(redirect_uri=return_address("http://tea.example")))
ID_PAGES = ("", f"authorize?{_ASK}", "sign-in", "sign-in/code", "sign-up", "code", "reset", "reset/new",
            "profile", "e-mail", "e-mail/code", "password", "sessions")  # fmt: skip


@pytest.fixture
def shopper(world: Any) -> Client:
    codes.forget_counts()
    make.account()
    client = Client()
    client.post("/id/sign-in", {"email": "anna@example.com", "password": make.PASSWORD})
    return client


def id_writes() -> list[tuple[str, Callable[[], dict[str, str]]]]:
    """(page, what is typed there), in an order in which the shopper stays signed in."""
    mail, password = {"email": "anna@example.com"}, {"password": make.PASSWORD}

    def by_code(purpose: Code.Purpose, email: str, **more: Any) -> dict[str, str]:
        code = shoppers.ask_code(purpose, email, address="127.0.0.1", language="ru", site="tea", **more)
        return {"c": code.pk.hex, "digits": codes.digits_of(code.pk)}

    ask = Code.Purpose
    return [
        (f"authorize?{_ASK}", dict),
        ("sign-in", lambda: mail | password),
        ("sign-in/code", lambda: mail),
        ("code", lambda: by_code(ask.SIGN_IN, "anna@example.com")),
        ("sign-up", lambda: {"name": "Boris", "email": "boris@example.com", **password}),
        ("reset", lambda: mail),
        ("reset/new", lambda: by_code(ask.RESET, "anna@example.com") | password),
        ("profile", lambda: {"name": "Anna", "phone": "", "address": "", "seen": str(_anna().customer.ver)}),
        ("e-mail", lambda: {"email": "new@example.com"}),
        ("e-mail/code", lambda: by_code(ask.NEW_EMAIL, "new@example.com", account=_anna())),
        ("password", lambda: {"old": make.PASSWORD, "new": make.PASSWORD}),
        ("sessions", lambda: {"session": "all"}),
        ("code", lambda: by_code(ask.SIGN_UP, "vera@example.com", name="Vera", **password)),
        ("sign-out", dict),
    ]


def _anna() -> Account:
    return Account.objects.earliest("created_at")


@pytest.mark.parametrize("realm", CENTRAL_REALMS)
def test_every_page_of_the_id_domain_answers_or_says_which_realm_is_away(shopper: Client, realm: str) -> None:
    shopper.raise_request_exception = False
    wrong = {}

    with away(realm):
        for who, client in (("a shopper", shopper), ("nobody", Client(raise_request_exception=False))):
            for page in ID_PAGES:
                answer = client.get(f"/id/{page}")
                if answer.status_code >= 400 and not (answer.status_code == 503 and realm in _text(answer)):
                    wrong[who, page] = f"{answer.status_code} {_text(answer)[-300:]}"

    assert wrong == {}


@pytest.mark.parametrize("realm", CENTRAL_REALMS)
def test_what_a_shopper_sends_is_done_whole_or_not_at_all(shopper: Client, realm: str) -> None:
    wrong = {}

    for page, typed in id_writes():
        if said := trial(realm, sender(shopper, f"/id/{page}", typed())):
            wrong[page] = said

    assert wrong == {}
