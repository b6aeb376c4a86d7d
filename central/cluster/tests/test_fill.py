"""How full a node is, as far as its heartbeat says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from central.cluster import actions
from central.cluster.fill import by_realm, fill_of
from central.cluster.models import Node
from central.cluster.node_history import fingerprint, history_of
from central.cluster.tests.make import invite, make_request, make_site
from central.ui.tests import cast

DETAIL = {
    "pictures": {"kept": 9, "missing": 3, "bytes": 2_000_000},
    "pages": {"kept": 5, "bytes": 70_000},
    "disk": {"database": 900_000, "free": 5_000_000_000},
    "lag": {"orders": 2, "catalog": 0},
    "backlog": {"orders": 4},
}


def test_a_heartbeat_says_how_full_the_edge_is() -> None:
    fill = fill_of(DETAIL)

    assert (fill.pictures, fill.expected, fill.percent, fill.pages) == (9, 12, 75, 5)
    assert (fill.database, fill.free) == (900_000, 5_000_000_000)
    assert by_realm(DETAIL) == [("catalog", 0, None), ("orders", 2, 4)]


@pytest.mark.parametrize("detail", [{}, {"pictures": 7}, {"pictures": {"kept": "many", "missing": -1}}, {"lag": []}])
def test_an_edge_of_another_version_says_less_and_is_no_less_a_node(detail: dict[str, Any]) -> None:
    fill = fill_of(detail)

    assert (fill.expected, fill.percent, fill.pages, fill.free) == (None, None, None, None)
    assert by_realm(detail) == []


def test_no_pictures_needed_is_all_there() -> None:
    assert fill_of({"pictures": {"kept": 0, "missing": 0}}).percent == 100


@pytest.mark.django_db(databases=["default"])
def test_a_node_s_card_shows_its_fill_its_keys_and_what_happened_to_it(node_home: Any) -> None:
    make_site("tea")
    request = make_request(invite("a", ("tea",)))
    actions.join_node(request)
    actions.heard_from("a", version="9", backlog=4, lag=2, detail=DETAIL)
    ada = cast.signed_in(cast.staff("ada", "admin"))

    page = ada.get("/nodes/a").content.decode()
    listed = ada.get("/nodes").content.decode()

    assert "9 of 12" in page and "75 %" in listed
    assert fingerprint(request.sign_key) in page and request.sign_key not in page

    actions.revoke_node("a", by="ada")
    happened = [(one.text.split(" with")[0], one.by) for one in history_of(Node.objects.get(pk="a"))]
    assert happened == [("Revoked", "ada"), ("Joined", ""), ("Invited", "tests")]


@pytest.mark.django_db(databases=["default"])
def test_an_invite_nobody_used_is_told_in_the_history() -> None:
    make_site("tea")
    invite("a", ("tea",))
    node = Node.objects.get(pk="a")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    node.invites.update(created_at=an_hour_ago, expires_at=an_hour_ago + timedelta(minutes=30))

    assert [one.text for one in history_of(node)] == ["The invite expired unused", "Invited"]
