"""The list of regions, each below the one it lies in."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat, LPad
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from central.cluster.models import Region, SiteRegion
from central.cluster.queries import regions_visible_to, sites_visible_to
from central.cluster.trees import MAX_DEPTH
from central.ui import lists, live
from central.ui.lists import cells


def _rows(user: Any) -> QuerySet[Region]:
    """With `tree`, by which a region stands right below the one around it."""
    return regions_visible_to(user).annotate(tree=Concat(*_steps(), output_field=CharField()))


def _steps() -> list[Any]:
    """Position and title of the outermost region, …, of the region itself; nothing where there is none."""
    return [_step("parent__" * depth) for depth in reversed(range(MAX_DEPTH))]


def _step(at: str) -> Any:
    place = LPad(Cast(F(f"{at}position"), CharField()), 5, Value("0"))
    there = Concat(place, F(f"{at}title"), Value("\x01"), output_field=CharField())
    # Django joins nothing as "": a step that is not there would leave its last sign.
    return Case(When(**{f"{at}id__isnull": False}, then=there), default=Value(""), output_field=CharField())


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    """How deep each lies, and the shops in it that the person may see."""
    seen = dict(sites_visible_to(shown.request.user).values_list("pk", "name"))
    parents = dict(Region.objects.values_list("pk", "parent"))
    titles = dict(regions_visible_to(shown.request.user).values_list("pk", "title"))
    at: dict[str, list[str]] = {}
    for region, site in SiteRegion.objects.filter(region__in=rows, site__in=seen).values_list("region", "site"):
        at.setdefault(region, []).append(site)
    for row in rows:
        row.depth, above = 0, row.parent_id
        while above:
            row.depth, above = row.depth + 1, parents[above]
        row.around = titles.get(row.parent_id, "") if row.parent_id else ""
        row.seen_sites = sorted(at.get(row.pk, []))


def _title(row: Region, shown: lists.Shown) -> SafeString:
    indent = format_html_join("", "{}", (("\u2003",) for _step in range(row.depth)))  # type: ignore[attr-defined]
    return format_html('{}{} <span class="text-secondary">{}</span>', indent, row.title, row.pk)


REGIONS = lists.List(
    name="regions",
    title=_("Regions"),
    right="see_sites",
    rows=_rows,
    narrow=lambda rows, sites: rows.filter(pk__in=SiteRegion.objects.filter(site__in=list(sites)).values("region")),
    columns=[
        lists.Column("title", _("Region"), _title, sort="tree", export=lambda row: row.title, css="grow"),
        lists.Column(
            "around",
            _("Lies in"),
            lambda row, shown: row.around or "—",
            export=lambda row: row.around,
            is_named=True,
        ),
        lists.Column(
            "sites",
            _("Shops"),
            lambda row, shown: cells.sites(shown, row.seen_sites),
            export=lambda row: ", ".join(row.seen_sites),
            css="full",
        ),
        lists.Column(
            "places",
            _("Visitors from"),
            lambda row, shown: ", ".join(row.places) or "—",
            export=lambda row: ", ".join(row.places),
            is_named=True,
        ),
    ],
    default_sort="title",
    filters=[
        lists.Flag("top", _("Lies in no other"), Q(parent=None)),
        lists.Flag("unused", _("No shop is in it"), Q(at_sites=None)),
    ],
    search=lists.Search(_("Title or id of a region"), ("title", "id")),
    row_url=lambda row: reverse("regions-one", args=[row.pk]),
    prepare=_prepare,
    topic=live.REGIONS,
    buttons=[
        lists.Button(_("Sites"), "sites", "building-store"),
        lists.Button(_("Add a region"), "regions-new", "plus", right="manage_sites"),
    ],
    help=_(
        "Cities and regions are the same for all shops, so that the prices of sister shops follow a shopper. What a "
        "shop is in a region (its address, phone, prices of delivery) is said at the shop; what it does not say is as "
        "in the region around."
    ),
    empty=lists.Empty(
        _("No regions yet"), _("Add the cities in which shops have their own contacts, prices or pages."), "map-pin"
    ),
)
