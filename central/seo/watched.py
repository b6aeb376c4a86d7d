"""Whose changes are kept: who wrote which patterns, own values of pages and lines of robots.txt."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.seo.forms import RobotsForm
from central.seo.models import Rule
from central.seo.rules import place_of
from central.seo.sections import ways
from central.seo.words import FIELDS, KINDS
from central.ui.watching import watch


def _name(key: str) -> str:
    """ "Products, Tea / Green, en": what people call a rule."""
    row = Rule.objects.filter(pk=key).first()
    place = place_of(row.key) if row else None
    if row is None or place is None:
        return "robots.txt" if row else key
    section = ways([row.site]).get(row.site, {}).get(place.section, "") if place.section else ""
    return ", ".join(filter(None, (str(KINDS[place.kind]), section, place.language)))


watch(
    Rule,
    title=_("For search engines"),
    right="manage_seo",
    site="site",
    fields=("own",),
    # A row is made by the first rule of a site above it, too: what somebody writes is a change of it
    keeps_new=False,
    titles={"own": _("Fields"), **FIELDS, **{name: field.label for name, field in RobotsForm.base_fields.items()}},
    card="seo-rule",
    name_of=_name,
)
