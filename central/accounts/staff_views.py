"""Screens of staff and roles. Lists are declared in `lists.py`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from central.accounts import actions, limits, queries, role_actions, sessions
from central.accounts.errors import NotYours
from central.accounts.limits import access_of
from central.accounts.models import Profile
from central.accounts.rights import GROUPS
from central.accounts.roles import ROLES, title_of
from central.accounts.staff_forms import InviteStaffForm, RoleForm, StaffForm
from central.accounts.states import state_of
from central.ui import cards
from central.ui.cards import Action, Badge, Card, Fact, Part, Tab
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen

FORM = ("GET", "HEAD", "POST")

# --- staff ---------------------------------------------------------------------------------------------------------


@screen("see_staff")
def member(request: StaffRequest, user_id: int) -> HttpResponse:
    return cards.show(request, _card(request, queries.visible_member(user_id, request.user)))


@screen("manage_staff", methods=FORM)
def invite(request: StaffRequest) -> HttpResponseBase:
    form = InviteStaffForm(request)
    if form.is_saveable():
        with form.refusals():
            made = actions.invite_staff(request.user, **form.cleaned_data)
            text = _("%(login)s is added. The link is on its way to %(email)s.")
            return form.saved(text % {"login": made.get_username(), "email": made.email}, "staff-one", made.pk)
    return form.page(
        _("Add a member of staff"),
        back=("staff", _("Staff")),
        help=_("You can give only rights and sites you have yourself. The person sets his own password by the link."),
    )


@screen("manage_staff", methods=FORM)
def edit(request: StaffRequest, user_id: int) -> HttpResponseBase:
    found = queries.visible_member(user_id, request.user)
    profile, _is_new = Profile.objects.get_or_create(user=found)
    form = StaffForm(
        request,
        target=found,
        initial=StaffForm.initial_of(found),
        ver=profile.ver,
        may_edit=_may_manage(request, found),
    )
    if form.is_saveable():
        with form.refusals():
            actions.edit_staff(found.pk, by=request.user, seen_ver=profile.ver, **form.changes)
            return form.saved(_("Saved."), "staff-one", found.pk)
    return form.page(
        _name_of(found),
        back=("staff-one", _name_of(found), found.pk),
        help=_("Roles and sites count from the person's next click; his open screens notice within five seconds."),
    )


@screen("manage_staff", methods=["POST"])
def switch(request: StaffRequest, user_id: int) -> HttpResponseBase:
    """Off or on, as `to` says."""
    found = queries.visible_member(user_id, request.user)
    if request.POST.get("to") == "on":
        actions.switch_on(found.pk, by=request.user)
        messages.success(request, _("%(name)s may sign in again.") % {"name": _name_of(found)})
    else:
        actions.switch_off(found.pk, by=request.user)
        messages.success(request, _("%(name)s is switched off, his sessions are ended.") % {"name": _name_of(found)})
    return redirect("staff-one", found.pk)


@screen("manage_staff", methods=["POST"])
def mail_link(request: StaffRequest, user_id: int) -> HttpResponseBase:
    found = actions.mail_password_link(queries.visible_member(user_id, request.user).pk, by=request.user)
    text = _("A link to set the password is on its way to %(email)s. It works once, for three days.")
    messages.success(request, text % {"email": found.email})
    return redirect("staff-one", found.pk)


@screen("manage_staff", methods=["POST"])
def new_password(request: StaffRequest, user_id: int) -> HttpResponse:
    """The password is shown in the answer to the POST and never again, so there is no redirect after it."""
    found, password = actions.give_made_password(queries.visible_member(user_id, request.user).pk, by=request.user)
    return render(
        request, "accounts/new_password.html", {"person": found, "name": _name_of(found), "password": password}
    )


@screen("manage_staff", methods=["POST"])
def end_sessions(request: StaffRequest, user_id: int) -> HttpResponseBase:
    found = queries.visible_member(user_id, request.user)
    actions.sign_out_everywhere(found.pk, by=request.user, but=request.session.session_key or "")
    messages.success(request, _("The sessions are ended."))
    return redirect(reverse("staff-one", args=[found.pk]) + "?tab=sessions")


def _card(request: StaffRequest, found: User) -> Card:
    state = state_of(found)
    return Card(
        record=found,
        title=_name_of(found),
        note=found.get_username(),
        back=("staff", _("Staff")),
        badges=[Badge(state.title, state.tone)],
        actions=_actions(request, found),
        facts=[
            Fact(_("Login"), found.get_username()),
            Fact(_("E-mail"), found.email),
            Fact(_("Roles"), ", ".join(title_of(group.name) for group in found.groups.all())),
            Fact(_("Language"), found.profile.language if hasattr(found, "profile") else ""),
            Fact(_("Last sign-in"), _ago(found.last_login)),
            Fact(_("Added"), _ago(found.date_joined)),
        ],
        parts=[
            Part(_("Sites"), "accounts/parts/sites.html", _sites(request, found)),
            Part(
                _("May do"), "accounts/parts/rights.html", {"groups": _in_words(limits.rights_of(found))}, is_aside=True
            ),
        ],
        tabs=[Tab(10, "sessions", _("Sessions"), "accounts/parts/sessions.html", _sessions, right="manage_staff")],
        help=_(
            "Who is switched off cannot sign in; what he did stays. Roles and sites are changed under Edit. You can "
            "change only people who hold no more than you do."
        ),
    )


def _actions(request: StaffRequest, found: User) -> list[Action]:
    """What this reader may do to this person; nothing that would be refused."""
    if not may(request.user, "manage_staff") or not _may_manage(request, found):
        return []
    here = [found.pk]
    shown = [Action(_("Edit"), reverse("staff-edit", args=here), "pencil", css="btn-primary")]
    if found.is_active and found.email:
        shown.append(Action(_("Send a password link"), reverse("staff-link", args=here), "mail", is_post=True))
    if found.is_active:
        asks = _("The old password stops working and all sessions of %(name)s end.") % {"name": _name_of(found)}
        shown.append(Action(_("New password"), reverse("staff-password", args=here), "key", is_post=True, confirm=asks))
    if found.pk == request.user.pk:
        return shown
    if not found.is_active:
        return [*shown, Action(_("Switch on"), reverse("staff-switch", args=here), is_post=True, values={"to": "on"})]
    asks = _("%(name)s cannot sign in any more, and his sessions end at once.") % {"name": _name_of(found)}
    off = Action(_("Switch off"), reverse("staff-switch", args=here), "ban", is_post=True, confirm=asks)
    return [*shown, cards.as_danger(off)]


def _may_manage(request: StaffRequest, found: User) -> bool:
    try:
        limits.check_may_manage(request.user, found)
    except NotYours:
        return False
    return True


def _sites(request: StaffRequest, found: User) -> dict[str, Any]:
    """The person's sites as far as the reader sees them himself."""
    from central.ui import sites

    access, seen = access_of(found), visible_sites(request.user)
    titles = sites.groups(request)
    shown = sorted(site for site in access.sites if seen is ALL or site in seen)
    return {
        "sees_all": access.sees_all,
        "groups": [
            (
                titles[group].title,
                sorted(site for site in sites.sites_of_group(request, group) if seen is ALL or site in seen),
            )
            for group in sorted(access.groups)
            if group in titles
        ],
        "sites": shown,
        "hidden": len(access.sites) - len(shown),
    }


def _sessions(request: Any, record: Any) -> dict[str, Any]:
    is_his = _may_manage(request, record)
    return {
        "person": record,
        "is_his": is_his,
        "sessions": sessions.sessions_of(record) if is_his else [],
        "own_key": request.session.session_key,
    }


def _name_of(found: User) -> str:
    return found.get_full_name() or found.get_username()


def _ago(moment: Any) -> Any:
    from central.ui.templatetags.kit import ago

    return ago(moment)


def _in_words(rights: frozenset[str]) -> list[tuple[Any, list[Any]]]:
    """The groups of rights with what is held of each, in words."""
    groups = [(group.title, [title for code, title in group.rights.items() if code in rights]) for group in GROUPS]
    return [(title, held) for title, held in groups if held]


# --- roles ---------------------------------------------------------------------------------------------------------


@screen("see_staff")
def role(request: StaffRequest, role_id: int) -> HttpResponse:
    found = queries.role(role_id)
    is_ready = found.name in ROLES
    people = queries.staff_visible_to(request.user).filter(groups=found).order_by("username")
    links = format_html_join(
        ", ", '<a href="{}">{}</a>', ((reverse("staff-one", args=[one.pk]), _name_of(one)) for one in people)
    )
    here = [found.pk]
    copy = Action(_("Copy"), f"{reverse('roles-new')}?of={found.pk}", "copy", right="manage_staff")
    edit_it = Action(_("Edit"), reverse("roles-edit", args=here), "pencil", right="manage_staff", css="btn-primary")
    asks = _("The role is deleted. That nobody has it is checked once more.")
    delete = Action(_("Delete"), reverse("roles-delete", args=here), right="manage_staff", is_post=True, confirm=asks)
    return cards.show(
        request,
        Card(
            record=found,
            title=title_of(found.name),
            back=("roles", _("Roles")),
            badges=[Badge(_("ready role"), "blue")] if is_ready else [],
            actions=[copy] if is_ready else [edit_it, copy, cards.as_danger(delete)],
            facts=[Fact(_("Who has it"), links or _("nobody"))],
            parts=[
                Part(_("What it allows"), "accounts/parts/rights.html", {"groups": _in_words(queries.rights_in(found))})
            ],
            help=_(
                "Ready roles never change, so that a new version can give them its new rights. Copy one to change it."
            ),
        ),
    )


@screen("manage_staff", methods=FORM)
def new_role(request: StaffRequest) -> HttpResponseBase:
    """An empty role, or with `?of=` a copy of one."""
    of = request.GET.get("of", "")
    form = RoleForm(request, initial=_copied(int(of)) if of.isdecimal() and len(of) < 10 else {})
    if form.is_saveable():
        with form.refusals():
            made = role_actions.make_role(request.user, **form.cleaned_data)
            return form.saved(_("The role is made."), "roles-one", made.pk)
    return form.page(
        _("New role"),
        back=("roles", _("Roles")),
        help=_("You can put into a role only rights you have yourself."),
    )


@screen("manage_staff", methods=FORM)
def edit_role(request: StaffRequest, role_id: int) -> HttpResponseBase:
    found = queries.role(role_id)
    held = queries.rights_in(found)
    may_edit = found.name not in ROLES and held <= limits.rights_of(request.user)
    form = RoleForm(request, initial=RoleForm.initial_of(found), ver=1, may_edit=may_edit)
    if form.is_saveable():
        values = {"name": found.name, "rights": sorted(held), **form.changes}
        with form.refusals():
            role_actions.edit_role(found.pk, by=request.user, seen_rights=held, **values)
            return form.saved(_("Saved."), "roles-one", found.pk)
    return form.page(title_of(found.name), back=("roles-one", title_of(found.name), found.pk))


@screen("manage_staff", methods=["POST"])
def delete_role(request: StaffRequest, role_id: int) -> HttpResponseBase:
    name = role_actions.delete_role(role_id, by=request.user)
    messages.success(request, _("The role “%(name)s” is deleted.") % {"name": name})
    return redirect("roles")


def _copied(role_id: int) -> dict[str, Any]:
    found = Group.objects.filter(pk=role_id).first()
    if found is None:
        return {}
    return {"name": _("%(role)s (copy)") % {"role": title_of(found.name)}, "rights": sorted(queries.rights_in(found))}
