"""The list of clients."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.people.models import Customer
from central.people.queries import customers_by_contact, of_sites
from central.shoppers.clients import clients_visible_to
from central.ui import lists
from central.ui.bulk.models import rows_are_persons
from central.ui.lists import cells


def _rows(user: Any) -> QuerySet[Customer]:
    found: QuerySet[Any] = (
        clients_visible_to(user)
        .filter(erased_at=None)
        .annotate(orders_count=Count("contacts"), last_order_at=Max("contacts__created_at"))
    )
    return found


def _search(rows: QuerySet[Any], text: str, request: Any) -> QuerySet[Any]:
    """By the whole phone or e-mail: the columns are encrypted, and found by blind indexes."""
    return rows.filter(pk__in=customers_by_contact(text).values("pk"))


def _state(customer: Any, shown: lists.Shown) -> Any:
    account = getattr(customer, "account", None)
    if account is None:
        return format_html('<span class="text-secondary">{}</span>', _now("no account"))
    if account.is_closed:
        return cells.badge(_now("closed"), "secondary")
    return (
        cells.badge(_now("verified"), "green") if account.verified_at else cells.badge(_now("not verified"), "yellow")
    )


CLIENTS = lists.List(
    name="clients",
    title=_("Clients"),
    right="see_customers",
    rows=_rows,
    narrow=lambda rows, sites: rows.filter(of_sites(sites)),
    columns=[
        lists.Column(
            "name",
            _("Full name"),
            lambda customer, shown: format_html('<span class="clip">{}</span>', customer.name or "…"),
            export=lambda customer: customer.name,
            css="grow",
        ),
        lists.Column(
            "phone", _("Phone"), lambda customer, shown: customer.phone, export=lambda one: one.phone, css="full"
        ),
        lists.Column(
            "email", _("E-mail"), lambda customer, shown: customer.email, export=lambda one: one.email, css="wide-only"
        ),
        lists.Column("account", _("Account"), _state),
        lists.Column(
            "orders",
            _("Orders"),
            lambda customer, shown: customer.orders_count,
            sort="orders_count",
            export=lambda customer: customer.orders_count,
            css="end",
            is_named=True,
        ),
        lists.Column(
            "source",
            _("Came from"),
            lambda customer, shown: cells.sites(shown, [customer.source_site]),
            sort="source_label",
            export=lambda customer: customer.source_label,
            css="wide-only",
        ),
        lists.Column(
            "since",
            _("Client since"),
            lambda customer, shown: cells.ago(customer.created_at),
            sort="created_at",
            export=lambda customer: customer.created_at,
            css="wide-only",
        ),
    ],
    default_sort="-since",
    search=lists.Search(_("Whole phone or e-mail"), find=_search),
    row_url=lambda customer: reverse("clients-card", args=[customer.pk]),
    buttons=[lists.Button(_("Doubts"), "doubts", "users", "merge_customers")],
    empty=lists.Empty(
        _("No clients yet"), _("Whoever orders or makes an account in one of your shops stands here."), "users"
    ),
)

rows_are_persons(CLIENTS.name)
