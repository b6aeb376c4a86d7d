"""The lists of sites and of their groups."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster.models import Site, SiteGroup
from central.cluster.queries import groups_visible_to, sites_visible_to
from central.ui import lists, live
from central.ui.lists import cells


def _name(site: Site, shown: lists.Shown) -> SafeString:
    return format_html('{} <span class="text-secondary">{}</span>', site.name, site.pk)


def _address(site: Site, shown: lists.Shown) -> SafeString:
    return format_html(
        '<a href="{0}" rel="noopener" target="_blank">{0}{1}</a>', site.origin, cells.icon("external-link", "icon-sm")
    )


def _state(site: Site, shown: lists.Shown) -> SafeString:
    if site.is_active:
        return cells.badge(gettext("Open"), "green")
    return cells.badge(gettext("Switched off"), "grey")


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    """The names of parents the person may see."""
    names = dict(sites_visible_to(shown.request.user).values_list("pk", "name"))
    for site in rows:
        site.parent_name = names.get(site.parent_id, "") if site.parent_id else ""


def _groups(request: Any) -> list[lists.Option]:
    return [lists.Option(group.pk, group.title) for group in groups_visible_to(request.user)]


SITES = lists.List(
    name="sites",
    title=_("Sites"),
    right="see_sites",
    rows=lambda user: sites_visible_to(user).select_related("node", "group"),
    site_field="pk",
    columns=[
        lists.Column("name", _("Site"), _name, sort="name", export=lambda site: site.name, css="grow"),
        lists.Column("label", _("Label"), lambda site, shown: cells.sites(shown, [site.pk]), sort="label"),
        lists.Column("address", _("Address"), _address, sort="origin", export=lambda site: site.origin, css="full"),
        lists.Column(
            "group",
            _("Group"),
            lambda site, shown: site.group.title if site.group else "—",
            sort="group__title",
            export=lambda site: site.group.title if site.group else "",
            is_named=True,
        ),
        lists.Column("parent", _("Parent site"), lambda site, shown: site.parent_name or "—", is_named=True),
        lists.Column("language", _("Language"), lambda site, shown: site.language, sort="language"),
        lists.Column(
            "currency",
            _("Currency"),
            lambda site, shown: site.currency,
            sort="currency",
            export=lambda site: site.currency,
        ),
        lists.Column(
            "node",
            _("Node"),
            lambda site, shown: site.node.name if site.node else "—",
            sort="node__name",
            export=lambda site: site.node.name if site.node else "",
            is_named=True,
        ),
        lists.Column("state", _("State"), _state, sort="is_active", export=lambda site: site.is_active),
    ],
    default_sort="name",
    filters=[
        lists.Choices("in", _("Group"), _groups, field="group"),
        lists.Choices(
            "language",
            _("Language"),
            [lists.Option(code, title) for code, title in settings.LANGUAGES],
            field="language",
        ),
        lists.Flag("off", _("Switched off"), Q(is_active=False)),
        lists.Flag("alone", _("In no group"), Q(group=None)),
    ],
    search=lists.Search(_("Name, label or address"), ("name", "label", "origin", "id")),
    row_url=lambda site: reverse("sites-one", args=[site.pk]),
    prepare=_prepare,
    topic=live.SITES,
    buttons=[
        lists.Button(_("Regions"), "regions", "map-pin"),
        lists.Button(_("Words of the shops"), "words", "language"),
        lists.Button(_("Groups of sites"), "sites-groups", "list"),
        lists.Button(_("Register a site"), "sites-new", right="manage_sites"),
    ],
    help=_(
        "A site is one shop: its name, address, language, currency and look. A site that is switched off keeps its "
        "orders and its history. Labels on past orders never change, whatever a site is called later."
    ),
    empty=lists.Empty(_("No sites"), _("You were given no site yet, or none is registered."), "building-store"),
)


# --- groups of sites -----------------------------------------------------------------------------------------------


def _of_sites(rows: QuerySet[Any], sites: Any) -> QuerySet[Any]:
    return rows.filter(pk__in=Site.objects.filter(pk__in=list(sites)).values("group"))


def _prepare_groups(rows: list[Any], shown: lists.Shown) -> None:
    """The sites in each group and the titles of those above, as far as the person sees them."""
    within: dict[str, list[str]] = {}
    for site, group in sites_visible_to(shown.request.user).filter(group__in=rows).values_list("pk", "group"):
        within.setdefault(group, []).append(site)
    known = dict(groups_visible_to(shown.request.user).values_list("pk", "title"))
    for row in rows:
        row.seen_sites = within.get(row.pk, [])
        row.above = known.get(row.parent_id, "")


def _title(group: SiteGroup, shown: lists.Shown) -> SafeString:
    return format_html('{} <span class="text-secondary">{}</span>', group.title, group.pk)


GROUPS = lists.List(
    name="sites-groups",
    path="site-groups",
    title=_("Groups of sites"),
    right="see_sites",
    rows=groups_visible_to,
    narrow=_of_sites,
    columns=[
        lists.Column("title", _("Group"), _title, sort="title", export=lambda group: group.title, css="grow"),
        lists.Column(
            "above",
            _("Stands in"),
            lambda group, shown: group.above or "—",
            export=lambda group: group.above,
            is_named=True,
        ),
        lists.Column(
            "sites",
            _("Sites"),
            lambda group, shown: cells.sites(shown, group.seen_sites),
            export=lambda group: ", ".join(group.seen_sites),
            css="full",
        ),
    ],
    default_sort="title",
    filters=[lists.Flag("top", _("Stands in no other"), Q(parent=None))],
    search=lists.Search(_("Name or id of a group"), ("title", "id")),
    row_url=lambda group: reverse("sites-groups-one", args=[group.pk]),
    prepare=_prepare_groups,
    buttons=[
        lists.Button(_("Sites"), "sites", "building-store"),
        lists.Button(_("Make a group"), "sites-groups-new", right="manage_sites"),
    ],
    help=_(
        "Sites of a group are looked at and managed together: the switch above every list narrows to a group, and "
        "staff can be limited to one. Shoppers notice nothing of it; which shops share a cart is the cart group of a "
        "site."
    ),
    empty=lists.Empty(
        _("No groups yet"),
        _("Put sites into groups to look at a part of the cluster, or to limit staff to it."),
        "building-store",
    ),
)
