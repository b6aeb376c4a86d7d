"""Screens of groups of sites. Who is limited to sites looks; a group decides who sees what, so he changes none."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from central.cluster import groups as actions
from central.cluster import queries
from central.cluster.errors import NameTaken, UnknownGroup
from central.cluster.forms import GroupForm
from central.cluster.models import Site, SiteGroup
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen


@screen("see_sites")
def groups(request: StaffRequest) -> HttpResponse:
    sites = list(queries.sites_visible_to(request.user))
    known = {group.pk: group for group in queries.groups_visible_to(request.user)}
    rows = [
        {
            "group": group,
            "parent": known.get(group.parent_id or ""),
            "sites": [site for site in sites if site.group_id == group.pk],
        }
        for group in known.values()
    ]
    context = {
        "rows": rows,
        "without": [site for site in sites if site.group_id is None],
        "may_edit": _may_edit(request),
    }
    return render(request, "cluster/groups.html", context)


@screen("manage_sites", methods=["GET", "HEAD", "POST"])
def new_group(request: StaffRequest) -> HttpResponseBase:
    if not _may_edit(request):
        raise UnknownGroup("new")
    form = GroupForm(request, groups=_groups(), sites=_sites())
    if form.is_saveable():
        data = {**form.cleaned_data}
        with form.refusals():
            try:
                made = actions.make_group(data.pop("id"), by=request.user.username, **data)
            except NameTaken:
                form.add_error("id", _("This id is taken."))
            else:
                return form.saved(_("%(group)s is made.") % {"group": made.title}, "sites-groups")
    return form.page(_("Make a group"), back=("sites-groups", _("Groups of sites")), verb=_("Make a group"))


@screen("manage_sites", methods=["GET", "HEAD", "POST"])
def group(request: StaffRequest, group_id: str) -> HttpResponseBase:
    found = queries.groups_visible_to(request.user).filter(pk=group_id).first()
    if found is None or not _may_edit(request):
        raise UnknownGroup(group_id)
    form = GroupForm(request, initial=_initial(found), ver=found.ver, groups=_groups(found), sites=_sites())
    if form.is_saveable():
        with form.refusals():
            actions.edit_group(found.pk, by=request.user.username, **form.changes)
            return form.saved(_("Saved."), "sites-groups")
    return form.page(found.title, back=("sites-groups", _("Groups of sites")), note=found.pk)


def _may_edit(request: StaffRequest) -> bool:
    return may(request.user, "manage_sites") and visible_sites(request.user) is ALL


def _initial(group: SiteGroup) -> dict[str, object]:
    return {"title": group.title, "parent": group.parent_id or "", "sites": [site.pk for site in group.sites.all()]}


def _groups(without: SiteGroup | None = None) -> list[tuple[str, str]]:
    return [(one.pk, one.title) for one in SiteGroup.objects.all() if one != without]


def _sites() -> list[tuple[str, str]]:
    return [(site.pk, site.name) for site in Site.objects.all()]
