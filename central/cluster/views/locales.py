"""Screens of regions, and of the languages and regions of a shop."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from central.cluster import locales as actions
from central.cluster import queries
from central.cluster.documents import site_doc
from central.cluster.errors import NameTaken, RegionInUse, UnknownLanguage, UnknownRegion, UnknownSite
from central.cluster.locale_forms import LanguageForm, RegionForm, SiteRegionForm, known_languages, titled_languages
from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.cluster.trees import below
from central.ui import cards
from central.ui.cards import Action, Card, Part
from central.ui.explain import explain
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen
from sites.editions import editions_of
from sync.contracts.documents import SiteDoc

FORM = ("GET", "HEAD", "POST")


# --- regions -------------------------------------------------------------------------------------------------------


@screen("manage_sites", methods=FORM)
def new_region(request: StaffRequest) -> HttpResponseBase:
    if not _may_edit_regions(request):
        raise UnknownRegion("new")
    form = _region_form(request, None)
    if form.is_saveable():
        with form.refusals():
            try:
                made = actions.make_region(form.cleaned_data["id"], by=request.user.username, **form.fields_of_region)
            except NameTaken:
                form.add_error("id", _("This id is taken."))
            else:
                return form.saved(_("%(region)s is added.") % {"region": made.title}, "regions")
    return form.page(_("Add a region"), back=("regions", _("Regions")), verb=_("Add"))


@screen("see_sites", methods=FORM)
def region(request: StaffRequest, region_id: str) -> HttpResponseBase:
    """A region, the shops in it, and what was changed of it; a form for who may change it."""
    found = queries.regions_visible_to(request.user).filter(pk=region_id).first()
    if found is None:
        raise UnknownRegion(region_id)
    may_edit = _may_edit_regions(request)
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = _region_form(request, found, may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            actions.edit_region(found.pk, by=request.user.username, **form.fields_of_region)
            return form.saved(_("Saved. The shops know within seconds."), "regions")
    return form.page(
        found.title,
        back=("regions", _("Regions")),
        note=found.pk,
        template="cluster/region.html",
        region=found,
        may_edit=may_edit,
        shops=queries.sites_visible_to(request.user).filter(regions__region=found),
        **cards.inside(request, found, "history"),
    )


@screen("manage_sites", methods=["POST"])
def delete_region(request: StaffRequest, region_id: str) -> HttpResponseBase:
    found = queries.regions_visible_to(request.user).filter(pk=region_id).first()
    if found is None or not _may_edit_regions(request):
        raise UnknownRegion(region_id)
    try:
        actions.delete_region(found.pk, by=request.user.username)
    except RegionInUse as error:
        messages.error(request, explain(error))
        return redirect("regions-one", found.pk)
    messages.success(request, _("%(region)s is deleted.") % {"region": found.title})
    return redirect("regions")


def _may_edit_regions(request: StaffRequest) -> bool:
    """Regions are the whole cluster's: who is limited to sites changes none."""
    return may(request.user, "manage_sites") and visible_sites(request.user) is ALL


def _region_form(request: StaffRequest, found: Region | None, **kwargs: Any) -> RegionForm:
    rows = {row.pk: row for row in queries.regions_visible_to(request.user)}
    unfit = {found.pk, *below(found.pk, {pk: row.parent_id for pk, row in rows.items()})} if found else set()
    around = [(pk, row.title) for pk, row in rows.items() if pk not in unfit]
    languages = known_languages(list(queries.sites_visible_to(request.user).prefetch_related("languages")))
    return RegionForm(request, region=found, regions=around, languages=languages, **kwargs)


# --- the languages and regions of a shop ---------------------------------------------------------------------------


@screen("see_sites")
def editions(request: StaffRequest, site_id: str) -> HttpResponse:
    """Which languages a shop speaks, in which regions it is, and where each of its pages lives for that."""
    site = _site(request, site_id)
    doc = site_doc(site)
    context = {"site": site, "may_edit": may(request.user, "manage_sites")}
    return cards.show(
        request,
        Card(
            record=site,
            title=_("Languages and regions"),
            back=("sites-one", site.name, site.pk),
            site=site.pk,
            actions=[
                Action(_("Add a language"), reverse("sites-languages-new", args=[site.pk]), "language", "manage_sites"),
                Action(_("Add a region"), reverse("sites-regions-new", args=[site.pk]), "map-pin", "manage_sites"),
            ],
            facts_title=_("Languages and regions"),
            parts=[
                Part(
                    _("Languages"),
                    "cluster/parts/languages.html",
                    {**context, "rows": _language_rows(site)},
                    is_flush=True,
                ),
                Part(
                    _("Regions"),
                    "cluster/parts/regions.html",
                    {**context, "rows": _site_region_rows(site, doc)},
                    is_flush=True,
                ),
                Part(_("Addresses"), "cluster/parts/editions.html", {"rows": _edition_rows(doc)}, is_flush=True),
            ],
            help=_(
                "Each language and each region of a shop has addresses of its own, so that one address shows one page "
                "to everybody. Prices by region and the words of goods stand on the cards of products."
            ),
            topic="sites",
        ),
    )


def _language_rows(site: Site) -> list[dict[str, Any]]:
    texts = [name for name in ("name", "label") if getattr(site, name)] + [
        name for name in ("tagline", "about", "address") if site.texts.get(name)
    ]
    return [
        {
            "language": one,
            "address": f"{one.origin or site.origin}{one.path}",
            "done": sum(1 for name in texts if one.words.get(name)),
            "all": len(texts),
        }
        for one in site.languages.all()
    ]


def _site_region_rows(site: Site, doc: SiteDoc) -> list[dict[str, Any]]:
    """The regions of the shop, each below the nearest around it that it is in too."""
    rows = {row.region_id: row for row in SiteRegion.objects.filter(site=site).select_related("region")}
    parents = dict(Region.objects.values_list("pk", "parent"))
    order = list(Region.objects.values_list("pk", flat=True))
    found = []
    for top in [pk for pk in order if not parents[pk]]:
        for pk in (top, *_ordered_below(top, parents, order)):
            if pk in rows:
                found.append(_site_region_row(site, rows[pk], parents, set(rows)))
    return found


def _ordered_below(top: str, parents: dict[str, str | None], order: list[str]) -> list[str]:
    found: list[str] = []
    for child in (pk for pk in order if parents[pk] == top):
        found += [child, *_ordered_below(child, parents, order)]
    return found


def _site_region_row(site: Site, row: SiteRegion, parents: dict[str, str | None], shown: set[str]) -> dict[str, Any]:
    depth, above = 0, parents[row.region_id]
    while above:
        depth, above = depth + (above in shown), parents[above]
    words = {"name", "label", "tagline", "about", "address"} & set(row.words)
    own = [
        *([_("Phone")] if row.phone else []),
        *([_("E-mail")] if row.email else []),
        *([_("Words")] if words or row.translations else []),
        *([_("Delivery")] if row.deliveries is not None else []),
        *([_("Payment")] if row.payments is not None else []),
    ]
    has_pages = row.origin or row.path
    return {
        "row": row,
        "depth": range(depth),
        "address": f"{row.origin or site.origin}{row.path}" if has_pages else "",
        "own": ", ".join(own),
    }


def _edition_rows(doc: SiteDoc) -> list[dict[str, str]]:
    found = []
    for one in editions_of(doc):
        language, region = actions.edition_names(doc, one)
        found.append({"language": language, "region": region, "address": f"{one.origin}{one.base}"})
    return found


@screen("manage_sites", methods=FORM)
def new_language(request: StaffRequest, site_id: str) -> HttpResponseBase:
    site = _site(request, site_id)
    form = LanguageForm(request, site=site, language=None)
    if form.is_saveable():
        with form.refusals():
            try:
                made = actions.put_language(
                    site.pk,
                    form.cleaned_data["code"],
                    by=request.user.username,
                    is_new=True,
                    **form.fields_of_language,
                )
            except NameTaken:
                form.add_error("code", _("The shop speaks this language already."))
            else:
                return form.saved(
                    _("The shop speaks %(language)s.") % {"language": made.name}, "sites-editions", site.pk
                )
    return form.page(_("Add a language"), back=_back(site), note=site.name, verb=_("Add"))


@screen("see_sites", methods=FORM)
def site_language(request: StaffRequest, site_id: str, language: str) -> HttpResponseBase:
    site = _site(request, site_id)
    found = SiteLanguage.objects.filter(site=site, code=language).first()
    if found is None:
        raise UnknownLanguage(site_id, language)
    may_edit = may(request.user, "manage_sites")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = LanguageForm(request, site=site, language=found, may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            actions.put_language(site.pk, language, by=request.user.username, **form.fields_of_language)
            return form.saved(_("Saved. The shops know within seconds."), "sites-editions", site.pk)
    return form.page(found.name, back=_back(site), note=site.name)


@screen("manage_sites", methods=["POST"])
def drop_language(request: StaffRequest, site_id: str, language: str) -> HttpResponseBase:
    site = _site(request, site_id)
    actions.drop_language(site.pk, language, by=request.user.username)
    messages.success(request, _("The language is taken away. The words of goods in it are kept."))
    return redirect("sites-editions", site.pk)


@screen("manage_sites", methods=FORM)
def new_site_region(request: StaffRequest, site_id: str) -> HttpResponseBase:
    site = _site(request, site_id)
    there = {row.region_id for row in site.regions.all()}
    free = [(row.pk, row.title) for row in Region.objects.all() if row.pk not in there]
    if not free:
        messages.info(request, _("Add a region first: the shop is in all there are."))
        return redirect("regions")
    form = _site_region_form(request, site, None, free)
    if form.is_saveable():
        with form.refusals():
            data = form.cleaned_data
            try:
                actions.put_site_region(
                    site.pk, data["region"], by=request.user.username, is_new=True, **form.fields_of_region
                )
            except NameTaken:
                form.add_error("region", _("The shop is in this region already."))
            else:
                return form.saved(_("The shop is in the region."), "sites-editions", site.pk)
    return form.page(_("Add a region"), back=_back(site), note=site.name, verb=_("Add"))


@screen("see_sites", methods=FORM)
def site_region(request: StaffRequest, site_id: str, region_id: str) -> HttpResponseBase:
    site = _site(request, site_id)
    found = SiteRegion.objects.filter(site=site, region=region_id).select_related("region").first()
    if found is None:
        raise UnknownRegion(region_id)
    may_edit = may(request.user, "manage_sites")
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = _site_region_form(request, site, found, [(found.region_id, found.region.title)], may_edit=may_edit)
    if form.is_saveable():
        with form.refusals():
            actions.put_site_region(site.pk, found.region_id, by=request.user.username, **form.fields_of_region)
            return form.saved(_("Saved. The shops know within seconds."), "sites-editions", site.pk)
    return form.page(found.region.title, back=_back(site), note=site.name)


@screen("manage_sites", methods=["POST"])
def drop_site_region(request: StaffRequest, site_id: str, region_id: str) -> HttpResponseBase:
    site = _site(request, site_id)
    actions.drop_site_region(site.pk, region_id, by=request.user.username)
    messages.success(request, _("The shop is in this region no more."))
    return redirect("sites-editions", site.pk)


def _site_region_form(
    request: StaffRequest, site: Site, found: SiteRegion | None, regions: list[tuple[str, str]], **kwargs: Any
) -> SiteRegionForm:
    rows = {row.region_id: row for row in site.regions.all()}
    around = [rows[one.pk] for one in actions.line_of(found.region_id) if one.pk in rows] if found else []
    return SiteRegionForm(
        request, site=site, row=found, regions=regions, around=around, languages=titled_languages(site), **kwargs
    )


def _site(request: StaffRequest, site_id: str) -> Site:
    found = queries.sites_visible_to(request.user).filter(pk=site_id).prefetch_related("languages", "regions").first()
    if found is None:
        raise UnknownSite(site_id)
    return found


def _back(site: Site) -> tuple[Any, ...]:
    return "sites-editions", _("Languages and regions"), site.pk
