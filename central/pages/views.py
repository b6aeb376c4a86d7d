"""Screens of pages: the list and the card of what the node of a site keeps as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from central.pages import actions, asking
from central.pages.errors import NoNode
from central.pages.words import KINDS, STATES, TOPICS, card_url, list_in_words, reason_in_words
from central.ui.explain import explain
from central.ui.screens import StaffRequest, screen
from central.ui.view_scope import sites_in_view
from node.errors import RialtoError
from sites import editions
from sync.contracts.pages import AuditTold, PageRow, PagesAsk, PagesTold, PageUse
from sync.questions import NodeAway, NodeRefused

SEE, MANAGE = "see_pages", "manage_pages"
AT_ONCE: Final = 50
#: column -> whether its first sort is from the greatest
SORTS: Final = {"path": False, "made": True, "size": True, "took": True, "asked": True}
_SILENT: Final = (NodeAway, NodeRefused, NoNode)


@dataclass(frozen=True)
class Row:
    """A page as the screen words it."""

    row: PageRow

    @property
    def key(self) -> str:
        """No id of an edition has a blank."""
        return f"{self.row.edition} {self.row.path}"

    @property
    def edition(self) -> str:
        """Language and region, "" for a shop without others."""
        return " · ".join(filter(None, self.row.edition.split("~")[1:]))

    @property
    def url(self) -> str:
        return card_url(editions.shop_of(self.row.edition), self.row.edition, self.row.path)

    @property
    def state(self) -> tuple[str, str]:
        title, tone = STATES[self.row.state]
        return str(title), tone

    @property
    def kind(self) -> str:
        return str(KINDS.get(self.row.kind, KINDS["other"]))

    @property
    def reason(self) -> str:
        return reason_in_words(self.row.reason) if self.row.reason else ""

    @property
    def made_at(self) -> datetime | None:
        return moment(self.row.made_at)

    @property
    def changed_at(self) -> datetime | None:
        return moment(self.row.changed_at)

    @property
    def waits_since(self) -> datetime | None:
        return moment(self.row.waits_since)


@dataclass(frozen=True)
class Use:
    """A document or list a page is made of, with the address of the other pages made of it."""

    use: PageUse
    others: str
    #: documents of this name, such as line cards of one product's variants
    times: int = 1

    @property
    def is_list(self) -> bool:
        return self.use.topic == "list"

    @property
    def what(self) -> str:
        return list_in_words(self.use.key) if self.is_list else str(TOPICS.get(self.use.topic, self.use.topic))


@dataclass(frozen=True)
class Audit:
    """What the node found when it made pages of a site once more and compared."""

    site: str
    told: AuditTold

    @property
    def looked_at(self) -> datetime | None:
        return moment(self.told.looked_at)

    @property
    def oldest(self) -> str:
        return duration(self.told.oldest_s)

    @property
    def latest(self) -> list[dict[str, Any]]:
        return [
            {
                "path": one.path,
                "url": card_url(self.site, one.edition, one.path),
                "found_at": moment(one.found_at),
                "age": duration(one.found_at - one.made_at),
            }
            for one in self.told.latest
        ]


def duration(seconds: float) -> str:
    """In words: "2 hours"."""
    return timesince(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(max(0.0, seconds), UTC), depth=1)


def moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def site_of(request: StaffRequest, site_id: str) -> Site:
    found = sites_visible_to(request.user).select_related("node__health").filter(pk=site_id).first()
    if found is None:
        raise Http404
    return found


def sites_of(request: StaffRequest) -> list[Site]:
    """Those the person may see and that are in view, by their ids."""
    rows = sites_visible_to(request.user).select_related("node__health").order_by("id")
    shown = sites_in_view(request)
    return list(rows if shown is None else rows.filter(pk__in=sorted(shown)))


# --- the list ----------------------------------------------------------------------------------------------------


@screen(SEE)
def pages(request: StaffRequest) -> HttpResponse:
    sites = sites_of(request)
    site = next((one for one in sites if one.pk == request.GET.get("site")), sites[0] if sites else None)
    context: dict[str, Any] = {"sites": sites, "site": site, "kinds": KINDS, "states": STATES}
    if site is not None:
        context |= _list(request, site)
    return render(request, "pages/pages.html", context)


def _list(request: StaffRequest, site: Site) -> dict[str, Any]:
    asked = _asked(request, site)
    context: dict[str, Any] = {"asked": asked, "summary": asking.summary_of(site), "node": site.node}
    try:
        told = asking.pages_of(site, asked)
    except _SILENT as error:
        return context | {"away": explain(error)}
    is_filtered = bool(asked.states or asked.kind or asked.words or asked.uses)
    return context | {
        "told": told,
        "rows": [Row(row) for row in told.rows],
        "counts": _counts(told),
        "audit": Audit(site.pk, told.audit) if told.audit else None,
        "total": sum(told.states.values()),
        "is_filtered": is_filtered,
        "headers": _headers(request, asked),
        "before": max(0, asked.start - AT_ONCE) if asked.start else None,
        "after": asked.start + AT_ONCE if asked.start + AT_ONCE < told.total else None,
    }


def _asked(request: StaffRequest, site: Site) -> PagesAsk:
    given = request.GET
    sort = given.get("sort", "path")
    start = given.get("start", "")
    return PagesAsk(
        site=site.pk,
        states=[state for state in given.getlist("state") if state in STATES],  # type: ignore[misc]
        kind=given.get("kind", "") if given.get("kind") in KINDS else "",
        words=given.get("q", "")[:200],
        uses=given.get("uses", "")[:200],
        sort=sort if sort.removeprefix("-") in SORTS else "path",  # type: ignore[arg-type]
        start=min(int(start), 10_000_000) if start.isascii() and start.isdigit() else 0,
        count=AT_ONCE,
    )


def _counts(told: PagesTold) -> list[tuple[str, str, str, int]]:
    return [(state, str(title), tone, told.states.get(state, 0)) for state, (title, tone) in STATES.items()]


def _headers(request: StaffRequest, asked: PagesAsk) -> dict[str, tuple[str, str]]:
    """Column -> (address that sorts by it, how it is sorted now)."""
    name = asked.sort.removeprefix("-")
    found = {}
    for column, is_down in SORTS.items():
        turned = column == name and asked.sort.startswith("-") == is_down
        wanted = f"{'' if is_down == turned else '-'}{column}"
        given = request.GET.copy()
        given["sort"] = wanted
        given.pop("start", None)
        now = ("descending" if asked.sort.startswith("-") else "ascending") if column == name else "none"
        found[column] = (f"?{given.urlencode()}", now)
    return found


# --- one page ----------------------------------------------------------------------------------------------------


@screen(SEE)
def page(request: StaffRequest, site_id: str) -> HttpResponse:
    site, path = site_of(request, site_id), request.GET.get("path", "")
    edition = request.GET.get("edition", "")
    if edition and editions.shop_of(edition) != site.pk:
        raise Http404
    context: dict[str, Any] = {
        "site": site,
        "path": path,
        "summary": asking.summary_of(site),
        "back": f"{reverse('pages')}?{urlencode({'site': site.pk})}",
    }
    try:
        told = asking.page_of(site, edition, path)
    except _SILENT as error:
        return render(request, "pages/page.html", context | {"away": explain(error)})
    if told.row is None:
        raise Http404
    uses = _uses(site, told.uses)
    context |= {
        "row": Row(told.row),
        "address": told.address,
        "documents": [use for use in uses if not use.is_list],
        "lists": [use for use in uses if use.is_list],
        "more": told.more,
        "is_excluded_itself": actions.is_excluded_itself(site, path),
    }
    return render(request, "pages/page.html", context)


def _uses(site: Site, told: list[PageUse]) -> list[Use]:
    """What a page is about first; documents of one kind and one name are one line."""
    named: dict[tuple[str, str], list[PageUse]] = {}
    for use in told:
        named.setdefault((use.topic, use.title or use.key) if use.topic != "list" else ("list", use.key), []).append(
            use
        )
    order = list(TOPICS)
    found = [Use(same[0], _others(site, same[0]), len(same)) for same in named.values()]
    return sorted(found, key=lambda one: order.index(one.use.topic) if one.use.topic in order else len(order))


def _others(site: Site, use: PageUse) -> str:
    return f"{reverse('pages')}?{urlencode({'site': site.pk, 'uses': use.key})}" if use.topic != "list" else ""


@screen(MANAGE, methods=["POST"])
def remake(request: StaffRequest, site_id: str) -> HttpResponseBase:
    site = site_of(request, site_id)
    keys = [tuple(key.split(" ", 1)) for key in request.POST.getlist("row") if " /" in key]
    pages = [(edition, path) for edition, path in keys if editions.shop_of(edition) == site.pk]
    is_whole = bool(request.POST.get("whole"))
    if not pages and not is_whole:
        messages.error(request, _("Tick the pages first."))
        return _back(request, site)
    try:
        asking.make_anew(site, [] if is_whole else pages)
    except _SILENT as error:
        messages.error(request, explain(error))
        return _back(request, site)
    said = ngettext("%(n)s page is being made anew.", "%(n)s pages are being made anew.", len(pages))
    messages.success(request, _("All pages of the shop are being made anew.") if is_whole else said % {"n": len(pages)})
    return _back(request, site)


@screen(MANAGE, methods=["POST"])
def exclude(request: StaffRequest, site_id: str) -> HttpResponseBase:
    """An address without a file from now on, or with one again (`again`)."""
    site, path = site_of(request, site_id), request.POST.get("path", "")
    if not path.startswith("/"):
        raise Http404
    change = actions.include if request.POST.get("again") else actions.exclude
    try:
        change(site.pk, path, by=request.user.username)
    except RialtoError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("The rules of the site are changed; its pages follow within seconds."))
    return _back(request, site)


def _back(request: StaffRequest, site: Site) -> HttpResponseBase:
    edition, _sep, path = request.POST.get("card", "").partition(" ")
    if path:
        return redirect(card_url(site.pk, edition, path))
    return redirect(f"{reverse('pages')}?{urlencode({'site': site.pk})}")
