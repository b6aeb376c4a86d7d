"""What orders tell of themselves and of their customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from central.orders import history
from central.orders.queries import OrderFilter, order_card, orders_page
from central.ui.screens import may
from central.ui.timeline import Entry, Source, add_source


def of_order(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """The order's own history, in short. Raises `UnknownOrder` where the user may not see it."""
    for one in history.entries(order_card(key, user), sees_words=may(user, "see_customers"))[:limit]:
        changes = "\n".join(
            f"{name}: {was} → {became}" if was else f"{name}: {became}" for name, was, became in one.rows
        )
        yield Entry(one.at, one.title, changes, one.by, "receipt")


def of_customer(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """The customer's orders among those the user may see."""
    for order in orders_page(user, OrderFilter(customer=key), limit=limit).rows:  # type: ignore[arg-type]
        yield Entry(
            order.received_at,
            _("Order %(number)s") % {"number": order.number},
            order.status.title,
            icon="receipt",
            url=reverse("orders-card", args=[order.pk]),
            site=order.site,
        )


add_source(Source("orders.order", "see_orders", of_order))
add_source(Source("people.customer", "see_orders", of_customer))
