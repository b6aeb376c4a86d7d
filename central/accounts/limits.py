"""Who may give what to whom. Nobody gives rights or sites he has not, changes his own, or locks everybody out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet

from central.accounts.errors import LastAdministrator, NotYours, OwnAccess
from central.accounts.models import GroupRight, Profile, SiteRight
from central.accounts.roles import ADMIN
from central.ui.scope import ALL, visible_sites


@dataclass(frozen=True)
class Access:
    """What a person holds, whether he may sign in or not: roles (names), rights (codenames), sites, groups (ids)."""

    roles: frozenset[str]
    rights: frozenset[str]
    sees_all: bool
    sites: frozenset[str]
    groups: frozenset[str]


def access_of(user: User) -> Access:
    return Access(
        roles=frozenset(user.groups.values_list("name", flat=True)),
        rights=rights_of(user),
        sees_all=Profile.objects.filter(user=user, sees_all_sites=True).exists(),
        sites=frozenset(SiteRight.objects.filter(user=user).values_list("site", flat=True)),
        groups=frozenset(GroupRight.objects.filter(user=user).values_list("group", flat=True)),
    )


def rights_of(user: User) -> frozenset[str]:
    """Codenames of `models.Right`; also of a person who is switched off."""
    ours = Permission.objects.filter(content_type__app_label="accounts", content_type__model="right")
    if not user.is_superuser:
        ours = ours.filter(Q(group__user=user) | Q(user=user))
    return frozenset(ours.values_list("codename", flat=True))


def rights_of_roles(names: frozenset[str]) -> frozenset[str]:
    ours = Permission.objects.filter(content_type__app_label="accounts", group__name__in=names)
    return frozenset(ours.values_list("codename", flat=True))


def check_may_give(by: User, access: Access) -> None:
    """Raises `NotYours` when `access` holds a right, a site or a group that `by` does not hold himself."""
    own = access_of(by)
    if beyond := access.rights - own.rights:
        raise NotYours.of_rights(beyond)
    if own.sees_all:
        return
    seen = visible_sites(by)
    if access.sees_all or access.groups - own.groups or (seen is not ALL and access.sites - seen):
        raise NotYours.of_sites()


def check_may_manage(by: User, target: User) -> None:
    """Raises `NotYours`: who may do more than you is not yours to change, or you could sign in as him."""
    if target.is_superuser and not by.is_superuser:
        raise NotYours.of_rights(frozenset())
    if by.pk != target.pk:
        check_may_give(by, access_of(target))


def check_not_himself(by: User, target: User) -> None:
    """Raises `OwnAccess`."""
    if by.pk == target.pk:
        raise OwnAccess()


def administrators() -> QuerySet[User]:
    """Who may sign in, manage staff and see all sites: one such person must be left."""
    rights = {"content_type__app_label": "accounts", "codename": "manage_staff"}
    holders = Permission.objects.filter(**rights).values("group__user")
    return User.objects.filter(is_active=True, profile__sees_all_sites=True).filter(
        Q(is_superuser=True) | Q(pk__in=holders)
    )


@contextmanager
def one_administrator_is_left() -> Iterator[None]:
    """Round a change of staff or roles, inside its transaction. Raises `LastAdministrator` after the last one went.

    Two people who switch each other off in one moment wait for each other here, and the second is refused.
    """
    Group.objects.select_for_update().filter(name=ADMIN).first()
    was_there = administrators().exists()
    yield
    if was_there and not administrators().exists():
        raise LastAdministrator()
