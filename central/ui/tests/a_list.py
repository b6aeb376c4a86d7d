"""A list of orders that the tests of the kit use, and the addresses it is mounted at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import include, path, reverse
from django.utils.dateparse import parse_datetime

from central.orders.actions import change_status, edit_order
from central.orders.errors import MoveRefused
from central.orders.models import Order
from central.orders.queries import orders_visible_to
from central.ui import lists, live
from central.ui.lists import cells

handler403 = "central.ui.views.forbidden"
handler404 = "central.ui.views.not_found"


class Wish(forms.Form):
    note = forms.CharField(max_length=50)


def write_note(order: Order, user: Any, filled: dict[str, Any]) -> str:
    if order.number.endswith("-2"):
        raise MoveRefused(order.number, "new", "nowhere")
    was = order.note
    edit_order(order.pk, note=filled["note"], by=user.username, seconds=0, seen_ver=order.ver)
    return was


def write_back(order: Order, user: Any, told: str) -> None:
    edit_order(order.pk, note=told, by=user.username, seconds=0, seen_ver=order.ver)


def confirm(order: Order, user: Any, filled: dict[str, Any]) -> str:
    change_status(order.pk, "confirmed", by=user.username, seen_ver=order.ver)
    return "new"


TONES = [lists.Option("new", "Fresh", "blue"), lists.Option("confirmed", "Agreed", "green")]


def prepare(rows: list[Order], shown: lists.Shown) -> None:
    for order in rows:
        order.seen_by = shown.request.user.username  # type: ignore[attr-defined]


ORDERS = lists.List(
    name="tried",
    title="Tried orders",
    right="see_orders",
    rows=orders_visible_to,
    columns=[
        lists.Column("number", "No.", lambda order, shown: order.number, sort="number", export=lambda o: o.number),
        lists.Column("site", "Site", lambda order, shown: cells.sites(shown, [order.site]), export=lambda o: o.site),
        lists.Column(
            "total",
            "Total",
            lambda order, shown: cells.money(order.total, order.currency),
            sort="total",
            export=lambda order: cells.money_value(order.total, order.currency),
            css="end",
        ),
        lists.Column("customer", "Customer", lambda o, s: str(o.customer or "—"), sort="customer", is_shown=False),
        lists.Column("note", "Note", lambda o, s: o.note, export=lambda o: o.note, right="see_customers"),
        lists.Column("by", "By", lambda order, shown: order.seen_by, is_named=True),
        lists.Column(
            "received",
            "Received",
            lambda order, shown: cells.ago(order.received_at),
            sort="received_at",
            export=lambda order: cells.moment_value(order.received_at),
            css="end",
        ),
    ],
    default_sort="-received",
    filters=[
        lists.Sites("site", "Site"),
        lists.Choices("status", "Status", TONES),
        lists.Choices("one", "One status", TONES, field="status", is_single=True),
        lists.Flag("pending", "Waits", narrow=lambda rows, values: rows.filter(pending_units__gt=100)),
        lists.Dates("received", "Received", field="received_at"),
        lists.Text("domain", "Domain"),
        lists.Choices("secret", "Secret", TONES, field="status", right="manage_nodes"),
    ],
    search=lists.Search("Number", ("number",)),
    row_url=lambda order: reverse("orders-card", args=[order.pk]),
    prepare=prepare,
    topic=live.ORDERS,
    arrives="received_at",
    page_size=3,
    bulk=[
        lists.BulkAction("confirm", "Confirm", "work_orders", confirm),
        lists.BulkAction("note", "Write a note", "work_orders", write_note, undo=write_back, form=Wish),
        lists.BulkAction("hidden", "Hidden", "manage_nodes", confirm),
    ],
    help="What this list is for.",
)

urlpatterns: list[Any] = [*lists.urls(ORDERS), path("", include("central.urls"))]


def moment(text: str) -> Any:
    return parse_datetime(text)
