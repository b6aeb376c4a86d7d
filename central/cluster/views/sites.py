"""Screens of sites."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from central.cluster import actions, previews, queries
from central.cluster.errors import NameTaken, UnknownSite
from central.cluster.models import Site
from central.cluster.site_form import SiteForm
from central.ui import cards
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen


@screen("manage_sites", methods=["GET", "HEAD", "POST"])
def new_site(request: StaffRequest) -> HttpResponseBase:
    form = _form(request, None)
    if form.is_saveable():
        with form.refusals():
            try:
                site = actions.register_site(form.cleaned_data["id"], by=request.user.username, **form.fields_of_site)
            except NameTaken:
                form.add_error("id", _("This id is taken."))
            else:
                messages.success(request, _("%(site)s is registered.") % {"site": site.name})
                return redirect("sites-one", site.pk) if _sees(request, site.pk) else redirect("sites")
    return form.page(
        _("Register a site"),
        back=("sites", _("Sites")),
        help=_("The id stands in order numbers and never changes. A site sells as soon as it has a node."),
        verb=_("Register"),
    )


@screen("see_sites", methods=["GET", "HEAD", "POST"])
def site(request: StaffRequest, site_id: str) -> HttpResponseBase:
    found = queries.sites_visible_to(request.user).filter(pk=site_id).first()
    if found is None:
        raise UnknownSite(site_id)
    may_edit = may(request.user, "manage_sites")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = _form(request, found, may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            actions.edit_site(found.pk, by=request.user.username, **form.fields_of_site)
            return form.saved(_("Saved. The shops know within seconds."), "sites-one", found.pk)
    answer = form.page(
        found.name,
        back=("sites", _("Sites")),
        note=found.pk,
        help=_(
            "A change reaches the shops within seconds; a shop that is cut off learns of it after the heal. "
            "Labels on past orders stay as they were."
        ),
        template="cluster/site.html",
        site=found,
        may_preview=previews.find_site(request.user, found.pk) is not None,
        children=[one for one in queries.sites_visible_to(request.user) if one.parent_id == found.pk],
        **cards.inside(request, found, "history"),
    )
    # The form that opens the shop as staff is answered by a redirect to it
    answer._csp_update = {"form-action": [found.origin]}  # type: ignore[attr-defined]
    return answer


@screen("see_sites", methods=["POST"])
def preview(request: StaffRequest, site_id: str) -> HttpResponseBase:
    """To the shop, where this browser sees each page as it is this moment."""
    found = previews.find_site(request.user, site_id)
    if found is None:
        raise UnknownSite(site_id)
    answer = redirect(previews.address(found, language=get_language() or "en"))
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@screen("manage_sites", methods=["POST"])
def end_previews(request: StaffRequest, site_id: str) -> HttpResponseBase:
    if not _sees(request, site_id):
        raise UnknownSite(site_id)
    actions.end_previews(site_id, by=request.user.username)
    messages.success(request, _("Open previews are over."))
    return redirect("sites-one", site_id)


def _form(request: StaffRequest, found: Site | None, **kwargs: Any) -> SiteForm:
    groups = [(one.pk, one.title) for one in queries.groups_visible_to(request.user)]
    return SiteForm(
        request,
        site=found,
        sites={one.pk: one for one in Site.objects.all()},
        visible=queries.sites_visible_to(request.user),
        nodes=_node_choices(request, found),
        # A group decides who sees what: who is limited to sites changes none.
        groups=groups if visible_sites(request.user) is ALL else None,
        **kwargs,
    )


def _node_choices(request: StaffRequest, found: Site | None = None) -> list[tuple[str, str]]:
    known = {one.id: one.name for one in queries.nodes_visible_to(request.user)}
    if found and found.node:
        known.setdefault(found.node.id, found.node.name)
    return sorted(known.items())


def _sees(request: StaffRequest, site_id: str) -> bool:
    return queries.sites_visible_to(request.user).filter(pk=site_id).exists()
