"""Every change to a role. The ready ones are kept as they are; a person puts into a role only rights he holds."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import Group, Permission, User
from django.utils.translation import gettext_lazy as _

from central.accounts.errors import NotYours, ReadyRole, RoleInUse, StaleStaff, Taken, UnknownRole
from central.accounts.limits import one_administrator_is_left, rights_of
from central.accounts.roles import ROLES, TITLES
from node.realms import CLUSTER, atomic


def make_role(by: User, *, name: str, rights: Collection[str]) -> Group:
    """A role of one's own. Raises `Taken`, `NotYours`."""
    with atomic(CLUSTER):
        _check_free(name)
        _check_holds(by, frozenset(rights))
        role = Group.objects.create(name=name)
        role.permissions.set(_permissions(rights))
    return role


def edit_role(role_id: int, *, by: User, seen_rights: Collection[str], name: str, rights: Collection[str]) -> Group:
    """Rename a role and say what it allows from now on; who has it may do so at his next click.

    `seen_rights`: what it allowed when it was looked at. Rights that are put in or taken out must be `by`'s own.
    Raises `UnknownRole`, `ReadyRole`, `StaleStaff`, `Taken`, `NotYours`, `LastAdministrator`.
    """
    with atomic(CLUSTER), one_administrator_is_left():
        role = _own_role(role_id)
        held = frozenset(role.permissions.values_list("codename", flat=True))
        if held != frozenset(seen_rights):
            raise StaleStaff
        _check_holds(by, held ^ frozenset(rights))
        if name != role.name:
            _check_free(name, but=role)
            Group.objects.filter(pk=role.pk).update(name=name)
        role.permissions.set(_permissions(rights))
    return role


def delete_role(role_id: int, *, by: User) -> str:
    """Delete a role that nobody has; returns its name. Raises `UnknownRole`, `ReadyRole`, `RoleInUse`, `NotYours`."""
    with atomic(CLUSTER):
        role = _own_role(role_id)
        _check_holds(by, frozenset(role.permissions.values_list("codename", flat=True)))
        if people := role.user_set.count():
            raise RoleInUse(role.name, people)
        role.delete()
    return role.name


def _own_role(role_id: int) -> Group:
    role = Group.objects.select_for_update().filter(pk=role_id).first()
    if role is None:
        raise UnknownRole(str(role_id))
    if role.name in ROLES:
        raise ReadyRole(role.name)
    return role


def _check_holds(by: User, rights: frozenset[str]) -> None:
    if beyond := rights - rights_of(by):
        raise NotYours.of_rights(beyond)


def _check_free(name: str, but: Group | None = None) -> None:
    taken = {str(title).casefold() for title in TITLES.values()} | {role.casefold() for role in ROLES}
    others = Group.objects.exclude(pk=but.pk) if but else Group.objects.all()
    if name.casefold() in taken or others.filter(name__iexact=name).exists():
        raise Taken("name", _("There is a role of this name."))


def _permissions(rights: Collection[str]) -> list[Permission]:
    ours = Permission.objects.filter(content_type__app_label="accounts", content_type__model="right")
    return list(ours.filter(codename__in=rights))
