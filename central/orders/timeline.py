"""What orders tell of themselves and of their customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from central.orders import history
from central.orders.models import OrderChange
from central.orders.queries import orders_visible_to, visible_order
from central.ui.screens import may
from central.ui.timeline import Entry, Source, add_source


def of_order(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """All that its actions wrote of it. Raises `UnknownOrder` where the user may not see it."""
    for words in history.entries(visible_order(key, user).changes.all()[:limit], sees_words=may(user, "see_customers")):
        spent = ngettext("%(n)s second on the page", "%(n)s seconds on the page", words.seconds) % {"n": words.seconds}
        yield Entry(
            at=words.at,
            title=words.title,
            by=words.by,
            icon=words.icon,
            rows=words.rows,
            note=spent if words.seconds else "",
        )


def of_customer(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """What happened to the customer's orders, as far as the user may see them."""
    orders = orders_visible_to(user).filter(customer=key).values("pk")
    return _told(user, OrderChange.objects.filter(order__in=orders).select_related("order").order_by("-at")[:limit])


def _told(user: Any, found: Iterable[OrderChange]) -> Iterator[Entry]:
    changes = list(found)
    for change, words in zip(changes, history.entries(changes, sees_words=may(user, "see_customers")), strict=True):
        yield Entry(
            at=change.at,
            title=f"{change.order.number}: {words.title}",
            text="\n".join(
                f"{name}: {was} → {became}" if was else f"{name}: {became}" for name, was, became in words.rows
            ),
            by=words.by,
            icon="receipt",
            url=reverse("orders-card", args=[change.order_id]),
            site=change.order.site,
        )


add_source(Source("orders.order", "see_orders", of_order))
add_source(Source("people.customer", "see_orders", of_customer))
