"""Screens of sites."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.cluster import actions, queries
from central.cluster.errors import BadField, NameTaken, UnknownSite
from central.cluster.forms import NewSiteForm, SiteForm, put_errors
from central.cluster.models import Site
from central.ui.screens import StaffRequest, may, screen


@screen("see_sites")
def sites(request: StaffRequest) -> HttpResponse:
    found = queries.sites_visible_to(request.user).order_by("-is_active", "id")
    return render(request, "cluster/sites.html", {"sites": found})


@screen("manage_sites", methods=["GET", "HEAD", "POST"])
def new_site(request: StaffRequest) -> HttpResponseBase:
    form = NewSiteForm(request.POST or None, nodes=_node_choices(request))
    if request.method == "POST" and form.is_valid():
        try:
            site = actions.register_site(form.cleaned_data["id"], by=request.user.username, **form.fields_of_site())
        except BadField as error:
            put_errors(form, error)
        except NameTaken:
            form.add_error("id", _("This id is taken."))
        else:
            messages.success(request, _("%(site)s is registered.") % {"site": site.name})
            return redirect(
                "sites-one" if _sees(request, site.id) else "sites", *([site.id] if _sees(request, site.id) else [])
            )
    return render(request, "cluster/site_form.html", {"form": form}, status=422 if form.errors else 200)


@screen("see_sites", methods=["GET", "HEAD", "POST"])
def site(request: StaffRequest, site_id: str) -> HttpResponseBase:
    found = queries.sites_visible_to(request.user).filter(pk=site_id).first()
    if found is None:
        raise UnknownSite(site_id)
    may_edit = may(request.user, "manage_sites")
    form = SiteForm(request.POST or None, initial=SiteForm.initial_of(found), nodes=_node_choices(request, found))
    if request.method == "POST" and may_edit and _is_fresh(request, form, found) and form.is_valid():
        try:
            actions.edit_site(found.id, by=request.user.username, **form.fields_of_site(found))
        except BadField as error:
            put_errors(form, error)
        else:
            messages.success(request, _("Saved. The shops know within seconds."))
            return redirect("sites-one", found.id)
    status = 422 if form.errors else 403 if request.method == "POST" else 200
    context = {"form": form, "site": found, "may_edit": may_edit, "changes": _changes(found)}
    return render(request, "cluster/site_form.html", context, status=status)


def _is_fresh(request: StaffRequest, form: Form, found: Site) -> bool:
    if request.POST.get("ver") == str(found.ver):
        return True
    form.add_error(None, _("Somebody changed this site meanwhile. Look it over and save again."))
    return False


def _changes(found: Site) -> list[dict[str, Any]]:
    labels = {name: field.label for name, field in SiteForm.base_fields.items()}
    labels |= {"texts": _("Texts"), "deliveries": _("Delivery"), "payments": _("Payment")}
    return [
        {
            "at": change.at,
            "by": change.by,
            "is_first": not change.was,
            "rows": [] if not change.was else [(labels.get(n, n), change.was[n], change.became[n]) for n in change.was],
        }
        for change in queries.changes_of(found.id)[:30]
    ]


def _node_choices(request: StaffRequest, found: Site | None = None) -> list[tuple[str, str]]:
    known = {one.id: one.name for one in queries.nodes_visible_to(request.user)}
    if found and found.node:
        known.setdefault(found.node.id, found.node.name)
    return sorted(known.items())


def _sees(request: StaffRequest, site_id: str) -> bool:
    return queries.sites_visible_to(request.user).filter(pk=site_id).exists()
