"""Screens of orders: the list over all sites, the list of single lines, the card."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.orders import actions, history, queries
from central.orders.errors import MoveRefused, StaleOrder
from central.orders.models import OrderStatus
from central.ui.explain import explain
from central.ui.screens import StaffRequest, may, screen

PAGE = 50
#: nobody edits one order for longer; a page left open over night is not work
LONGEST_EDIT_S = 4 * 3600


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


def _seconds(request: StaffRequest) -> int:
    """How long the page was open before this change."""
    opened = _number(request.POST.get("opened"))
    return min(LONGEST_EDIT_S, max(0, int(time.time()) - opened)) if opened else 0


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
