"""Reads of staff and roles."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet

from central.accounts.errors import UnknownRole, UnknownStaff
from central.accounts.roles import ROLES
from central.ui import sites
from central.ui.scope import ALL, visible_sites


def staff_visible_to(user: Any) -> QuerySet[User]:
    """Himself and, for who sees all sites, everybody; else those who may see one of the person's sites."""
    staff = User.objects.select_related("profile").prefetch_related("groups", "site_rights", "group_rights")
    seen = visible_sites(user)
    if seen is ALL:
        return staff
    return staff.filter(Q(pk=user.pk) | _sees_one_of(seen)).distinct() if user.pk else staff.none()


def staff_of_sites(staff: QuerySet[User], wanted: frozenset[str]) -> QuerySet[User]:
    """Those of `staff` who may see one of the sites."""
    return staff.filter(_sees_one_of(wanted)).distinct()


def _sees_one_of(wanted: frozenset[str]) -> Q:
    if not wanted:
        return Q(pk=None)
    groups = [group for group in sites.groups(None) if sites.sites_of_group(None, group) & wanted]
    return Q(profile__sees_all_sites=True) | Q(site_rights__site__in=wanted) | Q(group_rights__group__in=groups)


def visible_member(user_id: int, user: Any) -> User:
    """Raises `UnknownStaff`, also for somebody who sees none of the user's sites."""
    found = staff_visible_to(user).filter(pk=user_id).first()
    if found is None:
        raise UnknownStaff(str(user_id))
    return found


def all_roles() -> QuerySet[Group]:
    """Ready roles first; `people` counts who has the role and may sign in."""
    ready = Q(name__in=list(ROLES))
    people = Count("user", filter=Q(user__is_active=True), distinct=True)
    return (
        Group.objects.annotate(people=people, is_ready=ready)
        .prefetch_related("permissions")
        .order_by("-is_ready", "name")
    )


def role(role_id: int) -> Group:
    """Raises `UnknownRole`."""
    found = all_roles().filter(pk=role_id).first()
    if found is None:
        raise UnknownRole(str(role_id))
    return found


def rights_in(found: Group) -> frozenset[str]:
    return frozenset(found.permissions.values_list("codename", flat=True))
