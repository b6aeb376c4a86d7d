"""Whose changes are kept: staff, what they were given, and roles."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.utils.translation import gettext_lazy as _

from central.accounts.models import GroupRight, Profile, SiteRight
from central.accounts.rights import right_title
from central.accounts.roles import title_of
from central.ui.watching import watch


def _login(key: str) -> str:
    return User.objects.filter(pk=key).values_list("username", flat=True).first() or key


def _role(key: Any) -> str:
    found = Group.objects.filter(pk=key).first()
    return title_of(found.name) if found else str(key)


def _right(key: Any) -> str:
    found = Permission.objects.filter(pk=key).first()
    return right_title(found.codename) if found else str(key)


watch(
    User,
    title=_("Member of staff"),
    right="see_staff",
    fields=("username", "first_name", "last_name", "email", "password", "is_active", "is_superuser"),
    # Of a password only that it was changed; an e-mail address is a person's own.
    personal=("email", "password"),
    titles={
        "username": _("Login"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail"),
        "password": _("Password"),
        "is_active": _("May sign in"),
        "is_superuser": _("May use the repair screens"),
    },
    card="staff-one",
    name_of=_login,
)
watch(
    Profile,
    title=_("Member of staff"),
    right="see_staff",
    of=(User, "user"),
    fields=("sees_all_sites", "language", "theme"),
    titles={"sees_all_sites": _("Sees all sites"), "language": _("Language"), "theme": _("Theme")},
)
watch(
    SiteRight,
    title=_("Member of staff"),
    right="see_staff",
    of=(User, "user"),
    fields=("site",),
    site="site",
    titles={"site": _("Site")},
)
watch(
    GroupRight,
    title=_("Member of staff"),
    right="see_staff",
    of=(User, "user"),
    fields=("group",),
    is_wide=True,
    titles={"group": _("Group of sites")},
)
watch(
    User.groups.through,
    title=_("Member of staff"),
    right="see_staff",
    of=(User, "user"),
    fields=("group",),
    titles={"group": _("Role")},
    words={"group": _role},
)
watch(
    Group,
    title=_("Role"),
    right="see_staff",
    fields=("name",),
    titles={"name": _("Name")},
    words={"name": title_of},
    card="roles-one",
    name_of=_role,
)
watch(
    Group.permissions.through,
    title=_("Role"),
    right="see_staff",
    of=(Group, "group"),
    fields=("permission",),
    titles={"permission": _("Right")},
    words={"permission": _right},
)
