"""Every change to a member of staff."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.contrib.auth.models import Group, User

from central.accounts.errors import UnknownChoice, UnknownRole, UnknownStaff
from central.accounts.models import Profile, SiteRight
from central.accounts.scope import ALL, Sites
from node.realms import CLUSTER, atomic


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
