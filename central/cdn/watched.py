"""Whose changes are kept: accounts and zones."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.cdn.models import Account, Zone
from central.ui.watching import watch

watch(
    Account,
    title=_("CDN account"),
    right="see_cdn",
    fields=("title", "provider", "plan", "base_url", "secret", "is_active"),
    personal=("secret",),
    is_wide=True,
    titles={
        "title": _("Name"),
        "provider": _("Provider"),
        "plan": _("Plan"),
        "base_url": _("Address of the purge service"),
        "secret": _("Key"),
        "is_active": _("Purge through it"),
    },
    card="cdn-account",
)
watch(
    Zone,
    title=_("Zone of the CDN"),
    right="see_cdn",
    fields=("name", "key", "has_tags"),
    is_wide=True,
    titles={"name": _("Name"), "key": _("Id at the provider"), "has_tags": _("Pages reach it with Cache-Tag")},
    card="cdn-zone",
)
