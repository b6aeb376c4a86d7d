"""Whose changes are kept beside the order's own history: so that what a person did is found in one place."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.orders.models import Order, OrderStatus
from central.ui.watching import watch


def _number(order: str) -> str:
    return Order.objects.filter(pk=order).values_list("number", flat=True).first() or order


def _status(code: str) -> str:
    found = OrderStatus.objects.filter(pk=code).first()
    return found.title if found else code


watch(
    Order,
    title=_("Order"),
    right="see_orders",
    site="site",
    keeps_new=False,
    fields=("status", "note"),
    titles={"status": _("Status"), "note": _("Staff comment")},
    words={"status": _status},
    card="orders-card",
    name_of=_number,
)
