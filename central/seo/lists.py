"""Lists: redirects, feeds, migrations and the addresses of an old site."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from central.cluster.documents import site_doc
from central.cluster.queries import site as site_row
from central.cluster.queries import sites_visible_to
from central.seo import redirects
from central.seo.models import Feed, Migration, OldPage, Redirect
from central.seo.topics import feed_doc
from central.ui.lists import (
    BulkAction,
    Button,
    Choices,
    Column,
    Dates,
    Empty,
    Flag,
    List,
    Option,
    Search,
    Sites,
    cells,
    moment_column,
    site_column,
)
from central.ui.scope import limit
from sites.editions import of_feed
from sites.urls import absolute, at

RIGHT = "manage_seo"
_TONES = {"ready": "amber", "done": "green", "failed": "red", "walking": "blue", "waiting": "grey"}
_DECISIONS = {"open": "amber", "taken": "green", "skipped": "grey"}


def _options(choices: Any) -> Any:
    return lambda request: [Option(code, title, "grey") for code, title in choices]


def _address(text: str) -> Any:
    return format_html('<span class="text-break">{}</span>', text)


REDIRECTS = List(
    name="redirects",
    title=_("Redirects"),
    right=RIGHT,
    rows=lambda user: limit(Redirect.objects.filter(is_active=True), user),
    columns=[
        Column(
            "from", _("Old address"), lambda row, shown: _address(row.source), sort="source",
            export=lambda row: row.source, css="grow",
        ),
        Column(
            "to", _("Leads to"), lambda row, shown: _address(row.target), sort="target",
            export=lambda row: row.target, css="full",
        ),
        site_column(sort="site", css="full"),
        Column(
            "status", _("Answers with"), lambda row, shown: row.status, sort="status", export=lambda row: row.status,
        ),
        Column(
            "cause", _("Because"), lambda row, shown: row.get_cause_display(), sort="cause",
            export=lambda row: row.cause, css="wide-only",
        ),
        Column(
            "hits", _("Visits"), lambda row, shown: cells.number(row.hits), sort="hits",
            export=lambda row: row.hits, css="end", is_named=True,
        ),
        moment_column("visited", _("Last visit"), "last_hit_at"),
        moment_column("made", _("Made"), "created_at"),
    ],
    default_sort="-made",
    filters=[
        Sites("site", _("Site")),
        Choices("cause", _("Because"), _options(Redirect.Cause.choices), field="cause"),
        Flag("unused", _("Never visited"), narrow=lambda rows, values: rows.filter(hits=0)),
        Dates("made", _("Made"), field="created_at"),
    ],
    search=Search(_("Part of an address"), ("source", "target")),
    row_url=lambda row: reverse("redirects-one", args=[row.pk]),
    bulk=[
        BulkAction(
            "drop", _("Delete"), RIGHT, lambda row, user, filled: redirects.drop_redirect(row.pk),
            asks=_("These addresses answer “no such page” from now on."), icon="trash", is_dangerous=True,
        ),
    ],
    buttons=[
        Button(_("Bring in a sheet"), "redirects-sheet", icon="upload", right=RIGHT),
        Button(_("New redirect"), "redirects-new", icon="plus", right=RIGHT),
    ],
    help=_(
        "Old addresses and where they lead. When a page gets another address, the old one leads to it by itself, for "
        "ever. An edge answers from its own copy, also when it is cut off."
    ),
    empty=Empty(_("No redirects"), _("Rename a page, bring in a sheet, or walk through an old site."), "arrow-right"),
)  # fmt: skip


def _place_feeds(rows: list[Any], shown: Any = None) -> None:
    """Where each lives: a path of the shop's address, else the whole address; "" where it has none any more."""
    docs = {site: site_doc(site_row(site)) for site in {row.site for row in rows}}
    for row in rows:
        shop, path = docs[row.site], f"/feeds/{row.name}.xml"
        told = of_feed(shop, feed_doc(row))
        row.address = "" if told is None else at(told, path) if told.origin == shop.origin else absolute(told, path)


FEEDS = List(
    name="feeds",
    title=_("Feeds"),
    right=RIGHT,
    rows=lambda user: limit(Feed.objects.filter(is_active=True), user),
    columns=[
        Column(
            "name", _("Feed"), lambda row, shown: cells.two_lines(str(row), row.address), sort="name",
            export=lambda row: row.name, css="grow",
        ),
        Column(
            "kind", _("For"), lambda row, shown: row.get_kind_display(), sort="kind", export=lambda row: row.kind,
        ),
        site_column(sort="site", css="full"),
        moment_column("changed", _("Changed"), "changed_at"),
    ],
    default_sort="name",
    prepare=_place_feeds,
    filters=[Sites("site", _("Site")), Choices("kind", _("For"), _options(Feed.Kind.choices), field="kind")],
    search=Search(_("Name of a feed"), ("name", "title")),
    row_url=lambda row: reverse("feeds-one", args=[row.pk]),
    buttons=[Button(_("New feed"), "feeds-new", icon="plus", right=RIGHT)],
    help=_(
        "Goods for Yandex.Market and Google Merchant, at an address of the shop. Always as fresh as the shop's pages."
    ),
    empty=Empty(_("No feeds"), _("Make one, and give its address to the service."), "package"),
)  # fmt: skip


def _state(row: Migration) -> Any:
    return cells.badge(str(row.get_state_display()), _TONES[row.state])


MIGRATIONS = List(
    name="migrations",
    title=_("Migration"),
    right=RIGHT,
    rows=lambda user: limit(Migration.objects.all(), user),
    columns=[
        Column(
            "start", _("Old site"), lambda row, shown: row.start, sort="start",
            export=lambda row: row.start, css="grow",
        ),
        site_column(sort="site", css="full"),
        Column("state", _("State"), lambda row, shown: _state(row), sort="state", export=lambda row: row.state),
        Column(
            "asked", _("Pages"), lambda row, shown: cells.number(row.asked), sort="asked",
            export=lambda row: row.asked, css="end", is_named=True,
        ),
        moment_column("made", _("Made"), "created_at"),
    ],
    default_sort="-made",
    filters=[Sites("site", _("Site")), Choices("state", _("State"), _options(Migration.State.choices), field="state")],
    row_url=lambda row: reverse("migrations-one", args=[row.pk]),
    buttons=[Button(_("Walk through an old site"), "migrations-new", icon="plus", right=RIGHT)],
    help=_(
        "Takes the addresses of an old site along: it is walked through, every address gets a proposal of where it "
        "leads in the new shop, and what you agree to becomes a redirect. Nothing of the old site is changed."
    ),
    empty=Empty(_("No migrations"), _("Give the address of the old site before you switch it off."), "world"),
)  # fmt: skip


def _moves(request: Any) -> list[Option]:
    rows = limit(Migration.objects.order_by("-created_at"), request.user)[:50]
    return [Option(str(row.pk), row.start, "grey") for row in rows]


def _take(row: OldPage, user: Any, filled: dict[str, Any]) -> None:
    from central.seo.migrating import take_page

    take_page(row.pk, by=user.username)


def _skip(row: OldPage, user: Any, filled: dict[str, Any]) -> None:
    from central.seo.migrating import skip_page

    skip_page(row.pk)


OLD_PAGES = List(
    name="old-pages",
    title=_("Addresses of old sites"),
    right=RIGHT,
    rows=lambda user: limit(OldPage.objects.select_related("move"), user),
    columns=[
        Column(
            "from", _("Old address"), lambda row, shown: cells.two_lines(row.source, row.title), sort="source",
            export=lambda row: row.source, css="grow",
        ),
        Column(
            "to", _("Leads to"), lambda row, shown: _address(row.target or "—"), sort="target",
            export=lambda row: row.target, css="full",
        ),
        Column(
            "score", _("Sure, %"), lambda row, shown: cells.number(row.score), sort="score",
            export=lambda row: row.score, css="end", is_named=True,
        ),
        Column(
            "decision", _("State"),
            lambda row, shown: cells.badge(str(row.get_decision_display()), _DECISIONS[row.decision]),
            sort="decision", export=lambda row: row.decision,
        ),
        Column("title", _("Title"), lambda row, shown: row.title, export=lambda row: row.title, is_shown=False),
        Column(
            "answered", _("Answered"), lambda row, shown: row.answered or "—", sort="answered",
            export=lambda row: row.answered, css="wide-only",
        ),
    ],
    default_sort="-score",
    filters=[
        Sites("site", _("Site")),
        Choices("move", _("Old site"), _moves, field="move"),
        Choices("decision", _("State"), _options(OldPage.Decision.choices), field="decision"),
        Flag("missed", _("Nothing found"), narrow=lambda rows, values: rows.filter(target="")),
    ],
    search=Search(_("Part of an address or title"), ("source", "title", "target")),
    row_url=lambda row: reverse("old-pages-one", args=[row.pk]),
    bulk=[
        BulkAction(
            "take", _("Make redirects"), RIGHT, _take, icon="check",
            asks=_("Each of these addresses leads to what was found for it, once the shop answers at the old domain."),
        ),
        BulkAction("skip", _("Leave out"), RIGHT, _skip, icon="ban"),
    ],
    help=_("Addresses that were met on old sites, with what was found for each. Correct one by opening it."),
    empty=Empty(_("No addresses"), _("Walk through an old site first."), "world"),
)  # fmt: skip


def site_choices(user: Any) -> list[tuple[str, str]]:
    return list(sites_visible_to(user).order_by("id").values_list("id", "label"))
