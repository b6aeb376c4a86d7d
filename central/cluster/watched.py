"""Whose changes are kept: sites, groups of sites, nodes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from central.cluster.models import Node, PageWord, PageWords, Region, Site, SiteGroup, SiteLanguage, SiteRegion
from central.ui.watching import watch

#: the settings of a site as its form calls them; the last are keys of `Site.texts`
SETTINGS = {
    "name": _("Shop name"),
    "label": _("Label"),
    "colour": _("Colour of the label"),
    "is_active": _("Open for shoppers"),
    "origin": _("Address"),
    "extra_hosts": _("Further host names"),
    "node": _("Node"),
    "group": _("Group"),
    "parent": _("Parent site"),
    "language": _("Language"),
    "currency": _("Currency"),
    "theme": _("Theme"),
    "cart_group": _("Cart group"),
    "deliveries": _("Delivery"),
    "payments": _("Payment"),
    "unpaid_minutes": _("Minutes to pay online"),
    "pages": _("Pages as files"),
    "detection": _("First visit"),
    "previews_ended_at": _("Open previews ended"),
    "inherits": _("Taken from the parent"),
    "locks": _("Locked for the sites below"),
    "tagline": _("Tagline"),
    "about": _("About the shop"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Postal address"),
}

#: of `SiteWords`
WORDS = {
    "name": _("Shop name"),
    "label": _("Label"),
    "tagline": _("Tagline"),
    "about": _("About the shop"),
    "address": _("Postal address"),
    "deliveries": _("Delivery"),
    "payments": _("Payment"),
}


def _group(key: str) -> str:
    return SiteGroup.objects.filter(pk=key).values_list("title", flat=True).first() or key


def _settings(names: list[str]) -> str:
    return ", ".join(str(SETTINGS.get(name.removeprefix("texts."), name)) for name in names)


def _ways(ways: list[dict[str, Any]]) -> str:
    return ", ".join(str(way.get("title") or way.get("code", "")) for way in ways)


def _ways_or_none(ways: list[dict[str, Any]] | None) -> str:
    return _ways(ways) if ways else ""


def _region(key: str) -> str:
    return Region.objects.filter(pk=key).values_list("title", flat=True).first() or key


def _language_of(row: str) -> str:
    return SiteLanguage.objects.filter(pk=row).values_list("name", flat=True).first() or ""


def _text_of(row: str) -> str:
    key = PageWord.objects.filter(pk=row).values_list("key", flat=True).first() or ""
    return key.rpartition("\x04")[2]


def _region_of(row: str) -> str:
    return SiteRegion.objects.filter(pk=row).values_list("region__title", flat=True).first() or ""


def _rules(pages: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in sorted(pages.items()))


watch(
    Site,
    title=_("Site"),
    right="see_sites",
    site="id",
    fields=(
        "name", "label", "colour", "origin", "extra_hosts", "language", "currency", "theme", "cart_group", "group",
        "node", "parent", "inherits", "locks", "is_active", "texts", "deliveries", "payments", "unpaid_minutes",
        "pages", "detection", "previews_ended_at",
    ),
    titles=SETTINGS,
    words={
        "group": _group, "inherits": _settings, "locks": _settings, "deliveries": _ways, "payments": _ways,
        "pages": _rules,
    },
    sites=("parent",),
    card="sites-one",
)  # fmt: skip
watch(
    SiteLanguage,
    title=_("Language"),
    right="see_sites",
    of=(Site, "site"),
    fields=("name", "origin", "path", "words"),
    titles={"name": _("Name"), "origin": _("Address"), "path": _("Path"), "words": _("Words"), **WORDS},
    part=_language_of,
)
watch(
    SiteRegion,
    title=_("Region"),
    right="see_sites",
    of=(Site, "site"),
    fields=("origin", "path", "phone", "email", "words", "translations", "deliveries", "payments"),
    titles={
        "origin": _("Address"),
        "path": _("Path"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "words": _("Words"),
        "translations": _("Words in other languages"),
        "deliveries": _("Delivery"),
        "payments": _("Payment"),
        **WORDS,
    },
    words={"deliveries": _ways_or_none, "payments": _ways_or_none},
    part=_region_of,
)
watch(
    PageWord,
    title=_("Words of the shops"),
    right="see_sites",
    is_wide=True,
    of=(PageWords, "words"),
    fields=("forms",),
    titles={"forms": _("Translation")},
    words={"forms": " / ".join},
    part=_text_of,
)
watch(
    Region,
    title=_("Region"),
    right="see_sites",
    is_wide=True,
    fields=("title", "titles", "parent", "position", "places"),
    titles={
        "title": _("Title"),
        "titles": _("Title in other languages"),
        "parent": _("Lies in"),
        "position": _("Place in the list"),
        "places": _("Visitors from"),
    },
    words={"parent": _region},
    card="regions-one",
    name_of=_region,
)
watch(
    SiteGroup,
    title=_("Group of sites"),
    right="see_sites",
    is_wide=True,
    fields=("title", "parent"),
    titles={"title": _("Name"), "parent": _("Stands in")},
    words={"parent": _group},
    card="sites-groups-one",
    name_of=_group,
)
watch(
    Node,
    title=_("Node"),
    right="see_nodes",
    is_wide=True,
    fields=("name", "state", "epoch", "sign_key", "operator_email", "revoked_by"),
    personal=("operator_email",),
    titles={
        "name": _("Name"),
        "state": _("State"),
        "epoch": _("Epoch of its disk"),
        "sign_key": _("Signs with"),
        "operator_email": _("E-mail of its operator"),
        "revoked_by": _("Revoked by"),
    },
    card="nodes-one",
)
