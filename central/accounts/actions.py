"""Every change to a member of staff."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from central.accounts.errors import NoAddress, StaleStaff, Taken, UnknownChoice, UnknownRole, UnknownStaff
from central.accounts.events import PasswordLinkWanted
from central.accounts.limits import (
    Access,
    access_of,
    check_may_give,
    check_may_manage,
    check_not_himself,
    one_administrator_is_left,
    rights_of_roles,
)
from central.accounts.models import GroupRight, Profile, SiteRight
from central.accounts.passwords import made_password
from central.accounts.scope import ALL, Sites
from central.accounts.sessions import end_sessions
from node.realms import CLUSTER, atomic
from sync.events import record_event


def make_staff(
    login: str,
    password: str,
    *,
    role: str,
    name: str = "",
    email: str = "",
    sites: Collection[str] | Sites = frozenset(),
    language: str = "",
) -> User:
    """Make a member of staff, or bring the one with this login to what is said here.

    `sites`: ids he may see, or `ALL`. Raises `UnknownRole`.
    """
    with atomic(CLUSTER):
        user, is_new = User.objects.get_or_create(username=login)
        first, _space, last = name.partition(" ")
        user.first_name, user.last_name, user.email = first, last, email
        user.is_active = True
        user.is_superuser = False
        if is_new or not user.check_password(password):
            user.set_password(password)  # ends the sessions; the same password again must not
        user.save()
        _set_role(user, role)
        _set_sites(user, sites)
        Profile.objects.filter(user=user).update(language=language)
    return user


def set_password(login: str, password: str) -> None:
    """A new password; it ends all sessions of the person. Raises `UnknownStaff`."""
    with atomic(CLUSTER):
        user = User.objects.select_for_update().filter(username=login).first()
        if user is None:
            raise UnknownStaff(login)
        user.set_password(password)
        user.save(update_fields=["password"])


def give_role(user: User, role: str) -> None:
    """Put a member of staff into one role, out of all others. Raises `UnknownRole`."""
    with atomic(CLUSTER):
        _set_role(user, role)


def give_sites(user: User, sites: Collection[str] | Sites) -> None:
    """Say which sites he may see from now on; sockets notice within 5 s."""
    with atomic(CLUSTER):
        _set_sites(user, sites)


def check_language(language: str) -> None:
    """Raises `UnknownChoice`."""
    if language not in dict(settings.LANGUAGES):
        raise UnknownChoice(f"there is no language '{language}'")


def check_theme(theme: str) -> None:
    """Raises `UnknownChoice`."""
    if theme not in Profile.Theme.values:
        raise UnknownChoice(f"there is no theme '{theme}'")


def choose_language(user: User, language: str) -> None:
    """Raises `UnknownChoice`."""
    check_language(language)
    with atomic(CLUSTER):
        Profile.objects.update_or_create(user=user, defaults={"language": language})


def choose_theme(user: User, theme: str) -> None:
    """Raises `UnknownChoice`."""
    check_theme(theme)
    with atomic(CLUSTER):
        Profile.objects.update_or_create(user=user, defaults={"theme": theme})


def _set_role(user: User, role: str) -> None:
    group = Group.objects.filter(name=role).first()
    if group is None:
        raise UnknownRole(role)
    user.groups.set([group])


def _set_sites(user: User, sites: Collection[str] | Sites) -> None:
    Profile.objects.update_or_create(user=user, defaults={"sees_all_sites": sites is ALL})
    SiteRight.objects.filter(user=user).delete()
    if sites is not ALL:
        assert not isinstance(sites, Sites)  # noqa: S101  mypy cannot see that ALL is the only one
        SiteRight.objects.bulk_create(SiteRight(user=user, site=site) for site in sorted(set(sites)))


# --- staff by staff ------------------------------------------------------------------------------------------------
# `by` is who acts: he gives only what he holds himself. What he does stands in the history (`watched.py`).

_NAMES = {"first_name", "last_name", "email", "login"}
_ACCESS = {"roles", "sees_all", "sites", "groups"}


def invite_staff(
    by: User,
    *,
    login: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    language: str = "",
    roles: Collection[str] = (),
    sees_all: bool = False,
    sites: Collection[str] = (),
    groups: Collection[str] = (),
) -> User:
    """Add a member of staff; a mail with a link to set his password goes out.

    Raises `Taken`, `NotYours`, `UnknownRole`.
    """
    with atomic(CLUSTER):
        _check_free(login=login, email=email)
        user = User(username=login, email=email, first_name=first_name, last_name=last_name)
        user.set_unusable_password()
        user.save()
        Profile.objects.create(user=user, language=language)
        _give(by, user, {"roles": roles, "sees_all": sees_all, "sites": sites, "groups": groups})
        record_event(PasswordLinkWanted(user=user.pk, is_invite=True), realm=CLUSTER)
    return user


def edit_staff(user_id: int, *, by: User, seen_ver: int, **changes: Any) -> User:
    """Change what is said of a member of staff and what he may do; give only what is to be another.

    `changes`: first_name, last_name, email, login, language; roles (names), sees_all, sites, groups (ids), each
    whole. Raises `UnknownStaff`, `StaleStaff`, `Taken`, `NotYours`, `OwnAccess`, `LastAdministrator`, `UnknownRole`.
    """
    with atomic(CLUSTER), one_administrator_is_left():
        user = _lock(user_id)
        profile, _is_new = Profile.objects.select_for_update().get_or_create(user=user)
        if profile.ver != seen_ver:
            raise StaleStaff
        check_may_manage(by, user)
        if access := {name: changes[name] for name in _ACCESS & set(changes)}:
            check_not_himself(by, user)
            _give(by, user, access)
        _name(user, {name: changes[name] for name in _NAMES & set(changes)})
        Profile.objects.filter(user=user).update(ver=F("ver") + 1, language=changes.get("language", profile.language))
    return user


def switch_off(user_id: int, *, by: User) -> User:
    """From now on he cannot sign in; his sessions end now, his open screens within five seconds.

    Raises `UnknownStaff`, `NotYours`, `OwnAccess`, `LastAdministrator`.
    """
    with atomic(CLUSTER), one_administrator_is_left():
        user = _lock(user_id)
        check_may_manage(by, user)
        check_not_himself(by, user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_sessions(user)
    return user


def switch_on(user_id: int, *, by: User) -> User:
    """He may sign in again, with the password he had. Raises `UnknownStaff`, `NotYours`."""
    with atomic(CLUSTER):
        user = _lock(user_id)
        check_may_manage(by, user)
        User.objects.filter(pk=user.pk).update(is_active=True)
    return user


def mail_password_link(user_id: int, *, by: User) -> User:
    """A mail with a link by which he sets a new password; the old one works until then.

    Raises `UnknownStaff`, `NotYours`, `NoAddress`.
    """
    with atomic(CLUSTER):
        user = _lock(user_id)
        check_may_manage(by, user)
        if not user.email or not user.is_active:
            raise NoAddress(user.get_username())
        record_event(PasswordLinkWanted(user=user.pk, is_invite=user.last_login is None), realm=CLUSTER)
    return user


def give_made_password(user_id: int, *, by: User) -> tuple[User, str]:
    """A new password, returned to be shown once; it ends all his sessions. Raises `UnknownStaff`, `NotYours`."""
    with atomic(CLUSTER):
        user = _lock(user_id)
        check_may_manage(by, user)
        password = made_password()
        user.set_password(password)
        user.save(update_fields=["password"])
        end_sessions(user)
    return user, password


def sign_out_everywhere(user_id: int, *, by: User, but: str = "") -> User:
    """End the sessions of a person, or all but one of one's own. Raises `UnknownStaff`, `NotYours`."""
    with atomic(CLUSTER):
        user = _lock(user_id)
        check_may_manage(by, user)
        end_sessions(user, but=but)
    return user


def _lock(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise UnknownStaff(str(user_id))
    return user


def _name(user: User, values: dict[str, str]) -> None:
    _check_free(login=values.get("login", ""), email=values.get("email", ""), but=user)
    fields = {"username" if name == "login" else name: value for name, value in values.items()}
    if fields:
        User.objects.filter(pk=user.pk).update(**fields)


def _check_free(*, login: str, email: str, but: User | None = None) -> None:
    """One signs in by login or e-mail: neither may lead to two people. Raises `Taken`."""
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    if login and others.filter(Q(username__iexact=login) | Q(email__iexact=login)).exists():
        raise Taken("login", _("Somebody signs in by this already."))
    if email and others.filter(Q(username__iexact=email) | Q(email__iexact=email)).exists():
        raise Taken("email", _("Somebody signs in by this already."))


def _give(by: User, user: User, access: dict[str, Any]) -> None:
    held = access_of(user)
    roles = frozenset(access.get("roles", held.roles))
    wanted = Access(
        roles=roles,
        rights=rights_of_roles(roles),
        sees_all=access.get("sees_all", held.sees_all),
        sites=frozenset(access.get("sites", held.sites)),
        groups=frozenset(access.get("groups", held.groups)),
    )
    check_may_give(by, wanted)
    found = list(Group.objects.filter(name__in=wanted.roles))
    if unknown := wanted.roles - {group.name for group in found}:
        raise UnknownRole(", ".join(sorted(unknown)))
    user.groups.set(found)
    Profile.objects.filter(user=user).update(sees_all_sites=wanted.sees_all)
    _replace(SiteRight, user, "site", held.sites, wanted.sites)
    _replace(GroupRight, user, "group", held.groups, wanted.groups)


def _replace(model: Any, user: User, field: str, was: frozenset[str], becomes: frozenset[str]) -> None:
    model.objects.filter(user=user, **{f"{field}__in": was - becomes}).delete()
    model.objects.bulk_create(model(user=user, **{field: one}) for one in sorted(becomes - was))
