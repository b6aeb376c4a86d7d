"""Screens of search. The lists are declared in `lists.py`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from central.cluster.errors import UnknownSite
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from central.search import actions, indexing, queries
from central.search.forms import SynonymsForm, TuneForm
from central.search.lists import EDIT, MANAGE, SEE, built, engine_title, index_badge
from central.search.models import Engine
from central.ui import cards
from central.ui.cards import Action, Badge, Card, Fact, Part
from central.ui.screens import StaffRequest, may, screen

FORM = ("GET", "HEAD", "POST")
_FEW = 12


def _site(site_id: str, request: StaffRequest) -> Site:
    found = sites_visible_to(request.user).filter(pk=site_id).first()
    if found is None:
        raise UnknownSite(site_id)
    return found


@screen(SEE)
def one(request: StaffRequest, site_id: str) -> HttpResponse:
    site = _site(site_id, request)
    tuned = queries.search_of(site.pk)
    indexes = queries.indexes_of([site], {site.pk: tuned})[site.pk]
    rows = [
        {"index": each, "badge": index_badge(each), "built": built(each), "engine": engine_title(each.engine)}
        for each in indexes
    ]
    words = queries.words_visible_to(request.user).filter(site=site.pk)
    synonyms = queries.synonyms_visible_to(request.user).filter(site=site.pk).order_by("words")
    return cards.show(
        request,
        Card(
            record=site,
            title=_("Search of %(site)s") % {"site": site.name},
            back=("search", _("Search")),
            site=site.pk,
            badges=[Badge(engine_title(tuned.engine), "blue")],
            actions=[
                Action(_("Edit"), reverse("search-tune", args=[site.pk]), "pencil", MANAGE),
                Action(
                    _("Build the index anew"), reverse("search-build", args=[site.pk]), "refresh", MANAGE, is_post=True
                ),
                Action(_("Search in the shop"), f"{site.origin}/search", "external-link"),
            ],
            facts=[
                Fact(_("Engine"), engine_title(tuned.engine)),
                Fact(_("Goods in the drop-down"), tuned.suggestions),
                Fact(_("Node"), site.node.name if site.node else "—"),
            ],
            parts=[
                Part(_("Indexes"), "search/indexes.html", {"rows": rows}, icon="database", is_flush=True),
                Part(
                    _("Searched most"),
                    "search/words.html",
                    {"words": words.order_by("-times", "words")[:_FEW], "site": site.pk, "is_vain": False},
                    icon="list-search",
                ),
                Part(
                    _("Searched in vain"),
                    "search/words.html",
                    {
                        "words": words.filter(in_vain__gt=0).order_by("-in_vain", "words")[:_FEW],
                        "site": site.pk,
                        "is_vain": True,
                        "may_edit": may(request.user, EDIT),
                    },
                    icon="mood-sad",
                ),
                Part(
                    _("Synonyms"),
                    "search/synonyms.html",
                    {"synonyms": synonyms[: _FEW * 2], "site": site.pk, "may_edit": may(request.user, EDIT)},
                    icon="arrows-exchange",
                    is_aside=True,
                ),
            ],
        ),
    )


@screen(MANAGE, methods=FORM)
def tune(request: StaffRequest, site_id: str) -> HttpResponseBase:
    site = _site(site_id, request)
    tuned = queries.search_of(site.pk)
    initial = {"engine": tuned.engine, "suggestions": tuned.suggestions}
    form = TuneForm(request, initial=initial, ver=tuned.ver + 1)
    if form.is_saveable():
        with form.refusals():
            actions.tune(site.pk, by=request.user.username, **form.changes)
            if "engine" in form.changes:
                indexing.schedule(site)
            return form.saved(_("Saved. The shop searches so within seconds."), "search-one", site.pk)
    title = _("Search of %(site)s") % {"site": site.name}
    return form.page(title, back=("search-one", title, site.pk))


@screen(MANAGE, methods=["POST"])
def build(request: StaffRequest, site_id: str) -> HttpResponseBase:
    site = _site(site_id, request)
    row = actions.build_anew(site.pk, by=request.user.username)
    if row.engine != Engine.EMBEDDED:
        indexing.schedule(site)
    messages.success(request, _("The index is being built anew; the old one answers until it is whole."))
    return redirect("search-one", site.pk)


@screen(EDIT, methods=FORM)
def new_synonyms(request: StaffRequest) -> HttpResponseBase:
    initial = {name: request.GET.get(name, "") for name in ("words", "site", "language")}
    initial = {name: value for name, value in initial.items() if value}
    form = SynonymsForm(request, initial=initial, is_new=True)
    if form.is_saveable():
        with form.refusals():
            said = form.cleaned_data
            site = _site(said["site"], request)
            actions.add_synonyms(site.pk, said["language"], said["words"], by=request.user.username)
            return form.saved(_("The synonyms are saved."), "synonyms")
    return form.page(_("Add synonyms"), back=("synonyms", _("Synonyms")))


@screen(EDIT, methods=FORM)
def one_synonyms(request: StaffRequest, synonyms_id: int) -> HttpResponseBase:
    row = queries.visible_synonyms(synonyms_id, request.user)
    if request.method == "POST" and "remove" in request.POST:
        actions.remove_synonyms(row.pk, by=request.user.username)
        messages.success(request, _("The synonyms are removed."))
        return redirect("synonyms")
    form = SynonymsForm(request, initial={"words": row.words}, ver=row.ver, is_new=False)
    if form.is_saveable():
        with form.refusals():
            actions.edit_synonyms(
                row.pk, by=request.user.username, seen_ver=row.ver, **form.changes or {"words": row.words}
            )
            return form.saved(_("The synonyms are saved."), "synonyms")
    note = f"{row.site}, {row.language}"
    return form.page(_("Synonyms"), back=("synonyms", _("Synonyms")), note=note, template="search/one_synonyms.html")
