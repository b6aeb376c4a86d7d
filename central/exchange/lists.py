"""The list of keys that 1C signs in with."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.exchange.models import ExchangeKey
from central.exchange.queries import keys_visible_to
from central.ui.lists import Button, Column, Empty, Flag, List, Search, Shown, cells, moment_column


def _of_sites(rows: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    found = Q(pk=None)
    for site in sites:
        found |= Q(sites__contains=[site])
    return rows.filter(found)


def _state(key: ExchangeKey, shown: Shown) -> SafeString:
    if key.is_active:
        return cells.badge(gettext("May exchange"), "green")
    return cells.badge(gettext("Switched off"), "grey")


def _people(key: ExchangeKey, shown: Shown) -> SafeString | str:
    return cells.badge(gettext("Given"), "amber") if key.gives_people else gettext("Held back")


EXCHANGE = List(
    name="exchange",
    title=_("Exchange with 1C"),
    right="manage_keys",
    rows=keys_visible_to,
    narrow=_of_sites,
    columns=[
        Column(
            "title",
            _("Key"),
            lambda key, shown: cells.two_lines(key.title, key.login),
            sort="title",
            export=lambda key: key.title,
            css="grow",
        ),
        Column("login", _("Login"), lambda key, shown: key.login, export=lambda key: key.login, is_shown=False),
        Column(
            "sites",
            _("Sites"),
            lambda key, shown: cells.sites(shown, key.sites),
            export=lambda key: ", ".join(key.sites),
            css="full",
        ),
        Column("state", _("State"), _state, sort="is_active", export=lambda key: key.is_active),
        Column(
            "people",
            _("Shoppers' data"),
            _people,
            sort="gives_people",
            export=lambda key: key.gives_people,
            is_named=True,
        ),
        moment_column("seen", _("Last seen"), "seen_at", is_named=True),
    ],
    default_sort="title",
    filters=[
        Flag("off", _("Switched off"), Q(is_active=False)),
        Flag("people", _("Gives shoppers' data"), Q(gives_people=True)),
    ],
    search=Search(_("Name or login of a key"), ("title", "login")),
    row_url=lambda key: reverse("exchange-one", args=[key.pk]),
    buttons=[Button(_("New key"), "exchange-new")],
    help=_(
        "A key is a login and a password that 1C signs in with. It sends goods into one source and takes the orders of "
        "its sites. It speaks the exchange protocol of CommerceML 2."
    ),
    empty=Empty(_("No keys yet"), _("Make one, and write its login, password and address into 1C."), "plug-connected"),
)
