"""The lists of staff and of roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.accounts.queries import all_roles, staff_of_sites, staff_visible_to
from central.accounts.roles import title_of
from central.accounts.states import STATES, in_states, state_of
from central.ui import lists, sites
from central.ui.lists import Button, Choices, Column, Empty, Flag, List, Option, Search, Shown, cells, moment_column
from central.ui.scope import ALL, visible_sites


def _roles(user: User) -> str:
    return ", ".join(title_of(group.name) for group in user.groups.all())


def _sites(user: User, shown: Shown) -> Any:
    """Badges of the person's sites that the reader sees too, and the titles of his groups."""
    if user.profile.sees_all_sites if hasattr(user, "profile") else False:
        return _("all")
    seen = visible_sites(shown.request.user)
    single = [right.site for right in user.site_rights.all() if seen is ALL or right.site in seen]
    known = sites.groups(shown.request)
    titles = ", ".join(known[right.group].title for right in user.group_rights.all() if right.group in known)
    badges = cells.sites(shown, single) if single else ""
    return format_html("{} {}", titles, badges) if titles else badges or "—"


def _state(user: User, shown: Shown) -> Any:
    state = state_of(user)
    return cells.badge(str(state.title), state.tone)


def _role_options(request: Any) -> Iterable[Option]:
    return [Option(role.name, title_of(role.name)) for role in all_roles()]


STAFF = List(
    name="staff",
    title=_("Staff"),
    right="see_staff",
    rows=staff_visible_to,
    site_field="",
    narrow=staff_of_sites,
    columns=[
        Column(
            "name",
            _("Full name"),
            lambda user, shown: cells.two_lines(user.get_full_name() or user.get_username(), user.get_username()),
            sort="last_name",
            export=lambda user: user.get_full_name(),
            css="grow",
        ),
        Column(
            "login",
            _("Login"),
            lambda user, shown: user.get_username(),
            sort="username",
            export=lambda user: user.get_username(),
            is_shown=False,
        ),
        Column("roles", _("Roles"), lambda user, shown: _roles(user) or "—", export=_roles),
        Column("sites", _("Sites"), _sites, css="full"),
        Column(
            "email", _("E-mail"), lambda user, shown: user.email or "—", sort="email", export=lambda user: user.email
        ),
        Column("state", _("State"), _state, export=lambda user: str(state_of(user).title)),
        moment_column("seen", _("Last sign-in"), "last_login", css="end"),
    ],
    default_sort="login",
    filters=[
        Choices("role", _("Role"), _role_options, field="groups__name"),
        Choices(
            "state",
            _("State"),
            [Option(state.code, state.title, state.tone) for state in STATES],
            narrow=lambda rows, values: rows.filter(in_states(values)),
        ),
    ],
    search=Search(_("Name, login or e-mail"), ("first_name", "last_name", "username", "email")),
    row_url=lambda user: reverse("staff-one", args=[user.pk]),
    buttons=[
        Button(_("Roles"), "roles", "key", "see_staff"),
        Button(_("Add a member of staff"), "staff-new", "plus", "manage_staff"),
    ],
    help=_(
        "Everybody who signs in to the desk. A role says what a person may do, sites and groups of sites say where. "
        "Who is limited to sites sees the people who may see one of them."
    ),
    empty=Empty(_("Nobody"), _("Nobody else may see your sites."), "users"),
)


def _role(role: Any, shown: Shown) -> Any:
    ready = cells.badge(gettext("ready role"), "blue") if role.is_ready else ""
    return format_html("{} {}", title_of(role.name), ready)


ROLE_LIST = List(
    name="roles",
    title=_("Roles"),
    right="see_staff",
    rows=lambda user: all_roles(),
    site_field="",
    columns=[
        Column("role", _("Role"), _role, sort="name", export=lambda role: title_of(role.name), css="grow"),
        Column(
            "rights",
            _("Rights"),
            lambda role, shown: len(role.permissions.all()),
            export=lambda role: len(role.permissions.all()),
            css="end number",
            is_named=True,
        ),
        Column(
            "people",
            _("People"),
            lambda role, shown: role.people,
            sort="people",
            export=lambda role: role.people,
            css="end number",
            is_named=True,
        ),
        Column(
            "ready",
            _("Ready role"),
            lambda role, shown: gettext("yes") if role.is_ready else gettext("no"),
            sort="is_ready",
            export=lambda role: role.is_ready,
            is_shown=False,
        ),
    ],
    default_sort="-ready",
    filters=[Flag("own", _("Our own"), Q(is_ready=False)), Flag("unused", _("Nobody has it"), Q(people=0))],
    search=Search(_("Name of a role"), find=lambda rows, text, request: rows.filter(name__in=_called(text))),
    row_url=lambda role: reverse("roles-one", args=[role.pk]),
    buttons=[Button(_("Staff"), "staff", "users"), Button(_("New role"), "roles-new", "plus", "manage_staff")],
    help=_(
        "A role says what a person may do; whoever has several may do all of it. Ready roles never change: copy one "
        "and change the copy."
    ),
)


def _called(text: str) -> list[str]:
    """Names of the roles in which the text stands, as they are called in the language of the page."""
    return [role.name for role in all_roles() if text.casefold() in title_of(role.name).casefold()]


urlpatterns = [*lists.urls(STAFF), *lists.urls(ROLE_LIST)]
