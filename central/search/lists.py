"""The lists of search: shops, synonyms, what was searched for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import F, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster.queries import sites_visible_to
from central.search import actions
from central.search.models import Engine, SearchedWords
from central.search.queries import Index, indexes_of, searches_of, synonyms_visible_to, words_visible_to
from central.ui.lists import (
    BulkAction,
    Button,
    Column,
    Empty,
    Flag,
    List,
    Search,
    Shown,
    Sites,
    cells,
    moment_column,
    number_column,
    site_column,
)

SEE, EDIT, MANAGE = "see_products", "edit_products", "manage_sites"


def _prepare(rows: list[Any], shown: Shown) -> None:
    searches = searches_of([site.pk for site in rows])
    indexes = indexes_of(rows, searches)
    for site in rows:
        site.tuned, site.indexes = searches[site.pk], indexes[site.pk]


def engine_title(engine: str) -> str:
    return str(Engine(engine).label)


def index_badge(index: Index) -> SafeString:
    if index.is_building:
        return cells.badge(gettext("being built, %(percent)s%%") % {"percent": index.percent}, "blue")
    if index.trouble:
        return cells.badge(gettext("does not answer"), "red")
    return cells.badge(gettext("ready"), "green") if index.is_there else cells.badge(gettext("not built yet"), "amber")


def built(index: Index) -> Any:
    return cells.ago(datetime.fromtimestamp(index.built_at, UTC)) if index.built_at else "—"


def _main(site: Any) -> Index:
    """The index that answers: the server's, when the shop has one."""
    found: Index = site.indexes[-1]
    return found


LANGUAGE: Final = Column(
    "language",
    _("Language"),
    lambda row, shown: row.language,
    sort="language",
    export=lambda row: row.language,
    is_named=True,
)

SEARCH = List(
    name="search",
    title=_("Search"),
    right=SEE,
    rows=sites_visible_to,
    site_field="pk",
    columns=[
        Column(
            "name", _("Site"), lambda site, shown: site.name, sort="name", export=lambda site: site.name, css="grow"
        ),
        Column(
            "engine",
            _("Engine"),
            lambda site, shown: engine_title(site.tuned.engine),
            export=lambda site: engine_title(site.tuned.engine),
            is_named=True,
        ),
        Column("index", _("Index"), lambda site, shown: index_badge(_main(site))),
        Column(
            "documents",
            _("Documents"),
            lambda site, shown: cells.number(_main(site).documents),
            export=lambda site: _main(site).documents,
            css="end",
            is_named=True,
        ),
        Column("built", _("Built"), lambda site, shown: built(_main(site)), css="end", is_named=True),
    ],
    default_sort="name",
    filters=[Flag("off", _("Switched off"), Q(is_active=False))],
    search=Search(_("Name or label of a site"), ("name", "label", "id")),
    row_url=lambda site: reverse("search-one", args=[site.pk]),
    prepare=_prepare,
    ticks=True,
    buttons=[
        Button(_("Searched words"), "search-words", "list-search", SEE),
        Button(_("Synonyms"), "synonyms", "arrows-exchange", SEE),
    ],
    help=_(
        "Each shop is searched in an index of its own, at its edge: it answers also while the edge is cut off. A shop "
        "may have a search server of central's instead; its edge answers whenever that one does not."
    ),
    empty=Empty(_("No sites"), _("You may see no site."), "search"),
)


SYNONYMS = List(
    name="synonyms",
    title=_("Synonyms"),
    right=SEE,
    rows=synonyms_visible_to,
    columns=[
        Column(
            "words",
            _("Mean the same"),
            lambda row, shown: row.words,
            sort="words",
            export=lambda row: row.words,
            css="grow",
        ),
        site_column(sort="site"),
        LANGUAGE,
        moment_column("changed", _("Changed"), "changed_at", css="end"),
    ],
    default_sort="words",
    filters=[Sites("site", _("Site"))],
    search=Search(_("A word"), ("words",)),
    row_url=lambda row: reverse("synonyms-one", args=[row.pk]),
    buttons=[Button(_("Add synonyms"), "synonyms-new", "plus", EDIT)],
    help=_("Who searches for one of the words finds what has any of them. A shop knows them within seconds."),
    empty=Empty(_("No synonyms"), _("Look at what is searched for in vain, and say what it means."), "arrows-exchange"),
)


def _vain(row: SearchedWords, shown: Shown) -> SafeString | str:
    return cells.badge(str(row.in_vain), "amber") if row.in_vain else "0"


def _help_it(row: SearchedWords, shown: Shown) -> SafeString | str:
    if not row.in_vain:
        return ""
    query = urlencode({"words": row.words, "site": row.site, "language": row.language})
    return format_html('<a href="{}?{}">{}</a>', reverse("synonyms-new"), query, gettext("Add synonyms"))


def _forget(row: SearchedWords, user: Any, filled: dict[str, Any]) -> None:
    actions.forget_words([row.pk])


WORDS = List(
    name="search-words",
    path="search/words",
    title=_("Searched words"),
    right=SEE,
    rows=words_visible_to,
    columns=[
        Column(
            "words", _("Words"), lambda row, shown: row.words, sort="words", export=lambda row: row.words, css="grow"
        ),
        site_column(sort="site"),
        LANGUAGE,
        number_column("times", _("Times"), "times"),
        Column(
            "in_vain", _("In vain"), _vain, sort="in_vain", export=lambda row: row.in_vain, css="end", is_named=True
        ),
        Column(
            "last",
            _("Last searched"),
            lambda row, shown: row.last_day,
            sort="last_day",
            export=lambda row: row.last_day,
            css="end",
            is_named=True,
        ),
        Column("help", "", _help_it, right=EDIT),
    ],
    default_sort="-times",
    filters=[
        Sites("site", _("Site")),
        Flag("vain", _("Searched in vain"), Q(in_vain__gt=0)),
        Flag("always", _("Always in vain"), Q(in_vain__gt=0, in_vain=F("times"))),
    ],
    search=Search(_("A word"), ("words",)),
    bulk=[BulkAction("forget", _("Forget"), EDIT, _forget, icon="trash", is_dangerous=True)],
    help=_(
        "What shoppers looked for on the page of results, counted by each edge and told once a minute; never who. What "
        "looks like an e-mail, a phone or a number of a document is not counted at all."
    ),
    empty=Empty(_("Nothing yet"), _("Nobody has searched in the shops you see."), "list-search"),
)
