"""The list of keys."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.api import queries
from central.api.models import ApiKey
from central.ui.lists import Button, Choices, Column, Empty, List, Option, Search, cells, moment_column
from central.ui.lists.shown import Shown

STATES = (
    Option("good", _("Good"), "green"),
    Option("expired", _("Expired"), "secondary"),
    Option("revoked", _("Revoked"), "red"),
)


def state_of(key: ApiKey) -> Option:
    return STATES[2] if key.revoked_at else STATES[1] if key.is_expired else STATES[0]


def sites_cell(key: ApiKey, shown: Shown) -> SafeString | str:
    if key.sees_all_sites:
        return _now("all sites")
    return cells.sites(shown, sorted(key.site_ids))


def _in_states(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    over = Q(expires_at__lte=timezone.now())
    known = {
        "revoked": Q(revoked_at__isnull=False),
        "expired": Q(revoked_at=None) & over,
        "good": Q(revoked_at=None) & ~over,
    }
    found = Q(pk__in=[])
    for value in values:
        found |= known[value]
    return rows.filter(found)


def _prepare(rows: list[Any], shown: Shown) -> None:
    sums = queries.usage_sums(rows)
    for key in rows:
        key.usage = sums.get(key.pk, queries.Usage())


def _state(key: ApiKey, shown: Shown) -> SafeString:
    state = state_of(key)
    return cells.badge(str(state.title), state.tone)


KEYS = List(
    name="keys",
    title=_("Keys of the API"),
    right="manage_keys",
    rows=queries.keys_visible_to,
    columns=[
        Column(
            "name",
            _("Name of the key"),
            lambda key, shown: cells.two_lines(key.name, f"rlt_{key.prefix}…"),
            sort="name",
            export=lambda key: key.name,
            css="grow",
        ),
        Column("state", _("State"), _state, export=lambda key: str(state_of(key).title)),
        Column("sites", _("Sites"), sites_cell, css="full"),
        Column(
            "calls",
            _("Calls in 30 days"),
            lambda key, shown: cells.number(key.usage.reads + key.usage.writes),
            css="end",
            is_named=True,
        ),
        Column(
            "refused",
            _("Refusals"),
            lambda key, shown: cells.number(key.usage.refused),
            css="end wide-only",
            is_named=True,
        ),
        moment_column("used", _("Last used"), "last_used_at", is_named=True),
        moment_column("made", _("Made"), "made_at", css="wide-only", is_named=True),
        Column("by", _("Made by"), lambda key, shown: key.made_by, export=lambda key: key.made_by, css="wide-only"),
    ],
    default_sort="-made",
    filters=[Choices("state", _("State"), STATES, narrow=_in_states)],
    search=Search(_("Name or the beginning of a key"), ("name", "prefix")),
    site_field="",
    row_url=lambda key: reverse("keys-one", args=[key.pk]),
    prepare=_prepare,
    buttons=[Button(_("What the API can"), "api-reference", "help-circle"), Button(_("Make a key"), "keys-new")],
    help=_(
        "A key lets a script do what a member of staff with its rights on its sites could. It is shown once, when it "
        "is made; here you see its beginning only."
    ),
    empty=Empty(_("No keys yet"), _("Make one for a script, a storefront or another program."), "key"),
)
