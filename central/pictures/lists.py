"""The list of pictures: each photo of each site, and how far it has come."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.catalog.models import Listing
from central.cluster.queries import sites_visible_to
from central.pictures import actions
from central.pictures.models import SitePicture, SiteProfile
from central.pictures.queries import pictures_visible_to, progress_of, standings
from central.ui.explain import sentence_of
from central.ui.lists import (
    BulkAction,
    Choices,
    Column,
    Empty,
    List,
    Option,
    Search,
    Shown,
    Sites,
    cells,
    moment_column,
    site_column,
)
from central.ui.view_scope import chosen

State = SitePicture.State

STATES: Final = {
    State.WAITING: (_("Waits"), "blue"),
    State.DONE: (_("Done"), "green"),
    State.FAILED: (_("Failed"), "red"),
}


def _picture(row: SitePicture, shown: Shown) -> Any:
    return format_html('<img class="picture" src="{}" alt="" loading="lazy" width="44" height="44">', row.original.url)


def _title(row: Any, shown: Shown) -> Any:
    return cells.two_lines(
        row.title or gettext("Picture of a category"), f"{row.original.width} × {row.original.height}"
    )


def _state(row: SitePicture, shown: Shown) -> Any:
    title, tone = STATES[State(row.state)]
    return cells.badge(str(title), tone)


def _why(row: SitePicture) -> str:
    return str(sentence_of(row.error) or row.error) if row.error else ""


def _bytes(count: int) -> str:
    return gettext("%(count)s KB") % {"count": max(1, round(count / 1_000))} if count else "—"


def _prepare(rows: list[Any], shown: Shown) -> None:
    """The title of a product that shows it, by one query for the page."""
    wanted = [row.original_id for row in rows]
    found = Listing.objects.filter(product__picture_rows__media__in=wanted, site__in={row.site for row in rows})
    titles = {
        (site, sha): title for site, sha, title in found.values_list("site", "product__picture_rows__media", "title")
    }
    for row in rows:
        row.title = titles.get((row.site, row.original_id), "")


def _found(rows: QuerySet[Any], words: str, user: Any) -> QuerySet[Any]:
    titled = Listing.objects.filter(title__icontains=words).values("product__picture_rows__media")
    return rows.filter(Q(original__in=titled) | Q(original__sha256__startswith=words.lower()))


def _head(request: Any) -> dict[str, Any]:
    """How far each site in view is."""
    view = chosen(request)
    sites = sites_visible_to(request.user).order_by("name")
    if view is not None:
        sites = sites.filter(pk__in=[look.id for look in view.sites])
    rows = list(sites)
    progress, standing = progress_of([row.pk for row in rows]), standings()
    paused = set(SiteProfile.objects.filter(is_paused=True).values_list("site", flat=True))
    names = {row.pk: row.name for row in rows}
    return {
        "progress": [
            {
                "site": row,
                "far": progress[row.pk],
                "is_paused": row.pk in paused,
                "is_on": standing[row.pk].profile.is_on,
                "source": names.get(standing[row.pk].source, standing[row.pk].source),
                "is_own": standing[row.pk].source == row.pk,
            }
            for row in rows
        ]
    }


def _retry(row: SitePicture, user: Any, filled: dict[str, Any]) -> None:
    actions.retry(row.pk, by=user.username)


PICTURES = List(
    name="pictures",
    title=_("Pictures"),
    right="manage_pictures",
    rows=pictures_visible_to,
    columns=[
        Column("picture", _("Picture"), _picture, css="narrow"),
        Column("title", _("Product"), _title, export=lambda row: row.title, css="grow"),
        site_column(),
        Column("state", _("State"), _state, sort="state", export=lambda row: row.state),
        Column("why", _("Why not"), lambda row, shown: _why(row), export=_why, is_named=True),
        Column(
            "was",
            _("As uploaded"),
            lambda row, shown: _bytes(row.original.size),
            sort="original__size",
            export=lambda row: row.original.size,
            css="end",
            is_named=True,
        ),
        Column(
            "served",
            _("As browsers load it"),
            lambda row, shown: _bytes(row.served_bytes),
            sort="served_bytes",
            export=lambda row: row.served_bytes,
            css="end",
            is_named=True,
        ),
        moment_column("changed", _("Changed"), "changed_at"),
    ],
    default_sort="-changed",
    filters=[
        Sites("site", _("Site")),
        Choices("state", _("State"), [Option(state, title, tone) for state, (title, tone) in STATES.items()]),
    ],
    search=Search(_("Product or sha256"), find=_found),
    prepare=_prepare,
    bulk=[BulkAction("retry", _("Make again"), "manage_pictures", _retry, icon="refresh")],
    head="pictures/parts/progress.html",
    head_context=_head,
    ticks=True,
    help=_(
        "Of every photo shops show, files of several sizes and formats are made, with the shop's watermark if it has "
        "one. Originals are kept. Drawings (SVG) pass as they are."
    ),
    empty=Empty(_("No photos yet"), _("Photos of goods come here as soon as a shop shows them."), "photo"),
)
