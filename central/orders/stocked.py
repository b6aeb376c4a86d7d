"""Tells the stock which orders its movements are of, within what the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from central.orders.queries import found_by, orders_visible_to
from central.stock.goods import Named
from central.ui.screens import may

#: so many orders are enough to look at, whatever was searched for
MOST_FOUND = 500


class StockedOrders:
    """`central.stock.goods.KnowsOrders`."""

    def named(self, user: Any, orders: Collection[UUID]) -> Mapping[UUID, Named]:
        if not orders or not may(user, "see_orders"):
            return {}
        seen = orders_visible_to(user).filter(pk__in=list(orders)).select_related(None)
        return {pk: Named(number, reverse("orders-card", args=[pk])) for pk, number in seen.values_list("pk", "number")}

    def numbered(self, user: Any, text: str) -> Collection[UUID]:
        if not may(user, "see_orders"):
            return ()
        found = orders_visible_to(user).filter(found_by(text, finds_customers=False))
        return found.order_by("-received_at").values_list("pk", flat=True)[:MOST_FOUND]
