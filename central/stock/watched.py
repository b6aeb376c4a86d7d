"""Whose changes are kept: warehouses and planned supply. Of stock itself the ledger is the history."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.stock.models import DeskRule, Warehouse
from central.stock.queries import warehouse_titles
from central.ui.watching import watch


def _name(code: str) -> str:
    return warehouse_titles().get(code, code)


watch(
    Warehouse,
    title=_("Warehouse"),
    right="see_stock",
    fields=("name", "address", "phone", "hours", "is_pickup", "position", "is_active"),
    titles={
        "name": _("Name"), "address": _("Address"), "phone": _("Phone"), "hours": _("Hours"),
        "is_pickup": _("Pick-up point"), "position": _("Taken from"), "is_active": _("In use"),
    },
    card="stock-warehouse",
    name_of=_name,
)  # fmt: skip

watch(
    DeskRule,
    title=_("Rules of the desks"),
    right="see_stock",
    site="site",
    fields=("sells_below", "hides_empty"),
    titles={
        "sells_below": _("May sell below what is free"),
        "hides_empty": _("Hide sold-out goods from operators"),
    },
)
