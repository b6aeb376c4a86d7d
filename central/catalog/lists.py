"""Lists of the catalogue: the imports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.catalog.importing.models import ImportRun
from central.catalog.importing.sources import at_sites, runs_visible_to
from central.catalog.importing.words import OUTCOMES, STATES, TONES
from central.ui.lists import Button, Choices, Column, Dates, Empty, List, Option, Search, cells, moment_column


def _state(run: ImportRun) -> Any:
    return cells.badge(str(STATES[run.state]), TONES[run.state])


def _count(name: str) -> Column:
    return Column(
        name,
        OUTCOMES[name],
        lambda run, shown: cells.number(run.counts.get(name, 0)),
        css="end",
        is_named=True,
        export=lambda run: run.counts.get(name, 0),
    )


def _states(request: Any) -> list[Option]:
    return [Option(code, title, TONES[code]) for code, title in STATES.items()]


def _narrow(rows: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    return at_sites(rows, sites)


IMPORTS = List(
    name="imports",
    title=_("Imports"),
    right="import_goods",
    rows=lambda user: runs_visible_to(user),
    columns=[
        Column(
            "source",
            _("Source"),
            lambda run, shown: cells.two_lines(run.source.title, run.file_name),
            sort="source__title",
            css="grow",
            export=lambda run: run.source.title,
        ),
        Column("sites", _("Sites"), lambda run, shown: cells.sites(shown, run.sites), css="full"),
        Column("state", _("State"), lambda run, shown: _state(run), sort="state", export=lambda run: run.state),
        *(_count(name) for name in ("created", "updated", "unchanged", "refused")),
        Column("by", _("Who"), lambda run, shown: run.by, sort="by", css="wide-only", export=lambda run: run.by),
        moment_column("when", _("When"), "created_at"),
    ],
    default_sort="-when",
    filters=[Choices("state", _("State"), _states), Dates("when", _("When"), field="created_at")],
    search=Search(_("Source or file"), ("source__title", "file_name")),
    narrow=_narrow,
    row_url=lambda run: reverse("imports-one", args=[run.pk]),
    buttons=[
        Button(_("Sources"), "imports-sources", icon="settings", right="import_goods"),
        Button(_("New import"), "imports-new", icon="upload", right="import_goods"),
    ],
    help=_(
        "An import lays the goods of a file over the catalogue: new ones are made, what differs is changed, what the "
        "file does not name is left alone. A source keeps how its files are read. Look at the changes first; nothing "
        "is written until you say so. The same file again changes nothing."
    ),
    empty=Empty(_("No imports yet"), _("Bring in a price list, a supplier's file or an exchange of 1C."), "upload"),
)
