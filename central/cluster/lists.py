"""The list of sites."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster.models import Site
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
    ],
    search=lists.Search(_("Name, label or address"), ("name", "label", "origin", "id")),
    row_url=lambda site: reverse("sites-one", args=[site.pk]),
    prepare=_prepare,
    topic=live.SITES,
    buttons=[
        lists.Button(_("Groups of sites"), "sites-groups", "list"),
        lists.Button(_("Register a site"), "sites-new", right="manage_sites"),
    ],
    help=_(
        "A site is one shop: its name, address, language, currency and look. A site that is switched off keeps its "
        "orders and its history. Labels on past orders never change, whatever a site is called later."
    ),
    empty=lists.Empty(_("No sites"), _("You were given no site yet, or none is registered."), "building-store"),
)
