"""Staff by staff: nobody gives what he has not, changes himself upward, or locks the last administrator out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from central.accounts import actions, role_actions
from central.accounts.errors import LastAdministrator, NotYours, OwnAccess, ReadyRole, RoleInUse, StaleStaff, Taken
from central.accounts.limits import access_of, rights_of
from central.accounts.models import GroupRight, Profile
from central.accounts.queries import rights_in, staff_visible_to
from central.accounts.roles import ROLES
from central.accounts.scope import ALL, visible_sites
from central.cluster.models import Site, SiteGroup
from central.ui.tests import cast
from node.realms import CENTRAL_REALMS, CLUSTER, alias_of
from sync.store.jobs import runner
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])


@pytest.fixture
def world() -> None:
    food = SiteGroup.objects.create(id="food", title="Food")
    for site, group in (("tea", food), ("clay", None), ("ink", None)):
        Site.objects.create(
            id=site, name=site, label=site, colour="#000000", origin=f"http://{site}", currency="RUB", group=group
        )


@pytest.fixture
def ada(world: None) -> User:
    return cast.staff("ada", "admin")


@pytest.fixture
def hr(ada: User) -> User:
    """Manages the staff of the tea shop, and may do nothing else."""
    role_actions.make_role(ada, name="People", rights=["see_staff", "manage_staff", "see_orders"])
    return cast.staff("hr", "People", sites=["tea"])


def edit(target: User, by: User, **changes: Any) -> User:
    return actions.edit_staff(target.pk, by=by, seen_ver=Profile.objects.get(user=target).ver, **changes)


# --- giving --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "access",
    [{"roles": ["admin"]}, {"roles": ["operator"]}, {"sees_all": True}, {"sites": ["clay"]}, {"groups": ["food"]}],
)
def test_nobody_gives_what_he_does_not_hold(hr: User, access: dict[str, Any]) -> None:
    olga = cast.staff("olga", "People", sites=["tea"])
    before = access_of(olga)

    with pytest.raises(NotYours):
        edit(olga, hr, **access)
    with pytest.raises(NotYours):
        actions.invite_staff(hr, login="eve", email="eve@example.com", **{"roles": ["People"], **access})

    assert access_of(olga) == before
    assert not User.objects.filter(username="eve").exists()


def test_what_he_holds_he_gives(hr: User) -> None:
    new = actions.invite_staff(hr, login="olga", email="olga@example.com", roles=["People"], sites=["tea"])

    assert rights_of(new) == {"see_staff", "manage_staff", "see_orders"}
    assert visible_sites(new) == {"tea"}
    assert not new.has_usable_password()


def test_who_may_do_more_is_not_his_to_change(hr: User, ada: User) -> None:
    boss = cast.staff("boss", "manager", sites=["tea"])

    for act in (
        lambda: edit(boss, hr, email="hr@example.org"),
        lambda: actions.switch_off(boss.pk, by=hr),
        lambda: actions.mail_password_link(ada.pk, by=hr),
        lambda: actions.give_made_password(ada.pk, by=hr),
        lambda: actions.sign_out_everywhere(ada.pk, by=hr),
    ):
        with pytest.raises(NotYours):
            act()

    assert User.objects.get(pk=boss.pk).email == "boss@example.com"
    assert User.objects.get(pk=ada.pk).check_password(cast.PASSWORD)


@pytest.mark.parametrize("access", [{"roles": ["admin"]}, {"sees_all": True}, {"sites": []}, {"roles": []}])
def test_nobody_changes_his_own_roles_and_sites(hr: User, access: dict[str, Any]) -> None:
    with pytest.raises((OwnAccess, NotYours)):
        edit(hr, hr, **access)

    edit(hr, hr, first_name="Harry")
    assert User.objects.get(pk=hr.pk).first_name == "Harry"


def test_a_group_is_given_and_taken_by_who_sees_all(ada: User) -> None:
    olga = cast.staff("olga", "operator", sites=["clay"])

    edit(olga, ada, groups=["food"], sites=[])

    assert visible_sites(olga) == {"tea"}
    assert list(GroupRight.objects.values_list("group", flat=True)) == ["food"]


# --- the last administrator ----------------------------------------------------------------------------------------


def test_the_last_administrator_stays(ada: User) -> None:
    vera = cast.staff("vera", "admin")
    role_actions.make_role(ada, name="Boss", rights=sorted(rights_of(ada)))
    root = User.objects.create_superuser("root", "", cast.PASSWORD)
    Profile.objects.create(user=root)  # sees no site: he is no way back in

    actions.switch_off(ada.pk, by=vera)
    for change in (
        lambda: actions.switch_off(vera.pk, by=root),
        lambda: edit(vera, root, roles=["viewer"]),
        lambda: edit(vera, root, sees_all=False),
    ):
        with pytest.raises((LastAdministrator, NotYours)):
            change()

    assert access_of(vera).roles == {"admin"} and access_of(vera).sees_all
    assert User.objects.get(pk=vera.pk).is_active


def test_a_role_may_not_lose_the_right_by_which_the_last_one_manages(ada: User) -> None:
    boss = role_actions.make_role(ada, name="Boss", rights=sorted(rights_of(ada)))
    vera = cast.staff("vera", "Boss")
    actions.switch_off(ada.pk, by=vera)

    with pytest.raises(LastAdministrator):
        role_actions.edit_role(boss.pk, by=vera, seen_rights=rights_in(boss), name="Boss", rights=["see_staff"])

    assert "manage_staff" in rights_in(boss)


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"login": "ADA"}, {"login": "ada@example.com"}, {"email": "Ada@Example.com"}])
def test_a_sign_in_leads_to_one_person(ada: User, change: dict[str, str]) -> None:
    with pytest.raises(Taken) as refused:
        edit(cast.staff("olga", "viewer"), ada, **change)

    assert list(refused.value.data["fields"]) == list(change)  # type: ignore[call-overload]


def test_two_who_save_in_one_moment_do_not_overwrite(ada: User) -> None:
    olga = cast.staff("olga", "viewer")
    edit(olga, ada, first_name="Olga")

    with pytest.raises(StaleStaff):
        actions.edit_staff(olga.pk, by=ada, seen_ver=1, first_name="Other")

    assert User.objects.get(pk=olga.pk).first_name == "Olga"


# --- switching off, sessions, passwords ----------------------------------------------------------------------------


def test_who_is_switched_off_is_out_at_once_and_stays_out_when_switched_on(ada: User) -> None:
    olga = cast.staff("olga", "viewer")
    browser = cast.signed_in(olga)
    assert browser.get("/profile").status_code == 200

    actions.switch_off(olga.pk, by=ada)
    assert browser.get("/profile").status_code == 302
    actions.switch_on(olga.pk, by=ada)

    assert browser.get("/profile").status_code == 302
    assert browser.login(username="olga", password=cast.PASSWORD)


def test_ending_my_own_sessions_leaves_this_browser(ada: User) -> None:
    here, elsewhere = cast.signed_in(ada), cast.signed_in(ada)

    here.post(f"/staff/{ada.pk}/sessions")

    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302


def test_sessions_say_from_where(ada: User) -> None:
    olga = cast.staff("olga", "viewer")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    there = {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "203.0.113.9"}
    cache.clear()
    Client().post("/sign-in", {"login": "olga", "password": cast.PASSWORD}, **there)  # type: ignore[arg-type]

    page = cast.signed_in(ada).get(f"/staff/{olga.pk}?tab=sessions").content.decode()

    assert "Firefox, Linux" in page and "203.0.113.9" in page


def test_a_made_password_is_shown_once_and_works(ada: User) -> None:
    olga = cast.staff("olga", "viewer")
    page = cast.signed_in(ada).post(f"/staff/{olga.pk}/password").content.decode()
    shown = re.search(r'<code id="password">([^<]+)</code>', page)

    assert shown and User.objects.get(pk=olga.pk).check_password(shown[1])


def _mailed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    def keep(template: str, **values: Any) -> str:
        sent.append({"template": template, **values})
        return "<id>"

    monkeypatch.setattr("central.ui.letters._write", keep)
    for job in Job.objects.using("default").filter(state=Job.State.QUEUED):
        runner.run_job(CLUSTER, job.pk)
    return sent


def test_an_invited_person_sets_his_password_by_the_link_once(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"login": "olga", "email": "olga@example.com", "language": "ru", "roles": "viewer", "sites": "tea"}
    answer = cast.signed_in(ada).post("/staff/new", form)
    assert answer.status_code == 302, answer.content.decode()

    [letter] = _mailed(monkeypatch)
    assert (letter["template"], letter["to"], letter["language"]) == ("staff_invited", "olga@example.com", "ru")
    path = "/" + letter["context"]["url"].split("/", 3)[3]
    browser = Client()
    page = browser.get(path, follow=True)
    assert path.rsplit("/", 1)[1] not in page.request["PATH_INFO"]
    words = {"new_password1": "a brand new word", "new_password2": "a brand new word"}
    assert browser.post(page.request["PATH_INFO"], words).status_code == 302

    assert User.objects.get(username="olga").check_password("a brand new word")
    assert Client().get(path).status_code == 410


def test_a_link_of_who_was_switched_off_meanwhile_does_not_work(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = cast.staff("olga", "viewer")
    actions.mail_password_link(olga.pk, by=ada)
    [letter] = _mailed(monkeypatch)
    actions.switch_off(olga.pk, by=ada)

    assert Client().get("/" + letter["context"]["url"].split("/", 3)[3]).status_code == 410


# --- roles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(ROLES))
def test_ready_roles_are_locked_but_can_be_copied(ada: User, role: str) -> None:
    ready = Group.objects.get(name=role)
    browser = cast.signed_in(ada)

    with pytest.raises(ReadyRole):
        role_actions.edit_role(ready.pk, by=ada, seen_rights=rights_in(ready), name="x", rights=[])
    with pytest.raises(ReadyRole):
        role_actions.delete_role(ready.pk, by=ada)
    page = browser.get(f"/roles/new?of={ready.pk}").content.decode()
    ticked = set(re.findall(r'name="rights" value="([a-z_]+)"[^>]*checked', page))
    assert ticked == set(ROLES[role])

    browser.post("/roles/new", {"name": f"{role} two", "rights": sorted(ticked)})

    assert rights_in(Group.objects.get(name=f"{role} two")) == set(ROLES[role])


def test_a_role_holds_only_rights_its_maker_holds(hr: User) -> None:
    with pytest.raises(NotYours):
        role_actions.make_role(hr, name="More", rights=["see_staff", "edit_stock"])
    own = Group.objects.get(name="People")
    with pytest.raises(NotYours):
        role_actions.edit_role(own.pk, by=hr, seen_rights=rights_in(own), name="People", rights=["edit_stock"])

    assert not Group.objects.filter(name="More").exists()
    assert "edit_stock" not in rights_in(own)


def test_a_role_somebody_has_is_not_deleted(ada: User, hr: User) -> None:
    own = Group.objects.get(name="People")
    with pytest.raises(RoleInUse):
        role_actions.delete_role(own.pk, by=ada)

    edit(hr, ada, roles=["viewer"])
    role_actions.delete_role(own.pk, by=ada)

    assert not Group.objects.filter(name="People").exists()


@pytest.mark.parametrize("name", ["Viewer", "viewer", "ADMINISTRATOR", "people"])
def test_a_role_has_a_name_of_its_own(ada: User, hr: User, name: str) -> None:
    with pytest.raises(Taken):
        role_actions.make_role(ada, name=name, rights=[])


# --- screens -------------------------------------------------------------------------------------------------------


def test_who_is_limited_sees_the_people_of_his_sites_only(hr: User, ada: User) -> None:
    near, far = cast.staff("near", "viewer", sites=["tea", "clay"]), cast.staff("far", "viewer", sites=["clay"])

    assert set(staff_visible_to(hr)) == {hr, ada, near}
    browser = cast.signed_in(hr)
    assert browser.get(f"/staff/{far.pk}").status_code == 404
    page = browser.get(f"/staff/{near.pk}").content.decode()
    assert "site-tea" in page and "site-clay" not in page and "and 1 you do not see" in page


def test_the_form_offers_only_what_its_filler_holds(hr: User) -> None:
    page = cast.signed_in(hr).get("/staff/new").content.decode()

    assert set(re.findall(r'name="roles" value="([^"]+)"', page)) == {"People"}
    assert set(re.findall(r'name="sites" value="([^"]+)"', page)) == {"tea"}
    assert not re.search(r'name="groups" value=', page)


def test_two_administrators_who_edit_one_person_lose_nothing(ada: User) -> None:
    olga = cast.staff("olga", "viewer", sites=["tea"])
    browser = cast.signed_in(ada)
    page = browser.get(f"/staff/{olga.pk}/edit").content.decode()
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert shown
    import html

    sent = {"ver": 1, "shown": html.unescape(shown[1]), "login": "olga", "email": "olga@example.com"}
    edit(olga, ada, first_name="Olga", sites=["tea", "ink"])

    answer = browser.post(
        f"/staff/{olga.pk}/edit", {**sent, "last_name": "Nova", "roles": ["viewer"], "sites": ["tea"]}
    )
    assert answer.status_code == 302
    olga.refresh_from_db()
    assert (olga.first_name, olga.last_name, visible_sites(olga)) == ("Olga", "Nova", {"tea", "ink"})

    answer = browser.post(
        f"/staff/{olga.pk}/edit", {**sent, "first_name": "Olya", "roles": ["viewer"], "sites": ["tea"]}
    )
    assert answer.status_code == 409
    assert 'value="Olya"' in answer.content.decode() and '<div class="pick-text">Olga</div>' in answer.content.decode()


def test_the_card_tells_what_was_changed_and_what_the_person_did(ada: User) -> None:
    olga = cast.staff("olga", "viewer", sites=["tea"])
    browser = cast.signed_in(ada)
    browser.post(f"/staff/{olga.pk}/switch", {"to": "off"}, REMOTE_ADDR="203.0.113.9")

    history = browser.get(f"/staff/{olga.pk}?tab=history").content.decode()
    did = browser.get(f"/staff/{ada.pk}?tab=actions").content.decode()

    assert "May sign in" in history and "203.0.113.9" in history and "<span>ada</span>" in history
    assert f'<a href="/staff/{olga.pk}">Member of staff olga</a>' in did


def test_a_card_has_no_tab_that_is_not_there_or_not_the_readers(ada: User) -> None:
    mark = cast.staff("mark", "manager", sites=ALL)
    browser = cast.signed_in(mark)

    assert browser.get(f"/staff/{ada.pk}?tab=nonsense").status_code == 404
    assert browser.get(f"/staff/{ada.pk}?tab=sessions").status_code == 403
    page = browser.get(f"/staff/{ada.pk}").content.decode()
    assert "tab=history" in page and "tab=sessions" not in page and "/edit" not in page


def test_a_tab_whose_database_is_away_leaves_the_card(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr("central.history.queries.of_record", away)

    answer = cast.signed_in(ada).get(f"/staff/{ada.pk}?tab=history")

    assert answer.status_code == 200
    assert "This database does not answer" in answer.content.decode()
