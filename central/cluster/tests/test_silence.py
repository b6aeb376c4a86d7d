"""A silent node is told of once to each who should know, in his language, and once when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import User
from django.utils import timezone

from central.cluster import actions, silence
from central.cluster.models import Node, NodeHealth, Silence
from central.cluster.realm_health import note
from central.ui.tests import cast
from infra.mail.tests.test_contract import Inbox, free_port
from node import config as node_config
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default"])


def told(inbox: Inbox) -> list[tuple[str, str]]:
    """(address, subject) of each mail, and forget them."""
    found = sorted((mail["To"].addresses[0].addr_spec, str(mail["Subject"])) for mail in inbox.mails)
    inbox.mails.clear()
    return found


@pytest.fixture
def inbox(node_home: Any) -> Iterator[Inbox]:
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=free_port())
    server.start()
    with node_config.overridden(smtp_url=f"smtp://127.0.0.1:{server.port}"):
        yield handler
    server.stop()


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    """Two nodes that have joined and spoke a moment ago; four people of staff and an operator."""
    for site, node in (("tea", "a"), ("clay", "b")):
        cast.site(site)
        actions.invite_node(
            node, name=f"Node {node}", sites=[site], by="test", central_url="http://central.example",
            operator_email=f"ops-{node}@example.com", operator_language="ru",
        )  # fmt: skip
        Node.objects.filter(pk=node).update(state=Node.State.JOINED, joined_at=timezone.now())
        heard(node)
    cast.staff("ada", "admin")
    cast.staff("eva", "admin", sites=["clay"])
    cast.staff("vera", "viewer")


def heard(node: str, minutes_ago: float = 0) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    NodeHealth.objects.update_or_create(node_id=node, defaults={"heard_at": at})


def sweep() -> None:
    silence.look_for_silence()
    run_due(["cluster"])


def test_it_is_told_once_and_once_more_when_it_is_back(inbox: Inbox) -> None:
    heard("a", 6)

    sweep()
    first = told(inbox)
    sweep()

    assert first == [("ada@example.com", "Node Node a is silent"), ("ops-a@example.com", "Узел «Node a» молчит")]
    assert told(inbox) == []

    heard("a")
    sweep()
    back = told(inbox)
    sweep()

    assert back == [("ada@example.com", "Node Node a is back"), ("ops-a@example.com", "Узел «Node a» снова на связи")]
    assert told(inbox) == []
    assert Silence.objects.get().ended_at is not None


def test_a_second_silence_is_told_of_anew(inbox: Inbox) -> None:
    heard("a", 6)
    sweep()
    heard("a")
    sweep()
    told(inbox)

    NodeHealth.objects.filter(node="a").update(heard_at=timezone.now() - timedelta(minutes=5, seconds=1))
    sweep()

    assert len(told(inbox)) == 2
    assert Silence.objects.count() == 2


def test_a_sweep_that_is_killed_before_the_mail_is_made_good(inbox: Inbox) -> None:
    heard("a", 6)
    silence.look_for_silence()
    assert told(inbox) == []

    sweep()

    assert len(told(inbox)) == 2


def test_nobody_is_told_of_a_node_that_is_heard_or_revoked_or_was_never_there(inbox: Inbox) -> None:
    heard("a", 4.9)
    heard("b", 60)
    actions.revoke_node("b", by="ada")
    cast.node("c")

    sweep()

    assert told(inbox) == []
    assert Silence.objects.count() == 0


def test_a_node_revoked_while_silent_is_not_told_of_as_back(inbox: Inbox) -> None:
    heard("a", 6)
    sweep()
    told(inbox)

    actions.revoke_node("a", by="ada")
    sweep()

    assert told(inbox) == []
    assert Silence.objects.filter(ended_at=None).count() == 0


def test_a_node_that_joined_and_never_spoke_is_silent_too(inbox: Inbox) -> None:
    NodeHealth.objects.filter(node="a").delete()
    Node.objects.filter(pk="a").update(joined_at=timezone.now() - timedelta(minutes=6))

    sweep()

    assert len(told(inbox)) == 2


def test_who_may_not_see_the_node_is_not_told(inbox: Inbox) -> None:
    heard("b", 6)

    sweep()

    assert [to for to, _ in told(inbox)] == ["ada@example.com", "eva@example.com", "ops-b@example.com"]


def test_an_operator_who_is_staff_gets_one_mail(inbox: Inbox) -> None:
    Node.objects.filter(pk="a").update(operator_email="Ada@example.com")
    heard("a", 6)

    sweep()

    assert [to for to, _ in told(inbox)] == ["ada@example.com"]


def test_how_long_is_a_setting_on_the_screen(inbox: Inbox) -> None:
    ada = cast.signed_in(User.objects.get(username="ada"))
    heard("a", 6)

    assert ada.post("/nodes/watch", {"silent_after_minutes": "0"}).status_code == 422
    assert ada.post("/nodes/watch", {"silent_after_minutes": "10"}).status_code == 302
    sweep()
    assert told(inbox) == []

    silence.set_watch(silent_after_minutes=3, by="ada")
    sweep()
    assert len(told(inbox)) == 2


# --- realms --------------------------------------------------------------------------------------------------------


def look(realm: str, *, is_up: bool, seconds: int) -> None:
    note(realm, is_up=is_up, now=timezone.now() + timedelta(seconds=seconds))
    run_due(["cluster"])


def test_a_realm_down_for_a_minute_is_told_of_once_and_once_more_when_it_is_back(inbox: Inbox) -> None:
    cast.staff("boris", "admin", sites=["clay"], language="ru")
    for seconds in (0, 50):
        look("stats", is_up=False, seconds=seconds)
    assert told(inbox) == []

    for seconds in (60, 70, 80):
        look("stats", is_up=False, seconds=seconds)
    first = told(inbox)
    for seconds in (90, 100):
        look("stats", is_up=True, seconds=seconds)

    to = ["ada@example.com", "boris@example.com", "eva@example.com"]
    down, back = "Realm stats is down", "Realm stats is back"
    assert first == [(to[0], down), (to[1], "Область данных stats не отвечает"), (to[2], down)]
    assert told(inbox) == [(to[0], back), (to[1], "Область данных stats снова отвечает"), (to[2], back)]


def test_a_realm_that_was_away_for_a_moment_is_told_of_to_nobody(inbox: Inbox) -> None:
    look("stats", is_up=False, seconds=0)
    look("stats", is_up=True, seconds=20)
    look("stats", is_up=False, seconds=70)

    assert told(inbox) == []


def test_home_shows_a_realm_while_it_is_down_and_to_whom_it_concerns(node_home: Any) -> None:
    ada, vera = (cast.signed_in(User.objects.get(username=login)) for login in ("ada", "vera"))
    assert ada.get("/home/realms").content == b""
    note("stats", is_up=False)

    assert "Figures are not shown" in ada.get("/home/realms").content.decode()
    assert vera.get("/home/realms").status_code == 404
    note("stats", is_up=True)

    assert ada.get("/home/realms").content == b""
