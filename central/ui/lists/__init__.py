"""The list kit: an app declares one `List` and mounts it by one line, `*lists.urls(ORDERS)`.

    ORDERS = List(
        name="orders", title=_("Orders"), right="see_orders",
        rows=lambda user: orders_visible_to(user),
        columns=[
            Column("number", _("Number"), lambda order, shown: order.number),
            moment_column("received", _("Received"), "received_at"),
        ],
        default_sort="-received",
        filters=[Sites("site", _("Site")), Choices("status", _("Status"), statuses)],
        search=Search(_("Number"), ("number",)),
        row_url=lambda order: reverse("orders-card", args=[order.pk]),
        topic=live.ORDERS, arrives="received_at",
    )

What it gives and how each part is used: `docs/reference/list-kit.md`.
"""

from __future__ import annotations

from central.ui.lists.columns import moment_column, number_column, site_column
from central.ui.lists.filters import Choices, Dates, Filter, Flag, Option, Search, Sites, Text
from central.ui.lists.shown import Shown
from central.ui.lists.spec import BulkAction, BulkForm, Button, Column, Empty, List, Table, find
from central.ui.lists.views import urls

__all__ = [
    "BulkAction",
    "BulkForm",
    "Button",
    "Choices",
    "Column",
    "Dates",
    "Empty",
    "Filter",
    "Flag",
    "List",
    "Option",
    "Search",
    "Shown",
    "Sites",
    "Table",
    "Text",
    "find",
    "moment_column",
    "number_column",
    "site_column",
    "urls",
]
