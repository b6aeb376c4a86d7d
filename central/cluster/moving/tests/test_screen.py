"""The screen of a move: it begins the real command, is watched and ended, and shows no password."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from central.cluster.moving import record
from central.cluster.moving.record import Move, Step
from central.ui.tests import cast
from node.config import config
from node.realms import CENTRAL_REALMS, alias_of

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True)


def page_of(what: str) -> str:
    return reverse(f"realms-{what}", args=["work"])


@pytest.mark.slow
def test_it_is_begun_watched_and_in_its_history(home: Path, empty: Callable[[], str]) -> None:
    ada, new = cast.signed_in(cast.staff("ada", "admin")), empty()

    answer = ada.post(page_of("move"), {"url": new})

    assert answer.status_code == 302
    until = time.monotonic() + 90
    while (found := record.last("work")) is not None and not found.is_over:
        assert time.monotonic() < until
        page = ada.get(page_of("move")).content.decode()
        time.sleep(0.2)
    assert found is not None
    assert (found.step, found.by, found.problem) == (Step.DONE, "ada", "")
    assert "End the move" in page
    page = ada.get(page_of("move")).content.decode()
    assert "Moved" in page
    assert "writers waited" in page
    assert "Moves of this realm" in page
    password = config().realms["work"].split(":")[2].split("@")[0]
    assert not password or password not in page


def test_what_is_refused_is_said_in_the_form_and_nothing_is_begun(home: Path) -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))

    answer = ada.post(page_of("move"), {"url": config().realms["work"]})

    assert answer.status_code == 422
    assert "in that database already" in answer.content.decode()
    assert record.last("work") is None


def test_a_move_is_asked_to_stop_and_only_while_there_is_one(home: Path) -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))
    assert ada.post(page_of("abort")).status_code == 404
    move = Move("m1", "work", "postgresql://a:secret@b/c", "postgresql://a:secret@b/d", "ada", record.now(), Step.COPY)
    record.save(move)

    with record.held("work"):
        page = ada.get(page_of("move")).content.decode()
        assert ada.post(page_of("abort")).status_code == 302

    assert record.is_asked_to_stop(move)
    assert "The move goes on" in page
    assert "secret" not in page


def test_the_right_to_test_a_database_is_not_the_right_to_move(home: Path) -> None:
    viewer: Any = cast.signed_in(cast.staff("vera", "viewer"))

    assert viewer.get(page_of("move")).status_code == 403
    assert viewer.post(page_of("move"), {"url": "x"}).status_code == 403
    assert viewer.post(page_of("abort")).status_code == 403
