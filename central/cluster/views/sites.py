"""Screens of sites."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from central.cluster import actions, queries
from central.cluster.errors import NameTaken, UnknownSite
from central.cluster.models import Site
from central.cluster.site_form import SiteForm
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
    return form.page(
        found.name,
        back=("sites", _("Sites")),
        note=found.pk,
        help=_(
            "A change reaches the shops within seconds; a shop that is cut off learns of it after the heal. "
            "Labels on past orders stay as they were."
        ),
        template="cluster/site.html",
        site=found,
        children=[one for one in queries.sites_visible_to(request.user) if one.parent_id == found.pk],
        changes=_changes(request, form, found),
    )


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


def _changes(request: StaffRequest, form: SiteForm, found: Site) -> list[dict[str, Any]]:
    """The site's history, newest first, each change field by field."""
    labels = {name: field.label for name, field in form.fields.items()}
    labels |= {"deliveries": _("Delivery"), "payments": _("Payment"), "group": _("Group")}
    labels |= {"inherits": _("Taken from the parent"), "locks": _("Locked for the sites below")}
    names = {one.pk: one.name for one in queries.sites_visible_to(request.user)}
    return [
        {
            "at": change.at,
            "by": change.by,
            "is_first": not change.was,
            "through": names.get(change.through) or _("a site you may not see") if change.through else "",
            "rows": _rows(change.was, change.became, labels, names) if change.was else [],
        }
        for change in queries.changes_of(found.id)[:30]
    ]


def _rows(
    was: dict[str, Any], became: dict[str, Any], labels: dict[str, Any], names: dict[str, str]
) -> list[tuple[str, str, str]]:
    rows = []
    for name in was:
        if name == "texts":
            texts = sorted({*was[name], *became[name]})
            changed = [one for one in texts if was[name].get(one, "") != became[name].get(one, "")]
            rows += [(labels.get(one, one), was[name].get(one, ""), became[name].get(one, "")) for one in changed]
        elif name == "parent":
            pair = (names.get(one) or _("a site you may not see") if one else "" for one in (was[name], became[name]))
            rows.append((labels[name], *pair))
        else:
            rows.append((labels.get(name, name), _in_words(was[name], labels), _in_words(became[name], labels)))
    return rows


def _in_words(value: Any, labels: dict[str, Any]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(
            str(one.get("title", one) if isinstance(one, dict) else labels.get(one.removeprefix("texts."), one))
            for one in value
        )
    return str(value)


def _node_choices(request: StaffRequest, found: Site | None = None) -> list[tuple[str, str]]:
    known = {one.id: one.name for one in queries.nodes_visible_to(request.user)}
    if found and found.node:
        known.setdefault(found.node.id, found.node.name)
    return sorted(known.items())


def _sees(request: StaffRequest, site_id: str) -> bool:
    return queries.sites_visible_to(request.user).filter(pk=site_id).exists()
