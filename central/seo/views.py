"""Screens: patterns with a live look at real pages, own values, robots.txt, redirects, feeds, migration."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf.locale import LANG_INFO
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.catalog.actions import rename_address
from central.catalog.models import Category
from central.catalog.renaming import rename_product
from central.cluster.documents import site_doc
from central.cluster.locale_forms import titled_languages
from central.cluster.locales import edition_names
from central.cluster.queries import languages_of, sites_visible_to
from central.seo import feeds as feed_actions
from central.seo import looking, migrating, redirects, rules, sections
from central.seo.forms import (
    FeedForm,
    MatchesForm,
    MigrationForm,
    OldPageForm,
    PageForm,
    RedirectForm,
    RobotsForm,
    RuleForm,
    SheetForm,
)
from central.seo.lists import RIGHT, site_choices
from central.seo.models import Feed, Migration, OldPage, Redirect, Rule
from central.seo.redirects import Wanted
from central.seo.rules import Place, place_of
from central.seo.sheets import read_sheet
from central.seo.words import FIELDS, KINDS, PROBLEMS
from central.ui import cards
from central.ui.cards import Action, Badge, Card, Fact, Part
from central.ui.explain import explain
from central.ui.lists import cells
from central.ui.scope import limit
from central.ui.screens import StaffRequest, screen
from sites import urls
from sites.editions import editions_of
from sites.feeds.fields import elements
from sites.feeds.items import FEED_TOKENS
from sites.seo.patterns import ATTRIBUTE, BadPattern
from sites.seo.robots import robots_txt
from sites.seo.rules import ALIAS, EVERY, ROBOTS, check_field, tokens_of
from sync.contracts.documents import SiteDoc

FORM = ["GET", "HEAD", "POST"]


def _site(request: StaffRequest, site: str) -> Any:
    found = sites_visible_to(request.user).filter(pk=site).first()
    if found is None:
        raise Http404
    return found


# --- patterns -----------------------------------------------------------------------------------------------------


@screen(RIGHT)
def overview(request: StaffRequest) -> HttpResponse:
    sites = list(sites_visible_to(request.user).order_by("id"))
    own = list(limit(Rule.objects.all(), request.user))
    inside, counts = sections.with_rules(own), _counts_of(own)
    rows = [
        {
            "site": site.pk,
            "kinds": [(kind, title, counts[site.pk, kind]) for kind, title in KINDS.items()],
            "sections": [(each, KINDS[each.kind]) for each in inside.get(site.pk, [])],
        }
        for site in sites
    ]
    return render(request, "seo/overview.html", {"rows": rows})


def _counts_of(own: list[Rule]) -> Counter[tuple[str, str]]:
    """(site, kind of pages) -> fields of its own, in all its languages."""
    counts: Counter[tuple[str, str]] = Counter()
    for rule in own:
        place = place_of(rule.key)
        if place and place.is_inherited:
            counts[rule.site, place.kind] += len(rule.own)
    return counts


@screen(RIGHT, methods=FORM)
def patterns(request: StaffRequest, site: str, page_kind: str) -> HttpResponseBase:
    row = _site(request, site)
    place, shelves = _place(request, site, page_kind), _shelves(site, page_kind)
    rule, initial = rules.own_of(site, place)
    form = RuleForm(
        request, place=place, shown=looking.shown(site, place), initial=initial, ver=rule.ver or 1 if rule else 1
    )
    if form.is_saveable() and _is_right(form, place):
        with form.refusals():
            rules.set_rule(site, place.key, form.changes)
            return form.saved(_("The patterns are saved; the pages follow."), request.get_full_path())
    fields = {name: form.data.get(name, "") if form.is_bound else initial[name] for name in place.names}
    return form.page(
        f"{row.label}: {KINDS[page_kind]}",
        back=("seo", _("Search engines")),
        note=shelves.get(place.section, ""),
        template="seo/patterns.html",
        site=site,
        place=place,
        languages=_languages(row),
        shelves=shelves,
        tokens=_tokens(page_kind),
        alias_tokens=tokens_of(ALIAS, page_kind) if ALIAS in place.names else (),
        looks=_looks(site, place, fields),
        help=_(
            "A pattern is text with tokens. [ — {brand}] is left out when there is no brand; {brand|section} takes the "
            "first that there is; {text:160} is cut at a word. Empty fields keep what stands in grey."
        ),
        **_history(request, rule),
    )


@screen(RIGHT, methods=["POST"])
def look(request: StaffRequest, site: str, page_kind: str) -> HttpResponse:
    """What is typed, on real pages."""
    _site(request, site)
    place = _place(request, site, page_kind)
    fields = {name: request.POST.get(name, "") for name in place.names}
    return render(request, "seo/looks.html", {"looks": _looks(site, place, fields)})


@screen(RIGHT)
def rule(request: StaffRequest, rule_id: int) -> HttpResponseBase:
    """Where a rule is edited: the history of changes leads here."""
    row = limit(Rule.objects.all(), request.user).filter(pk=rule_id).first()
    if row is None:
        raise Http404
    place = place_of(row.key)
    if place is None:
        return redirect("seo-robots", row.site)
    given = {"section": place.section, "language": place.language}
    query = urlencode({name: value for name, value in given.items() if value})
    name = "seo-patterns" if place.page is None else "seo-page-of" if place.page else "seo-page"
    address = reverse(name, args=[row.site, place.kind, *([UUID(place.page)] if place.page else [])])
    return redirect(f"{address}?{query}" if query else address)


def _place(request: StaffRequest, site: str, kind: str, page: str | None = None) -> Place:
    """What the address of a screen names; 404 for a language or a section that the shop has not."""
    section, language = request.GET.get("section", ""), request.GET.get("language", "")
    if kind not in KINDS or (language and language not in languages_of(site)):
        raise Http404
    if section and (page is not None or section not in _shelves(site, kind)):
        raise Http404
    return Place(kind, section=section, page=page, language=language)


def _shelves(site: str, kind: str) -> dict[str, str]:
    return sections.ways([site]).get(site, {}) if kind in rules.IN_SECTIONS else {}


def _languages(row: Any) -> list[tuple[str, str]]:
    """The languages of a shop to choose from, its own first under ""; none where there is just one."""
    further = titled_languages(row)
    return [("", _in_own_words(row.language)), *further] if further else []


def _in_own_words(language: str) -> str:
    info = LANG_INFO.get(language) or LANG_INFO.get(language.partition("-")[0], {})
    return str(info.get("name_local", language)).capitalize()


def _history(request: StaffRequest, row: Rule | None) -> dict[str, Any]:
    return cards.inside(request, row, "history") if row else {}


def _tokens(kind: str) -> list[str]:
    return [f"{name}…" if name == ATTRIBUTE else name for name in tokens_of("title", kind)]


def _looks(site: str, place: Place, fields: dict[str, str]) -> list[Any]:
    right = {name: value for name, value in fields.items() if value and not _why(name, place, value)}
    return looking.look_at(site, place, right)


def _why(name: str, place: Place, value: str) -> str:
    try:
        check_field(name, place.kind, value, is_own=place.page is not None)
    except BadPattern as error:
        return explain(error)
    return ""


def _is_right(form: RuleForm, place: Place) -> bool:
    """Tells what is wrong of a pattern beside its field."""
    for name in place.names:
        if why := _why(name, place, str(form.cleaned_data.get(name, ""))):
            form.add_error(name, why)
    return not form.errors


@screen(RIGHT, methods=FORM)
def page(request: StaffRequest, site: str, page_kind: str, product_id: UUID | None = None) -> HttpResponseBase:
    """Own values of one page, and its address."""
    row, kind, id = _site(request, site), page_kind, product_id.hex if product_id else ""
    if kind == EVERY or bool(id) != (kind in rules.IN_SECTIONS):
        raise Http404
    place = _place(request, site, kind, id)
    rule, initial = rules.own_of(site, place)
    found = looking.look_at_page(site, place, rule.own if rule else {})
    slug = found.path.rpartition("/")[2] if id and not place.language else None
    initial |= {} if slug is None else {"slug": slug}
    form = PageForm(
        request, slug=slug, place=place, shown=_values(found), initial=initial, ver=rule.ver or 1 if rule else 1
    )
    if form.is_saveable() and _is_right(form, place):
        with form.refusals():
            if slug is not None and "slug" in form.changes:
                _move(site, kind, id, form.changes["slug"], request.user.username)
            rules.set_rule(site, place.key, {name: value for name, value in form.changes.items() if name != "slug"})
            return form.saved(_("Saved; the page follows."), request.get_full_path())
    return form.page(
        f"{row.label}: {found.title}",
        back=("products-card", _("Product"), UUID(id)) if kind == "product" else ("seo", _("Search engines")),
        template="seo/page.html",
        place=place,
        languages=_languages(row),
        looks=[found],
        help=_("Own values of this page, taken as they are. Empty fields follow the patterns, shown in grey."),
        **_history(request, rule),
    )


def _values(found: looking.Look) -> dict[str, str]:
    return {"title": found.head.title, "h1": found.head.h1, "description": found.head.description} | {
        name: value for name, value in found.head.metas if name in FIELDS
    }


def _move(site: str, kind: str, id_: str, slug: str, by: str) -> None:
    if kind == "category":
        rename_address(site, UUID(id_), slug)
    else:
        rename_product(site, UUID(id_), slug, by=by)


@screen(RIGHT)
def categories(request: StaffRequest, site: str) -> HttpResponse:
    row = _site(request, site)
    shelves = Category.objects.filter(site=site, is_active=True).order_by("position", "title_key")
    return render(request, "seo/categories.html", {"site": row, "rows": shelves})


@screen(RIGHT, methods=FORM)
def robots(request: StaffRequest, site: str) -> HttpResponseBase:
    row = _site(request, site)
    rule = Rule.objects.filter(site=site, key=ROBOTS).first()
    own = rule.own if rule else {}
    initial = {"closed": own.get("closed", "").splitlines(), "extra": own.get("extra", "")}
    initial["is_closed"] = own.get("is_closed") == "yes"
    form = RobotsForm(request, initial=initial, ver=rule.ver or 1 if rule else 1)
    if form.is_saveable():
        values = form.cleaned_data
        with form.refusals():
            closed = "yes" if values["is_closed"] else ""
            rules.set_rule(
                site,
                ROBOTS,
                {"closed": "\n".join(values["closed"]), "extra": values["extra"], "is_closed": closed},
            )
            return form.saved(_("robots.txt is saved."), "seo-robots", site)
    shop = site_doc(row)
    return form.page(
        f"{row.label}: robots.txt",
        back=("seo", _("Search engines")),
        template="seo/robots.html",
        text=robots_txt([each for each in editions_of(shop) if each.origin == shop.origin], own),
        **_history(request, rule),
    )


# --- redirects ----------------------------------------------------------------------------------------------------


@screen(RIGHT, methods=FORM)
def new_redirect(request: StaffRequest) -> HttpResponseBase:
    given = {name: request.GET[name] for name in ("site", "source", "target") if name in request.GET}
    form = RedirectForm(request, sites=site_choices(request.user), given=given)
    if form.is_saveable():
        with form.refusals():
            values = form.cleaned_data
            wanted = Wanted(values["source"], values["target"], values["answer"])
            redirects.set_redirect(values["site"], wanted, by=request.user.username)
            return form.saved(_("The old address leads on."), "redirects")
    return form.page(_("New redirect"), back=("redirects", _("Redirects")))


@screen(RIGHT, methods=FORM)
def one_redirect(request: StaffRequest, redirect_id: int) -> HttpResponseBase:
    row = limit(Redirect.objects.filter(is_active=True), request.user).filter(pk=redirect_id).first()
    if row is None:
        raise Http404
    form = RedirectForm(request, sites=site_choices(request.user), row=row)
    if form.is_saveable():
        with form.refusals():
            values = form.cleaned_data
            wanted = Wanted(row.source, values["target"], values["answer"])
            redirects.set_redirect(row.site, wanted, by=request.user.username)
            return form.saved(_("The old address leads on."), "redirects")
    return form.page(row.source, back=("redirects", _("Redirects")))


@screen(RIGHT, methods=FORM)
def sheet(request: StaffRequest) -> HttpResponseBase:
    form = SheetForm(request, sites=site_choices(request.user))
    refused: list[tuple[int, str]] = []
    if form.is_saveable():
        with form.refusals():
            file = form.cleaned_data["file"]
            rows = read_sheet(file.name, file.chunks())
            count, wrong = redirects.set_redirects(
                form.cleaned_data["site"],
                [wanted for _line, wanted in rows],
                cause=Redirect.Cause.FILE,
                by=request.user.username,
            )
            refused = [(rows[at][0], explain(error)) for at, error in sorted(wrong.items())]
            said = ngettext("%(n)s address leads on.", "%(n)s addresses lead on.", count) % {"n": count}
            if not refused:
                return form.saved(said, "redirects")
            messages.success(request, said)
    return form.page(
        _("Bring in a sheet"),
        back=("redirects", _("Redirects")),
        template="seo/sheet.html",
        refused=refused[:200],
        refused_count=len(refused),
        help=_("Rows that are right are taken; the others are named with the reason. The same sheet again is no harm."),
    )


# --- feeds --------------------------------------------------------------------------------------------------------


def _feed(request: StaffRequest, pk: int) -> Feed:
    row = limit(Feed.objects.filter(is_active=True), request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@screen(RIGHT, methods=FORM)
def new_feed(request: StaffRequest) -> HttpResponseBase:
    form = FeedForm(request, sites=site_choices(request.user), categories=[], currency="")
    if form.is_saveable():
        with form.refusals():
            values = form.cleaned_data
            made = feed_actions.save_feed(values["site"], values["name"], kind=values["kind"], title=values["title"])
            return form.saved(_("The feed is there; now say which goods it holds."), "feeds-edit", made.pk)
    return form.page(_("New feed"), back=("feeds", _("Feeds")))


@screen(RIGHT)
def one_feed(request: StaffRequest, feed_id: int) -> HttpResponse:
    row = _feed(request, feed_id)
    found = feed_actions.look_at(row)
    shop = site_doc(sites_visible_to(request.user).get(pk=row.site))
    told = feed_actions.edition_of(row)
    address = urls.absolute(told, f"/feeds/{row.name}.xml") if told else _("None: the shop has no such pages any more.")
    edit, drop = reverse("feeds-edit", args=[feed_id]), reverse("feeds-drop", args=[feed_id])
    return cards.show(
        request,
        Card(
            record=row,
            title=str(row),
            back=("feeds", _("Feeds")),
            site=row.site,
            badges=[Badge(str(row.get_kind_display()), "blue")],
            actions=[
                Action(
                    _("Delete"), drop, "trash", right=RIGHT, is_post=True, confirm=_("Its address answers 404 then.")
                ),
                Action(_("Edit"), edit, "pencil", right=RIGHT),
            ],
            facts=[
                Fact(_("Address"), address),
                *([Fact(_("Language and region"), _edition_title(shop, told))] if told and told is not shop else []),
                Fact(_("Units looked at"), found.looked_at),
            ],
            parts=[
                Part(_("Problems found"), "seo/problems.html", {"problems": _problems(found), "look": found}),
                Part(_("First items"), "seo/items.html", {"items": found.items, "kind": row.kind}, is_flush=True),
            ],
            help=_("Give this address to the service. It is read from the shop itself, always fresh."),
        ),
    )


def _problems(found: feed_actions.Look) -> list[tuple[Any, str, int]]:
    return [(PROBLEMS[problem.code], problem.element, count) for problem, count in found.problems]


@screen(RIGHT, methods=FORM)
def edit_feed(request: StaffRequest, feed_id: int) -> HttpResponseBase:
    row = _feed(request, feed_id)
    site = sites_visible_to(request.user).get(pk=row.site)
    shelves = [(each.id, each.title) for each in feed_actions.tree_of(row.site)]
    shop, told = site_doc(site), feed_actions.edition_of(row)
    there = editions_of(shop)
    form = FeedForm(
        request,
        row=row,
        sites=[],
        categories=shelves,
        currency=site.currency,
        kind=row.kind,
        editions=[(_edition_key(each), _edition_title(shop, each)) for each in there] if len(there) > 1 else (),
        initial=_initial(row) | {"edition": _edition_key(told) if told else ""},
    )
    if form.is_saveable():
        with form.refusals():
            feed_actions.save_feed(row.site, row.name, pk=feed_id, **_choice(row, form.cleaned_data))
            return form.saved(_("The feed is saved."), "feeds-one", feed_id)
    return form.page(
        str(row),
        back=("feeds-one", str(row), feed_id),
        template="seo/feed_form.html",
        tokens=[f"{name}…" if name == ATTRIBUTE else name for name in FEED_TOKENS],
    )


def _initial(row: Feed) -> dict[str, Any]:
    skus = {"only_skus": "only_products", "without_skus": "without_products"}
    named = {name: feed_actions.skus_of(row.site, row.choice.get(field, [])) for name, field in skus.items()}
    elements_of = {f"element_{name}": row.fields.get(name, "") for name in elements(row.kind)}
    return {
        "title": row.title,
        "categories": row.choice.get("categories", []),
        "without_categories": row.choice.get("without_categories", []),
        "in_stock_only": row.choice.get("in_stock_only", False),
        "min_price": row.choice.get("min_price") or None,
        "max_price": row.choice.get("max_price") or None,
        **named,
        **elements_of,
    }


def _edition_key(site: SiteDoc) -> str:
    """ "~" for the main edition, in whatever language that is."""
    return f"{site.language}~{site.region}" if site.home else "~"


def _edition_title(shop: SiteDoc, edition: SiteDoc) -> str:
    return " · ".join(filter(None, edition_names(shop, edition)))


def _choice(row: Feed, values: dict[str, Any]) -> dict[str, Any]:
    language, _part, region = values.get("edition", "~").partition("~")
    return {
        "title": values["title"],
        "choice": {
            "categories": values["categories"],
            "without_categories": values["without_categories"],
            "only_products": feed_actions.products_of(row.site, values["only_skus"], "only_skus"),
            "without_products": feed_actions.products_of(row.site, values["without_skus"], "without_skus"),
            "in_stock_only": values["in_stock_only"],
            "min_price": values["min_price"] or 0,
            "max_price": values["max_price"] or 0,
            "language": language,
            "region": region,
        },
        "fields": {name: values[f"element_{name}"] for name in elements(row.kind)},
    }


@screen(RIGHT, methods=["POST"])
def drop_feed(request: StaffRequest, feed_id: int) -> HttpResponseBase:
    row = _feed(request, feed_id)
    feed_actions.drop_feed(row.pk)
    messages.success(request, _("The feed is deleted."))
    return redirect("feeds")


# --- migration ----------------------------------------------------------------------------------------------------


def _migration(request: StaffRequest, pk: UUID) -> Migration:
    row = limit(Migration.objects.all(), request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@screen(RIGHT, methods=FORM)
def new_migration(request: StaffRequest) -> HttpResponseBase:
    form = MigrationForm(request, sites=site_choices(request.user))
    if form.is_saveable():
        with form.refusals():
            values = dict(form.cleaned_data)
            made = migrating.begin(values.pop("site"), values.pop("start"), by=request.user.username, **values)
            return form.saved(_("The walk begins."), "migrations-one", made.pk)
    return form.page(
        _("Walk through an old site"),
        back=("migrations", _("Migration")),
        help=_("One page after another, slowly, as its robots.txt allows. Nothing of it is changed."),
    )


@screen(RIGHT)
def one_migration(request: StaffRequest, move_id: UUID) -> HttpResponse:
    row = _migration(request, move_id)
    return cards.show(
        request,
        Card(
            record=row,
            title=row.start,
            back=("migrations", _("Migration")),
            site=row.site,
            badges=[Badge(str(row.get_state_display()), "green" if row.state == "done" else "blue")],
            actions=_migration_actions(row),
            facts=[Fact(_("By"), row.by), Fact(_("Walk began"), cells.ago(row.created_at))],
            parts=[Part(_("Addresses"), "seo/walk.html", {"row": row, "counts": _counts(row)})],
            help=_(
                "Walk, look at the proposals, correct them here or in a sheet, make redirects, then move the domain."
            ),
        ),
    )


def _migration_actions(row: Migration) -> list[Action]:
    if row.state not in ("ready", "done"):
        return []
    pages = f"{reverse('old-pages')}?move={row.pk}"
    take = reverse("migrations-take", args=[row.pk])
    return [
        Action(_("Addresses"), pages, "list"),
        Action(_("Bring in a sheet"), reverse("migrations-sheet", args=[row.pk]), "upload", right=RIGHT),
        Action(_("Make redirects of the sure ones"), take, "check", right=RIGHT, is_post=True),
    ]


def _counts(row: Migration) -> list[tuple[str, int, str]]:
    counts, address = migrating.counts_of(row), f"{reverse('old-pages')}?move={row.pk}"
    return [
        (_("met"), counts["met"], address),
        (_("lead on"), counts["taken"], f"{address}&decision=taken"),
        (_("to be looked at"), counts["open"], f"{address}&decision=open"),
        (_("nothing found"), counts["missed"], f"{address}&missed=1"),
    ]


@screen(RIGHT)
def progress(request: StaffRequest, move_id: UUID) -> HttpResponse:
    row = _migration(request, move_id)
    return render(request, "seo/progress.html", {"row": row, "counts": _counts(row)})


@screen(RIGHT, methods=["POST"])
def take(request: StaffRequest, move_id: UUID) -> HttpResponseBase:
    row = _migration(request, move_id)
    made, left_out = migrating.take_all(row.pk, least=90, by=request.user.username)
    messages.success(request, ngettext("%(n)s address leads on.", "%(n)s addresses lead on.", made) % {"n": made})
    if left_out:
        messages.warning(request, ngettext("%(n)s was left out.", "%(n)s were left out.", left_out) % {"n": left_out})
    return redirect("migrations-one", move_id)


@screen(RIGHT, methods=FORM)
def matches(request: StaffRequest, move_id: UUID) -> HttpResponseBase:
    row = _migration(request, move_id)
    form = MatchesForm(request, row)
    if form.is_saveable():
        with form.refusals():
            file = form.cleaned_data["file"]
            taken, wrong = migrating.correct(row.pk, read_sheet(file.name, file.chunks()))
            said = _("%(taken)s rows are taken, %(wrong)s name no address of this walk or lead nowhere.")
            return form.saved(said % {"taken": taken, "wrong": wrong}, "migrations-one", move_id)
    return form.page(_("Bring in a sheet"), back=("migrations-one", row.start, move_id))


@screen(RIGHT, methods=FORM)
def old_page(request: StaffRequest, old_page_id: int) -> HttpResponseBase:
    row = limit(OldPage.objects.select_related("move"), request.user).filter(pk=old_page_id).first()
    if row is None:
        raise Http404
    form = OldPageForm(request, row)
    if form.is_saveable():
        with form.refusals():
            migrating.aim_page(row.pk, form.cleaned_data["target"])
            return form.saved(_("Saved."), "migrations-one", row.move_id)
    return form.page(row.source, back=("migrations-one", row.move.start, row.move_id), note=row.title)
