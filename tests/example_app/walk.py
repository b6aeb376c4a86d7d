"""Walks the app of docs/how-to/add-an-app.md: list, form, card, action, history; and what others must not see.

Run by `tests/test_add_an_app.py` under settings in which the app is installed; not collected by itself.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from central.pins.models import Pin  # type: ignore[import-not-found]
from central.ui.tests import cast
from central.ui.tests.messages import known_in, used_in
from node.realms import CENTRAL_REALMS, alias_of

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])


@pytest.fixture
def mark(node_home: Any) -> Client:
    cast.site("tea")
    cast.site("hush")
    return cast.signed_in(cast.staff("mark", "manager", sites=["tea"]))


@pytest.fixture
def pin(mark: Client) -> Pin:
    assert mark.post("/pins/new", {"title": "Cups are late", "site": "tea", "text": "until Friday"}).status_code == 302
    return Pin.objects.get()


def page(browser: Client, address: str) -> str:
    return str(browser.get(address).content.decode())


def test_the_list_is_empty_then_shows_the_pin(mark: Client) -> None:
    assert "Nobody has pinned a note" in page(mark, "/pins")
    mark.post("/pins/new", {"title": "Cups are late", "site": "tea"})

    assert "Cups are late" in page(mark, "/pins")
    assert "Cups are late" in page(mark, "/pins?q=late&up=1")
    assert "Cups are late" not in page(mark, "/pins?q=early")


def test_the_form_refuses_what_is_wrong_and_another_site(mark: Client) -> None:
    answer = mark.post("/pins/new", {"title": "", "site": "hush"})

    assert answer.status_code == 422
    assert not Pin.objects.exists()


def test_two_people_edit_and_nothing_is_lost(mark: Client, pin: Pin) -> None:
    form = page(mark, f"/pins/{pin.pk}/edit")
    shown = html.unescape(re.search(r'name="shown" value="([^"]*)"', form)[1])  # type: ignore[index]
    sent = {"ver": "1", "shown": shown, "title": "Cups are late", "site": "tea", "text": "until Friday"}
    assert mark.post(f"/pins/{pin.pk}/edit", {**sent, "text": "until Monday"}).status_code == 302

    assert mark.post(f"/pins/{pin.pk}/edit", {**sent, "title": "Cups are very late"}).status_code == 302
    assert mark.post(f"/pins/{pin.pk}/edit", {**sent, "text": "for ever"}).status_code == 409

    pin.refresh_from_db()
    assert (pin.title, pin.text, pin.ver) == ("Cups are very late", "until Monday", 3)


def test_the_action_and_the_history_it_leaves(mark: Client, pin: Pin) -> None:
    assert "Take down" in page(mark, f"/pins/{pin.pk}")

    mark.post(f"/pins/{pin.pk}/down")

    pin.refresh_from_db()
    assert not pin.is_up
    assert "taken down" in page(mark, f"/pins/{pin.pk}")
    history = page(mark, f"/pins/{pin.pk}?tab=history")
    assert "Still up" in history and "<span>mark</span>" in history


def test_the_palette_finds_it(mark: Client, pin: Pin) -> None:
    assert "Cups are late" in page(mark, "/palette?q=cups")


def test_staff_of_another_site_find_nothing(mark: Client, pin: Pin) -> None:
    stranger = cast.signed_in(cast.staff("hush", "admin", sites=["hush"]))

    for address in (f"/pins/{pin.pk}", f"/pins/{pin.pk}/edit", f"/pins/{pin.pk}?tab=history"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"/pins/{pin.pk}/down").status_code == 404
    assert "Cups" not in page(stranger, "/pins") + page(stranger, "/palette?q=cups")


def test_who_may_only_look_changes_nothing(mark: Client, pin: Pin) -> None:
    vera = cast.signed_in(cast.staff("vera", "viewer", sites=["tea"]))

    assert "Take down" not in page(vera, f"/pins/{pin.pk}")
    assert vera.post(f"/pins/{pin.pk}/down").status_code == 403


def test_it_speaks_russian() -> None:
    app = Path(settings.EXAMPLE_APP)
    own = set(re.findall(r'^msgid "(.+)"$', (app / "locale/ru/LC_MESSAGES/django.po").read_text(), re.MULTILINE))

    assert used_in(app) - own - known_in("ru") == set()
