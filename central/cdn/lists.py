"""The lists of the CDN: accounts, zones, the queue, and what was purged."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cdn.models import MediaOrigin, Purge, StalePage, Zone
from central.cdn.queries import (
    accounts_visible_to,
    origins_visible_to,
    purges_visible_to,
    stale_visible_to,
    zones_visible_to,
)
from central.cdn.words import KINDS, OUTCOMES, limits_left, plan_title, state_of, trouble_in_words
from central.ui.lists import (
    Button,
    Choices,
    Column,
    Empty,
    Flag,
    List,
    Option,
    Search,
    Shown,
    Sites,
    cells,
    moment_column,
    number_column,
    site_column,
)

SEE, MANAGE = "see_cdn", "manage_cdn"


def _sites_of(zone: Zone) -> list[str]:
    return sorted(one.site for one in zone.sites.all())


def _zones_of_sites(rows: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    return rows.filter(sites__site__in=sites).distinct()


def _purges_of_sites(rows: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    found = Q(pk=None)
    for site in sites:
        found |= Q(sites__contains=[site])
    return rows.filter(found)


def _page(row: StalePage, shown: Shown) -> SafeString | str:
    return row.path or cells.badge(gettext("the whole site"), "purple")


def _when(row: StalePage, shown: Shown) -> SafeString:
    if row.is_again:
        return cells.badge(gettext("Once more"), "blue")
    return cells.badge(gettext("With its site"), "amber") if row.must_fold else cells.badge(gettext("Waits"), "grey")


def _outcome(one: Purge, shown: Shown) -> SafeString:
    title, tone = OUTCOMES[one.outcome]
    return cells.badge(str(title), tone)


def _items(one: Purge) -> str:
    more = one.count - len(one.items)
    listed = ", ".join(one.items) or "—"
    return f"{listed} … +{more}" if more > 0 else listed


ACCOUNTS = List(
    name="cdn",
    title=_("CDN"),
    right=SEE,
    rows=accounts_visible_to,
    site_field="",
    columns=[
        Column(
            "title",
            _("Account"),
            lambda one, shown: cells.two_lines(one.title, plan_title(one.provider, one.plan)),
            sort="title",
            export=lambda one: one.title,
            css="grow",
        ),
        Column(
            "state",
            _("State"),
            lambda one, shown: cells.badge(*state_of(one)),
            export=lambda one: state_of(one)[0],
        ),
        Column(
            "calls",
            _("Calls left"),
            lambda one, shown: limits_left(one)[0],
            export=lambda one: limits_left(one)[0],
            is_named=True,
        ),
        number_column("waiting", _("Pages waiting"), "waiting"),
        moment_column("last", _("Last purge"), "last_at", css="end"),
    ],
    default_sort="title",
    search=Search(_("Name of the account"), ("title",)),
    row_url=lambda one: reverse("cdn-account", args=[one.pk]),
    buttons=[
        Button(_("Zones"), "cdn-zones", "world", SEE),
        Button(_("Queue"), "cdn-queue", "clock", SEE),
        Button(_("Purges"), "cdn-purges", "history", SEE),
        Button(_("Hosts of files"), "cdn-media", "photo", SEE),
        Button(_("Purge now"), "cdn-purge-now", "refresh", MANAGE),
        Button(_("Add an account"), "cdn-account-new", "plus", MANAGE),
    ],
    help=_(
        "Changed pages are purged at the CDN by themselves, within the account's plan. What is left of the plan, what "
        "waits and what failed stands here."
    ),
    empty=Empty(_("No CDN"), _("The shops' edges answer by themselves. Put a CDN in front when you like."), "world"),
    ticks=True,
)

ZONES = List(
    name="cdn-zones",
    path="cdn/zones",
    title=_("Zones of the CDN"),
    right=SEE,
    rows=zones_visible_to,
    narrow=_zones_of_sites,
    columns=[
        Column(
            "name",
            _("Zone"),
            lambda zone, shown: cells.two_lines(zone.name, zone.account.title),
            sort="name",
            export=lambda zone: zone.name,
            css="grow",
        ),
        Column(
            "sites",
            _("Sites"),
            lambda zone, shown: cells.sites(shown, _sites_of(zone)),
            export=lambda zone: ", ".join(_sites_of(zone)),
            css="full",
        ),
        number_column("waiting", _("Pages waiting"), "waiting"),
        moment_column("called", _("Last by address"), "called_at"),
        moment_column("folded", _("Last by tags or hosts"), "folded_at"),
    ],
    default_sort="name",
    search=Search(_("Name of the zone"), ("name", "key")),
    row_url=lambda zone: reverse("cdn-zone", args=[zone.pk]),
    buttons=[Button(_("Accounts"), "cdn", "world", SEE)],
    empty=Empty(_("No zones"), _("Open an account and take over its zones."), "world"),
)

QUEUE = List(
    name="cdn-queue",
    path="cdn/queue",
    title=_("Pages to be purged"),
    right=SEE,
    rows=stale_visible_to,
    columns=[
        Column("path", _("Page"), _page, sort="path", export=lambda row: row.path or "*", css="grow"),
        site_column(),
        Column("state", _("State"), _when, sort="is_again", export=lambda row: row.is_again),
        Column("zone", _("Zone"), lambda row, shown: row.zone.name, export=lambda row: row.zone.name),
        moment_column("noticed", _("Changed"), "noticed_at", css="end"),
    ],
    default_sort="noticed",
    filters=[
        Sites("site", _("Site")),
        Flag("again", _("Once more"), narrow=lambda rows, values: rows.filter(is_again=True)),
    ],
    search=Search(_("Address of the page"), ("path",)),
    buttons=[Button(_("Accounts"), "cdn", "world", SEE), Button(_("Purge now"), "cdn-purge-now", "refresh", MANAGE)],
    help=_(
        "A page is purged when it has changed, and once more ten seconds later: a CDN that was fetching the old bytes "
        "just then would keep them."
    ),
    empty=Empty(_("Nothing waits"), _("Every page at the CDN is as it should be."), "circle-check"),
    ticks=True,
)


def _origin_state(one: MediaOrigin, shown: Shown) -> SafeString:
    if one.is_up:
        return cells.badge(gettext("Answers now"), "green") if one.checked_at else cells.badge(gettext("Not looked at"))
    return cells.badge(gettext("Left out: %(error)s") % {"error": trouble_in_words(one.error)}, "red")


MEDIA = List(
    name="cdn-media",
    path="cdn/media",
    title=_("Hosts of files"),
    right=SEE,
    rows=origins_visible_to,
    columns=[
        Column("url", _("Host"), lambda one, shown: one.url, sort="url", export=lambda one: one.url, css="grow"),
        site_column(),
        Column(
            "region", _("Region"), lambda one, shown: one.region or "—", sort="region", export=lambda one: one.region
        ),
        Column("state", _("State"), _origin_state, sort="is_up", export=lambda one: one.is_up),
        moment_column("checked", _("Looked at"), "checked_at", css="end"),
    ],
    default_sort="url",
    filters=[Sites("site", _("Site"))],
    search=Search(_("Host"), ("url",)),
    row_url=lambda one: reverse("cdn-media-edit", args=[one.site]),
    buttons=[Button(_("Accounts"), "cdn", "world", SEE), Button(_("Set hosts"), "cdn-media-new", "plus", MANAGE)],
    help=_(
        "Pictures and static files of a shop may come from hosts near the shoppers. Each is looked at every half "
        "minute; one that does not answer twice is left out, and the next of its region, or the shop, takes its place."
    ),
    empty=Empty(_("No hosts"), _("Pictures and static files come from the shops themselves."), "world"),
    ticks=True,
)

PURGES = List(
    name="cdn-purges",
    path="cdn/purges",
    title=_("Purges"),
    right=SEE,
    rows=purges_visible_to,
    narrow=_purges_of_sites,
    columns=[
        Column(
            "kind",
            _("What"),
            lambda one, shown: cells.two_lines(f"{KINDS[one.kind]}: {one.count}", _items(one)),
            sort="kind",
            export=lambda one: _items(one),
            css="grow",
        ),
        Column(
            "outcome",
            _("Outcome"),
            _outcome,
            sort="outcome",
            export=lambda one: one.outcome,
        ),
        Column("error", _("Error"), lambda one, shown: one.error, export=lambda one: one.error, css="full"),
        Column(
            "sites",
            _("Sites"),
            lambda one, shown: cells.sites(shown, one.sites),
            export=lambda one: ", ".join(one.sites),
        ),
        number_column("pages", _("Pages"), "pages"),
        number_column("waited", _("Waited, ms"), "waited_ms"),
        number_column("took", _("Call, ms"), "took_ms"),
        moment_column("at", _("When"), "at", css="end"),
    ],
    default_sort="-at",
    filters=[
        Choices("outcome", _("Outcome"), [Option(str(key), title, tone) for key, (title, tone) in OUTCOMES.items()]),
        Choices("kind", _("Kind"), [Option(key, title) for key, title in KINDS.items()]),
    ],
    search=Search(_("Zone or error"), ("zone__name", "error")),
    buttons=[Button(_("Accounts"), "cdn", "world", SEE)],
    help=_("Each call that was made in the last two weeks, and how long the first of its pages had waited for it."),
    empty=Empty(_("No purges yet"), _("As soon as a page behind a CDN changes, it is purged."), "history"),
)
