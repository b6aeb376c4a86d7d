"""Each realm's database is really away in turn, and every address of central is asked: an answer or a clean 503."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.root import document
from central.api.tests.caller import Caller
from central.cluster.realm_words import REALM_WORDS
from central.ui.tests import cast
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
#: what leaves the person signed in, and no more than one answer each
WALKED = [name for name in SCREENS if name != "account_logout"]
#: an answer that hangs on a database that is not there is none
QUICK_S = 5


def ask(client: Client, address: str) -> tuple[int, str, float]:
    client.raise_request_exception = False
    began = time.monotonic()
    try:
        answer = client.get(address)
        return answer.status_code, _text(answer), time.monotonic() - began
    except Exception as error:  # a stream that breaks off
        return 0, repr(error), time.monotonic() - began


def complaint(realm: str, status: int, text: str, seconds: float) -> str:
    if seconds > QUICK_S:
        return f"{status} after {seconds:.1f} s"
    if status == 503:
        return "" if realm in text else "names no realm"
    return "" if status in (200, 204, 302, 404, 405) else f"{status}: {text[:300]}"


def test_every_screen_answers_or_says_which_realm_is_away(world: Any) -> None:
    client = cast.signed_in(cast.staff("tea-admin", "admin", sites=["tea"]))
    wrong: dict[tuple[str, str], str] = {}

    for realm in CENTRAL_REALMS:
        working = 0
        with away(realm):
            # No screen of today reads `work` or `stats` but those that show every realm: a part of the walk is enough.
            for name in WALKED[:: 4 if realm in ("work", "stats") else 1]:
                status, text, seconds = ask(client, _address(name, world["tea"]))
                working += status == 200
                if said := complaint(realm, status, text, seconds):
                    wrong[realm, name] = said
        assert working > 20 or realm == CLUSTER, (realm, working)
        assert ask(client, "/")[0] == 200  # and it is back by itself

    assert wrong == {}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_says_what_goes_on_and_in_the_language_that_is_read(world: Any, language: str) -> None:
    client = cast.signed_in(cast.staff("ada", "admin"))

    with away(CLUSTER):
        status, text, _ = ask(client, "/orders") if language == "en" else _in_russian(client, "/orders")

    assert status == 503
    assert "Traceback" not in text
    assert ("Shops sell on" if language == "en" else "Магазины продают") in text
    assert str(REALM_WORDS[CLUSTER][1]) in text or language == "ru"


def _in_russian(client: Client, address: str) -> tuple[int, str, float]:
    client.raise_request_exception = False
    answer = client.get(address, headers={"accept-language": "ru"})
    return answer.status_code, _text(answer), 0


def _query(call: Any) -> str:
    """What a call cannot do without, as a hole each."""
    needed = [one["name"] for one in call["parameters"] if one["in"] == "query" and one.get("required")]
    return "?" + "&".join(f"{name}={{{name}}}" for name in needed) if needed else ""


def test_every_call_of_the_api_answers_or_says_which_realm_is_away(world: Any) -> None:
    key, text = make_key(cast.staff("ada", "admin"), Wanted(name="All", rights=[*TITLES], sites=["tea"]))
    caller = Caller(key, text)
    ids = {"order_id": world["tea"]["order_id"], "product_id": world["tea"]["product_id"], "site": "tea",
           "site_id": "tea", "sku": "Tea-1"}  # fmt: skip
    paths = [path + _query(methods["get"]) for path, methods in document()["paths"].items() if "get" in methods]
    wrong: dict[tuple[str, str], str] = {}

    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        for realm in CENTRAL_REALMS:
            with away(realm):
                for path in paths:
                    if said := api_complaint(caller, realm, path.format_map({**_holes(path, ids), **ids})):
                        wrong[realm, path] = said

    assert wrong == {}


def api_complaint(caller: Caller, realm: str, path: str) -> str:
    began = time.monotonic()
    answer = caller.get(f"{path.removeprefix('/api/v1/')}?site=tea")
    said = f"{answer.status_code} {answer.content.decode()[:200]}"
    if time.monotonic() - began > QUICK_S:
        return f"after {time.monotonic() - began:.1f} s {said}"
    if answer.status_code == 503:
        return "" if (answer.json()["error"], answer.json().get("realm")) == ("realm_away", realm) else said
    return "" if answer.status_code in (200, 404) else said


def _holes(path: str, ids: dict[str, Any]) -> dict[str, Any]:
    names = [part.split("}")[0] for part in path.split("{")[1:]]
    return {name: next(iter(ids.values())) for name in names if name not in ids}
