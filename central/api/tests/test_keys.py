"""A key is made by who holds what it may, shown once, and refused from the moment it is revoked."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from central.api import actions, queries
from central.api.actions import Wanted, make_key, revoke_key
from central.api.errors import BadKey, TooMuchGiven, UnknownKey
from central.api.models import ApiKey
from central.api.tests.caller import Caller, refused
from central.cluster.groups import make_group
from central.ui.tests import cast
from infra.http import limits
from node import config as node_config

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers"])


def test_the_text_of_a_key_is_kept_nowhere(caller) -> None:
    made = caller()

    stored = ApiKey.objects.values().get(pk=made.key.pk)
    assert made.text not in str(stored)
    assert made.text.split("_", 2)[2].encode() not in bytes(stored["hash"])
    assert made.get("key").json()["prefix"] == made.key.prefix


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: "", "missing"),
        (lambda text: "Bearer nonsense", "malformed"),
        (lambda text: f"Basic {text}", "malformed"),
        (lambda text: f"Bearer {text[:-1]}{'A' if text[-1] != 'A' else 'B'}", "unknown"),
        (lambda text: f"Bearer rlt_{'0' * 12}{text[16:]}", "unknown"),
    ],
)
def test_who_holds_no_good_key_is_refused_and_the_log_says_why(caller, caplog, spoil, reason: str) -> None:
    made = caller()

    with caplog.at_level(logging.WARNING, logger="central.api"):
        answer = made.get("key", authorization=spoil(made.text))

    assert refused(answer) == (401, "no_key")
    assert answer["WWW-Authenticate"] == "Bearer"
    said = caplog.text
    assert reason in said
    assert made.address in said
    assert made.text.split("_", 2)[2] not in said


def test_a_revoked_key_is_refused_at_its_next_call(caller, admin) -> None:
    made = caller()
    assert made.get("key").status_code == 200

    revoke_key(made.key.pk, admin)

    assert refused(made.get("key")) == (401, "no_key")
    assert revoke_key(made.key.pk, admin).revoked_by == "ada"


def test_a_key_ends_at_its_moment(caller) -> None:
    made = caller(expires_at=timezone.now() + timedelta(hours=1))
    assert made.get("key").status_code == 200

    ApiKey.objects.filter(pk=made.key.pk).update(expires_at=timezone.now())

    assert refused(made.get("key")) == (401, "no_key")


def test_a_key_is_used_from_its_own_addresses_only(caller) -> None:
    made = caller(addresses=["203.0.113.0/24"])

    assert refused(made.get("key")) == (403, "wrong_address")
    made.address = "203.0.113.7"
    assert made.get("key").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"rights": []}, "rights"),
        ({"rights": ["manage_staff"]}, "rights"),
        ({"sites": []}, "sites"),
        ({"sites": ["nowhere"]}, "sites"),
        ({"groups": ["nowhere"]}, "sites"),
        ({"addresses": ["here"]}, "addresses"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_key_that_could_not_be_used_is_not_made(caller, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadKey) as refusal:
        caller(**changes)

    assert refusal.value.field == field
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"rights": ["see_orders", "edit_stock"], "sites": ["tea"]},
        {"rights": ["see_orders"], "sites": ["hush"]},
        {"rights": ["see_orders"], "all_sites": True},
        {"rights": ["see_orders"], "groups": ["east"]},
    ],
)
def test_nobody_gives_a_key_more_than_he_holds(shops, wanted: dict[str, Any]) -> None:
    make_group("east", title="East", by="test")
    maker = cast.staff("olga", "operator", sites=["tea"])

    with pytest.raises(TooMuchGiven):
        make_key(maker, Wanted(name="More", **wanted))

    assert ApiKey.objects.count() == 0
    assert make_key(maker, Wanted(name="Less", rights=["see_orders"], sites=["tea"]))[0].made_by == "olga"


def test_staff_see_and_revoke_the_keys_of_their_own_sites_only(caller, shops) -> None:
    of_tea, of_both, of_all = caller(), caller(sites=["tea", "hush"]), caller(sites=[], all_sites=True)
    boss = cast.staff("bob", "admin", sites=["tea"])

    assert [key.pk for key in queries.keys_visible_to(boss)] == [of_tea.key.pk]
    assert queries.keys_visible_to(cast.stranger()).count() == 0
    for other in (of_both, of_all):
        with pytest.raises(UnknownKey):
            revoke_key(other.key.pk, boss)
    assert ApiKey.objects.filter(revoked_at=None).count() == 3


def test_the_use_of_a_key_is_counted_by_day(caller) -> None:
    made = caller(rights=["see_orders"])

    made.get("orders")
    made.get("orders")
    made.get("units")  # lacks the right
    made.post("orders/0/status", {})

    key = ApiKey.objects.get(pk=made.key.pk)
    assert [(day.reads, day.writes, day.refused) for day in queries.usage_of(key)] == [(2, 1, 1)]
    assert queries.usage_sums([key])[key.pk].reads == 2
    assert key.last_used_at is not None
    assert (key.last_used_at.second, key.last_used_at.microsecond) == (0, 0)


def test_a_key_that_calls_too_often_is_told_when_to_come_back(caller) -> None:
    made = caller()
    with node_config.overridden(limits={"api_key": "2/minute"}):
        first, second, third = made.get("key"), made.get("key"), made.get("key")

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"], second["RateLimit-Remaining"]) == ("2", "1", "0")
    assert refused(third) == (429, "too_many_requests")
    assert 1 <= int(third["Retry-After"]) <= 60


def test_who_tries_keys_is_slowed_down_by_his_address(caller) -> None:
    stranger = Caller(None, "rlt_wrong")
    with node_config.overridden(limits={"api_refused": "2/minute"}):
        answers = [stranger.get("key").status_code for _ in range(3)]

    assert answers == [401, 401, 429]


def test_counts_begin_anew_when_redis_is_flushed_and_nobody_waits_when_it_is_away(caller) -> None:
    made = caller()
    with node_config.overridden(limits={"api_key": "1/minute"}):
        assert [made.get("key").status_code for _ in range(2)] == [200, 429]
        limits._limiter(node_config.config().redis_url).storage.reset()
        assert made.get("key").status_code == 200
    with node_config.overridden(redis_url="redis://127.0.0.1:1/0"):
        assert made.get("key").status_code == 200


def test_old_answers_are_forgotten_after_a_day(caller) -> None:
    made = caller()
    made.post("orders/0/status", {}, idempotency_key="one")
    assert actions.forget_old_calls() == 0

    made.key.calls.update(began_at=timezone.now() - timedelta(hours=25))

    assert actions.forget_old_calls() == 1
