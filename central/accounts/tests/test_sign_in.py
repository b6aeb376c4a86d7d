"""Sign-in: by login or e-mail, never by oneself, and not by guessing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from central.accounts.actions import make_staff
from node import config as node_config

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 7"


@pytest.fixture(autouse=True)
def ada() -> User:
    return make_staff("ada", PASSWORD, role="admin", email="ada@example.com")


def try_to(client: Any, login: str, password: str, **more: str) -> Any:
    return client.post("/sign-in", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["ada", "ada@example.com", "ADA@example.com"])
def test_by_login_or_e_mail(client: Any, login: str) -> None:
    answer = try_to(client, login, PASSWORD)

    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(("login", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", ""), ("ada", "")])
def test_a_wrong_pair_is_refused_alike(client: Any, login: str, password: str) -> None:
    answer = try_to(client, login, password)

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_somebody_switched_off_does_not_get_in(client: Any, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    try_to(client, "ada", PASSWORD)

    assert "_auth_user_id" not in client.session


def test_guessing_is_locked_out_even_with_the_right_password(client: Any) -> None:
    for _guess in range(5):
        try_to(client, "ada", "a wrong guess")

    answer = try_to(client, "ada", PASSWORD)

    assert "_auth_user_id" not in client.session
    assert "Too many" in answer.content.decode()


def test_the_next_page_is_ours(client: Any) -> None:
    assert try_to(client, "ada", PASSWORD, next="/orders")["Location"] == "/orders"


def test_another_origin_is_never_the_next_page(client: Any) -> None:
    assert try_to(client, "ada", PASSWORD, next="https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize("path", ["/sign-up", "/forgotten", "/e-mail", "/again"])
def test_nobody_signs_up_by_himself(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, {"username": "x", "email": "x@example.com", "password1": PASSWORD}).status_code == 404
    assert User.objects.count() == 1


def test_signing_out_ends_the_session(client: Any) -> None:
    try_to(client, "ada", PASSWORD)

    client.post("/sign-out")

    assert "_auth_user_id" not in client.session


def test_a_link_does_not_sign_out(client: Any) -> None:
    try_to(client, "ada", PASSWORD)

    assert client.get("/sign-out").status_code == 405
    assert "_auth_user_id" in client.session


def test_demo_sign_ins_are_shown_in_a_demo_only(client: Any) -> None:
    from central.setup.demo import STAFF

    login, password = STAFF[0][:2]

    assert password not in client.get("/sign-in").content.decode()
    with node_config.overridden(demo_control="/nowhere/control.sock"):
        page = client.get("/sign-in").content.decode()

    assert f"<code>{login}</code><code>{password}</code>" in page


def test_a_page_of_the_desk_is_not_kept_by_caches(client: Any) -> None:
    try_to(client, "ada", PASSWORD)

    assert "no-store" in client.get("/profile")["Cache-Control"]
