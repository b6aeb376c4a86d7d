"""Who may see what: deny by default, roles with exactly their rights, choices that follow the person."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client

from central.accounts import actions
from central.accounts.errors import UnknownChoice, UnknownRole, UnknownStaff
from central.accounts.models import GroupRight, Profile
from central.accounts.roles import ROLES, make_roles
from central.accounts.scope import ALL, limit, may_see, visible_sites
from central.cluster.models import Site, SiteGroup

pytestmark = pytest.mark.django_db

WORD = "correct horse 7"


@pytest.fixture
def sites() -> None:
    for site in ("tea", "clay", "ink"):
        Site.objects.create(id=site, name=site, label=site, colour="#000000", origin=f"http://{site}", currency="RUB")


def seen_by(user: Any) -> set[str]:
    return {site.pk for site in limit(Site.objects.all(), user, field="id")}


def test_nobody_sees_nothing(sites: None) -> None:
    assert visible_sites(AnonymousUser()) == frozenset()
    assert seen_by(AnonymousUser()) == set()


def test_a_user_without_sites_sees_nothing_superuser_or_not(sites: None) -> None:
    for user in (User.objects.create_user("plain"), User.objects.create_superuser("root")):
        assert seen_by(user) == set()


def test_given_sites_and_no_other(sites: None) -> None:
    user = actions.make_staff("olga", WORD, role="operator", sites=["tea", "ink"])

    assert seen_by(user) == {"tea", "ink"}
    assert may_see(user, "tea")
    assert not may_see(user, "clay")


def test_all_sites_are_those_still_to_come_too(sites: None) -> None:
    user = actions.make_staff("ada", WORD, role="admin", sites=ALL)

    assert visible_sites(user) is ALL
    assert seen_by(user) == {"tea", "clay", "ink"}


def test_a_switched_off_person_sees_nothing_at_once(sites: None) -> None:
    user = actions.make_staff("ada", WORD, role="admin", sites=ALL)
    user.is_active = False

    assert seen_by(user) == set()


def test_sites_given_anew_replace_the_old_ones(sites: None) -> None:
    user = actions.make_staff("ada", WORD, role="admin", sites=ALL)

    actions.give_sites(user, ["clay"])

    assert seen_by(user) == {"clay"}


def test_roles_hold_exactly_their_rights() -> None:
    for role, rights in ROLES.items():
        held = Group.objects.get(name=role).permissions.values_list("codename", flat=True)
        assert set(held) == set(rights)


def test_a_ready_role_that_was_changed_is_put_right_by_the_next_migrate() -> None:
    from django.apps import apps

    Group.objects.get(name="viewer").permissions.set(Group.objects.get(name="admin").permissions.all())

    make_roles(using="default", sender=apps.get_app_config("accounts"))

    assert Group.objects.get(name="viewer").permissions.count() == len(ROLES["viewer"])


def test_an_unknown_role_makes_nobody() -> None:
    with pytest.raises(UnknownRole):
        actions.make_staff("eve", WORD, role="emperor")

    assert not User.objects.filter(username="eve").exists()


def test_the_same_password_again_ends_no_session(client: Client) -> None:
    user = actions.make_staff("ada", WORD, role="admin")
    client.force_login(user)

    actions.make_staff("ada", WORD, role="admin")

    assert client.get("/profile").status_code == 200


def test_a_new_password_ends_all_sessions(client: Client) -> None:
    client.force_login(actions.make_staff("ada", WORD, role="admin"))

    actions.set_password("ada", "another long word")

    assert client.get("/profile").status_code == 302


def test_a_password_for_nobody_is_refused() -> None:
    with pytest.raises(UnknownStaff):
        actions.set_password("nobody", WORD)


def test_language_and_theme_follow_the_person(client: Client) -> None:
    client.force_login(actions.make_staff("ada", WORD, role="admin"))
    client.post("/language", {"language": "ru", "next": "/profile"})
    client.post("/theme", {"theme": "dark", "next": "/profile"})

    elsewhere = Client()
    elsewhere.force_login(User.objects.get(username="ada"))
    page = elsewhere.get("/profile").content.decode()

    assert '<html lang="ru" data-theme="dark"' in page
    assert Profile.objects.get().language == "ru"


def test_before_sign_in_a_cookie_remembers_both(client: Client) -> None:
    client.post("/language", {"language": "ru"})
    client.post("/theme", {"theme": "light"})

    assert '<html lang="ru" data-theme="light"' in client.get("/sign-in").content.decode()


@pytest.mark.parametrize("language", ["de", "", "../../etc"])
def test_an_unknown_language_is_refused(client: Client, language: str) -> None:
    with pytest.raises(UnknownChoice):
        actions.check_language(language)

    assert client.post("/language", {"language": language}).status_code == 422


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_choice_leads_back_to_us(client: Client, goal: str) -> None:
    assert client.post("/theme", {"theme": "dark", "next": goal})["Location"] == "/"


def test_a_person_changes_his_own_password(client: Client) -> None:
    client.force_login(actions.make_staff("ada", WORD, role="admin"))
    form = {"old_password": WORD, "new_password1": "a brand new word", "new_password2": "a brand new word"}

    answer = client.post("/profile", form)

    assert answer.status_code == 302
    assert client.get("/profile").status_code == 200
    assert User.objects.get(username="ada").check_password("a brand new word")


@pytest.mark.parametrize("new", ["short", "password123", "ada@example.com"])
def test_a_weak_password_is_refused(client: Client, new: str) -> None:
    client.force_login(actions.make_staff("ada", WORD, role="admin", email="ada@example.com"))

    answer = client.post("/profile", {"old_password": WORD, "new_password1": new, "new_password2": new})

    assert answer.status_code == 422
    assert User.objects.get(username="ada").check_password(WORD)


def test_a_group_right_follows_what_stands_in_the_group_and_under_it(sites: None) -> None:
    food = SiteGroup.objects.create(id="food", title="Food")
    drinks = SiteGroup.objects.create(id="drinks", title="Drinks", parent=food)
    user = actions.make_staff("gleb", WORD, role="manager", sites=["ink"])
    GroupRight.objects.create(user=user, group="food")
    assert seen_by(user) == {"ink"}

    Site.objects.filter(pk="tea").update(group=drinks)

    assert seen_by(user) == {"ink", "tea"}


def test_until_somebody_keeps_staff_nobody_sees_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    from central.ui import scope

    user = actions.make_staff("ada", WORD, role="admin", sites=ALL)
    monkeypatch.setattr(scope, "_read", scope._nothing)

    assert visible_sites(user) == frozenset()
