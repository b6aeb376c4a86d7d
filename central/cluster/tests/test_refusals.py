"""Refused joins and links are written down: who, why, where from, and how often in the hour."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from central.cluster import refusals
from central.cluster.models import Refusal
from central.cluster.tests.make import invite, make_request, make_site
from infra.http import limits
from node import config as node_config

pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture(autouse=True)
def nothing_noted_yet() -> None:
    refusals._noted.clear()


def knock(body: bytes = b"{}", *, address: str = "203.0.113.7"):
    return Client().post("/_join", body, content_type="application/json", REMOTE_ADDR=address)


def written() -> list[tuple[str, str, str, str]]:
    return list(Refusal.objects.order_by("id").values_list("door", "node", "code", "address"))


def test_a_join_with_a_token_that_another_node_has_used_is_written_down() -> None:
    make_site()
    token = invite()
    assert knock(msgspec.json.encode(make_request(token))).status_code == 200

    answer = knock(msgspec.json.encode(make_request(token)))

    assert (answer.status_code, answer.json()["error"]) == (403, "token_used")
    assert written() == [("join", "a", "token_used", "203.0.113.7")]


def test_what_is_no_request_is_refused_and_written_down() -> None:
    assert knock(b"junk").status_code == 400

    assert written() == [("join", "", "bad_request", "203.0.113.7")]


def test_one_address_knocks_twenty_times_a_minute_at_most() -> None:
    address = "203.0.113.99"
    limits._limiter(node_config.config().redis_url).storage.reset()

    statuses = [knock(address=address).status_code for _ in range(22)]

    assert statuses == [400] * 20 + [429] * 2
    assert knock(address=address)["Retry-After"]
    assert knock(address="203.0.113.98").status_code == 400
    assert ("join", "", "too_often", address) in written()


def test_the_same_refusal_within_an_hour_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_ONCE_IN_S", 0)

    for _ in range(3):
        refusals.note(refusals.Door.LINK, node="a", code="bad_signature", address="203.0.113.7")

    assert list(Refusal.objects.values_list("node", "code", "count")) == [("a", "bad_signature", 3)]


def test_a_flood_writes_once_a_second() -> None:
    for _ in range(1_000):
        refusals.note(refusals.Door.LINK, node="a", code="bad_signature", address="203.0.113.7")

    assert Refusal.objects.get().count == 1


def test_names_and_addresses_made_up_by_the_thousand_share_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 5)

    for number in range(20):
        refusals.note(refusals.Door.LINK, node=f"n{number}", code="unknown_node", address=f"203.0.113.{number}")

    assert Refusal.objects.count() == 6
    assert Refusal.objects.get(node="", address="").count == 15


def test_a_name_that_no_node_can_have_is_not_kept() -> None:
    refusals.note(refusals.Door.LINK, node="<script>" * 9, code="unknown_node", address="203.0.113.7")

    assert Refusal.objects.get().node == ""


def test_refusals_are_forgotten_after_ninety_days() -> None:
    refusals.note(refusals.Door.LINK, node="a", code="revoked", address="203.0.113.7")

    refusals.forget_old(timezone.now() + timedelta(days=89))
    assert Refusal.objects.count() == 1
    refusals.forget_old(timezone.now() + timedelta(days=91))

    assert Refusal.objects.count() == 0
