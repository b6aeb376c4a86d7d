"""The list of links that lead nowhere, and of those that may stay so."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.pages import links
from central.pages.models import BrokenLink
from central.pages.words import LINKS, card_url, link_in_words
from central.ui.lists import (
    BulkAction,
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

SEE, MANAGE = "see_pages", "manage_pages"
#: pages that are named in a row of the list
_NAMED: Final = 2


def holders(link: BrokenLink, most: int | None = None) -> SafeString:
    """Links to the cards of the pages that hold it."""
    pages = [(card_url(link.site, edition, path), path) for edition, path in link.pages[:most]]
    listed = format_html_join(", ", '<a href="{}">{}</a>', pages)
    more = link.count - len(pages)
    return format_html("{} {}", listed, gettext("and %(n)s more") % {"n": more}) if more > 0 else listed


def _status(link: BrokenLink, shown: Shown) -> SafeString:
    return cells.badge(link_in_words(link.status), "red" if link.status in ("404", "410", "unknown_host") else "amber")


def _url(link: BrokenLink) -> str:
    return link.url


COLUMNS: Final = [
    Column(
        "url",
        _("Broken link"),
        lambda link, shown: link.url,
        sort="url",
        export=lambda link: link.url,
        css="grow text-break",
    ),
    site_column(),
    Column("status", _("What is wrong"), _status, sort="status", export=lambda link: link_in_words(link.status)),
    Column(
        "pages",
        _("On pages"),
        lambda link, shown: holders(link, _NAMED),
        export=lambda link: ", ".join(path for _edition, path in link.pages),
        css="full text-break",
    ),
    number_column("count", _("Pages"), "count"),
    moment_column("since", _("First seen"), "since", css="end"),
    moment_column("seen", _("Last seen"), "seen_at", css="end"),
]
FILTERS: Final = [
    Sites("site", _("Site")),
    Choices("status", _("What is wrong"), [Option(status, title) for status, title in LINKS.items()]),
    Flag("own", _("Of our shops"), ~Q(of_site="")),
]


def _ignore(link: Any, user: Any, filled: dict[str, Any]) -> dict[str, Any]:
    links.ignore(link.pk, by=user.username)
    return {}


BROKEN = List(
    name="broken-links",
    title=_("Broken links"),
    right=SEE,
    rows=lambda user: links.links_visible_to(user).filter(is_ignored=False),
    columns=COLUMNS,
    default_sort="-since",
    filters=FILTERS,
    search=Search(_("Part of the link"), ("url",)),
    row_url=lambda link: reverse("broken-links-one", args=[link.pk]),
    bulk=[
        BulkAction(
            "ignore", _("Ignore"), MANAGE, _ignore, lambda link, user, told: links.notice(link.pk), icon="eye-off"
        )
    ],
    buttons=[
        Button(_("Pages"), "pages", "file-spreadsheet", SEE),
        Button(_("Ignored links"), "ignored-links", "eye-off", SEE),
    ],
    ticks=True,
    help=_(
        "Links, pictures and files of shops' pages that lead nowhere, found by a robot at the shop's node while it has "
        "nothing else to do: what is of our shops is looked at every half hour without a request, others are asked "
        "once a day at most. What was mended disappears by itself."
    ),
    empty=Empty(_("Every link leads somewhere"), _("The robots found none that does not."), "circle-check"),
)

IGNORED = List(
    name="ignored-links",
    title=_("Ignored links"),
    right=SEE,
    rows=lambda user: links.links_visible_to(user).filter(is_ignored=True),
    columns=COLUMNS,
    default_sort="-since",
    filters=FILTERS,
    search=Search(_("Part of the link"), ("url",)),
    row_url=lambda link: reverse("broken-links-one", args=[link.pk]),
    bulk=[
        BulkAction("notice", _("Notice again"), MANAGE, lambda link, user, filled: links.notice(link.pk), icon="check")
    ],
    buttons=[Button(_("Broken links"), "broken-links", "alert-triangle", SEE)],
    help=_("Links that lead nowhere and may stay so. One that was mended disappears from here too."),
    empty=Empty(_("No ignored links"), _("A broken link that may stay as it is can be ignored."), "eye-off"),
)
