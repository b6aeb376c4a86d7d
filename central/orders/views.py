"""Screens of orders: the list over all sites, the list of single lines, the card."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.orders import actions, history, queries
from central.orders.errors import MoveRefused, StaleOrder
from central.orders.models import Order, OrderStatus
from central.orders.queries import OrderFilter
from central.people.queries import names_of
from central.ui import sites
from central.ui.explain import explain
from central.ui.screens import StaffRequest, may, screen
from central.ui.view_scope import choices, chosen_site, sites_in_view

PAGE = 50
#: nobody edits one order for longer; a page left open over night is not work
LONGEST_EDIT_S = 4 * 3600


@screen("see_orders")
def orders(request: StaffRequest) -> HttpResponse:
    """The list. By htmx with `newer_than`: only the rows above that cursor, to be put on top of the open list."""
    wanted = filter_of(request)
    newer_than, older_than = request.GET.get("newer_than", ""), request.GET.get("older_than", "")
    page = queries.orders_page(request.user, wanted, older_than=older_than, newer_than=newer_than, limit=PAGE)
    context = {"page": page, "names": _names(request, page.rows), **_list_context(request, wanted)}
    if request.htmx and newer_than:
        return render(request, "orders/parts/arrived.html", context)
    return render(request, "orders/orders.html", context)


@screen("see_orders")
def lines(request: StaffRequest) -> HttpResponse:
    """Single lines; a filter by the label of a line shows only the matching ones."""
    wanted = filter_of(request)
    page = queries.lines_page(
        request.user,
        wanted,
        older_than=request.GET.get("older_than", ""),
        newer_than=request.GET.get("newer_than", ""),
        limit=PAGE,
    )
    return render(request, "orders/lines.html", {"page": page, **_list_context(request, wanted)})


@screen("see_orders")
def news(request: StaffRequest) -> HttpResponse:
    """The banner: how many orders of this list came after its top row."""
    top = request.GET.get("top", "")
    count = queries.count_newer(request.user, filter_of(request), top)
    return render(request, "orders/parts/news.html", {"count": count, "top": top, **_links(request)})


@screen("see_orders")
def row(request: StaffRequest, order_id: UUID) -> HttpResponse:
    """One row again, after a nudge. Raises `UnknownOrder`."""
    order = queries.visible_order(order_id, request.user)
    order.shown_lines = list(queries.shown_lines(request.user, order, filter_of(request)))  # type: ignore[attr-defined]
    context = {"order": order, "names": _names(request, [order]), **_links(request)}
    return render(request, "orders/parts/row.html", context)


@screen("see_orders")
def card(request: StaffRequest, order_id: UUID) -> HttpResponse:
    return _card(request, order_id)


@screen("work_orders", methods=["POST"])
def change_status(request: StaffRequest, order_id: UUID) -> HttpResponseBase:
    order = queries.visible_order(order_id, request.user)
    try:
        actions.change_status(
            order.pk,
            request.POST.get("to", ""),
            by=request.user.username,
            seconds=_seconds(request),
            seen_ver=_number(request.POST.get("ver")),
        )
    except (StaleOrder, MoveRefused) as error:
        messages.error(request, explain(error))
    return redirect("orders-card", order.pk)


@screen("work_orders", methods=["POST"])
def edit_note(request: StaffRequest, order_id: UUID) -> HttpResponseBase:
    """Write the staff's comment. What it was when drawn comes along: of two people nobody loses his text."""
    order = queries.visible_order(order_id, request.user)
    if not may(request.user, "see_customers"):
        return redirect("orders-card", order.pk)
    note, was = (
        request.POST.get("note", "").strip().replace("\r\n", "\n"),
        request.POST.get("was", "").replace("\r\n", "\n"),
    )
    if was != order.note:
        return _card(request, order_id, note_text=note, note_is_stale=True, status=409)
    try:
        actions.edit_order(order.pk, note=note, by=request.user.username, seconds=_seconds(request), seen_ver=order.ver)
    except StaleOrder:
        return _card(request, order_id, note_text=note, note_is_stale=True, status=409)
    messages.success(request, _("The comment is saved."))
    return redirect("orders-card", order.pk)


def _card(
    request: StaffRequest,
    order_id: UUID,
    *,
    note_text: str | None = None,
    note_is_stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    found = queries.order_card(order_id, request.user)
    sees_customers = may(request.user, "see_customers")
    context = {
        "card": found,
        "order": found.order,
        "groups": _lines_by_site(found),
        "buttons": _buttons(found.moves),
        "history": history.entries(found, sees_words=sees_customers),
        "sees_customers": sees_customers,
        "technical": history.technical_rows(found),
        "payment_title": history.payment_titles().get(found.order.payment_provider, found.order.payment),
        "payments": history.payments(found),
        "note_text": found.order.note if note_text is None else note_text,
        "note_is_stale": note_is_stale,
        "opened": int(time.time()),
    }
    return render(request, "orders/card.html", context, status=status)


def _lines_by_site(found: queries.OrderCard) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for line in found.lines:
        group = groups.setdefault(line.site, {"site": line.site, "label": line.site_label, "lines": [], "charged": 0})
        group["lines"].append(line)
        group["charged"] += line.charged
    return list(groups.values())


def _buttons(moves: Sequence[OrderStatus]) -> list[dict[str, Any]]:
    """The first step forward stands out; what cannot be taken back asks first."""
    forward = next((move for move in moves if not move.frees_stock and move.group != OrderStatus.Group.NEW), None)
    moves = sorted(moves, key=lambda move: (move is not forward, move.frees_stock))
    return [
        {
            "status": move,
            "css": "btn-primary" if move is forward else "btn-outline-danger" if move.frees_stock else "",
            "asks": move.frees_stock,
        }
        for move in moves
    ]


def filter_of(request: StaffRequest) -> OrderFilter:
    """The filter in the address, narrowed to the site in view."""
    given = request.GET
    wanted = OrderFilter(
        sites=tuple(given.getlist("site")),
        line_sites=tuple(given.getlist("line")),
        statuses=tuple(given.getlist("status")),
        search=given.get("q", "").strip()[:100],
        person=given.get("person", "").strip()[:100],
        only_pending=given.get("pending") == "1",
        finds_customers=may(request.user, "see_customers"),
    )
    in_view = sites_in_view(request)
    if in_view is None:
        return wanted
    return replace(wanted, sites=tuple(sorted(in_view.intersection(wanted.sites) or in_view)))


def _names(request: StaffRequest, rows: Sequence[Order]) -> dict[UUID, str] | None:
    """Order -> customer's name; None: not to be shown. When their realm is away the column says so."""
    if not may(request.user, "see_customers"):
        return None
    try:
        return names_of([order.pk for order in rows])
    except DatabaseError:
        return dict.fromkeys((order.pk for order in rows), _("the customers' database does not answer"))


def _list_context(request: StaffRequest, wanted: OrderFilter) -> dict[str, Any]:
    statuses = queries.all_statuses()
    labels = {look.id: look.label for look in sites.looks(request).values()}
    titles = {status.code: status.title for status in statuses}
    scope = chosen_site(request)
    return {
        "wanted": wanted,
        "statuses": statuses,
        "filter_sites": [] if scope else choices(request),
        "line_choices": choices(request),
        "chips": _chips(request, labels, titles, has_scope=bool(scope)),
        "is_filtered": bool(_chips(request, labels, titles, has_scope=bool(scope))),
        **_links(request),
    }


def _links(request: StaffRequest) -> dict[str, str]:
    """The filter as a query string, without the place in the list."""
    kept = request.GET.copy()
    for name in ("older_than", "newer_than", "top"):
        kept.pop(name, None)
    return {"filters": kept.urlencode()}


def _chips(
    request: StaffRequest, labels: dict[str, str], titles: dict[str, str], *, has_scope: bool
) -> list[dict[str, str]]:
    """One per value of a filter, each with the address of the list without it."""
    kinds = [
        ("q", "", {}),
        ("site", _("Ordered at"), labels),
        ("line", _("Line from"), labels),
        ("status", _("Status"), titles),
        ("pending", _("Waits for stock"), {}),
    ]
    if may(request.user, "see_customers"):
        kinds.append(("person", _("Customer"), {}))
    return [
        {
            "text": _chip_text(title, value if name != "pending" else "", known),
            "url": _without(request.GET, name, value),
        }
        for name, title, known in kinds
        if not (has_scope and name == "site")
        for value in request.GET.getlist(name)
        if value
    ]


def _chip_text(title: str, value: str, known: dict[str, str]) -> str:
    return ": ".join(part for part in (title, known.get(value, value)) if part)


def _without(given: QueryDict, name: str, value: str) -> str:
    kept = given.copy()
    for cursor in ("older_than", "newer_than", "top"):
        kept.pop(cursor, None)
    kept.setlist(name, [other for other in given.getlist(name) if other != value])
    return f"?{kept.urlencode()}"


def _seconds(request: StaffRequest) -> int:
    """How long the page was open before this change."""
    opened = _number(request.POST.get("opened"))
    return min(LONGEST_EDIT_S, max(0, int(time.time()) - opened)) if opened else 0


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
