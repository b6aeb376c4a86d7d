"""Screens of groups of sites. Who is limited to sites looks; a group decides who sees what, so he changes none."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from central.cluster import groups as actions
from central.cluster import queries
from central.cluster.errors import NameTaken, UnknownGroup
from central.cluster.forms import GroupForm
from central.cluster.models import Site, SiteGroup
from central.ui import cards
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen


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


@screen("see_sites", methods=["GET", "HEAD", "POST"])
def group(request: StaffRequest, group_id: str) -> HttpResponseBase:
    """A group and what was changed of it; a form for who may change it."""
    found = queries.groups_visible_to(request.user).filter(pk=group_id).first()
    if found is None:
        raise UnknownGroup(group_id)
    may_edit = _may_edit(request)
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    sites = {site.pk: site.name for site in queries.sites_visible_to(request.user)}
    above = {one.pk: one.title for one in queries.groups_visible_to(request.user) if one != found}
    initial = {
        "title": found.title,
        "parent": found.parent_id if found.parent_id in above else "",
        "sites": [site.pk for site in found.sites.all() if site.pk in sites],
    }
    form = GroupForm(
        request, initial=initial, ver=found.ver, may_edit=may_edit, groups=[*above.items()], sites=[*sites.items()]
    )
    if form.is_saveable():
        with form.refusals():
            actions.edit_group(found.pk, by=request.user.username, **form.changes)
            return form.saved(_("Saved."), "sites-groups")
    return form.page(
        found.title,
        back=("sites-groups", _("Groups of sites")),
        note=found.pk,
        **cards.inside(request, found, "history"),
    )


def _may_edit(request: StaffRequest) -> bool:
    return may(request.user, "manage_sites") and visible_sites(request.user) is ALL


def _groups() -> list[tuple[str, str]]:
    return [(one.pk, one.title) for one in SiteGroup.objects.all()]


def _sites() -> list[tuple[str, str]]:
    return [(site.pk, site.name) for site in Site.objects.all()]
