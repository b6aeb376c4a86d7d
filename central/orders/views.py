"""The card of an order: what it is, where it goes next, what staff note about it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from central.orders import actions, history, queries, timeline
from central.orders.forms import NoteForm, StatusForm
from central.orders.models import DuplicatePair, Order, OrderStatus
from central.stock.queries import shipped_from, warehouse_titles
from central.ui import cards, live
from central.ui.cards import Action, Badge, Card, Part, Warn
from central.ui.screens import StaffRequest, may, screen
from central.ui.templatetags.kit import ago

FORM = ["GET", "HEAD", "POST"]
#: of such an order nothing is shipped any more
_GONE = (OrderStatus.Group.DONE, OrderStatus.Group.CANCELLED)
#: of the timeline, on the card itself: what one wants to know before one calls
NEWEST = 5


@screen("see_orders")
def card(request: StaffRequest, order_id: UUID) -> HttpResponse:
    found = queries.order_card(order_id, request.user)
    order = found.order
    return cards.show(
        request,
        Card(
            record=order,
            title=order.number,
            back=("orders", _("Orders")),
            site=order.site,
            note=ago(order.placed_at),
            badges=[Badge(order.status.title, order.status.colour)],
            warnings=list(_warnings(order)),
            actions=[*_moves(order, found.moves), *_compare(order)],
            facts_title=_("Order"),
            parts=_parts(request, found),
            topic=live.ORDERS,
            help=_(
                "The buttons on top move the order; which there are depends on its status. Every change stands in the "
                "timeline and nothing there can be edited. A line keeps its site's label, its price and its currency "
                "for ever."
            ),
        ),
    )


@screen("work_orders", methods=FORM)
def change_status(request: StaffRequest, order_id: UUID) -> HttpResponseBase:
    """Move the order. Somebody else moved it meanwhile: a page asks whose status it is to have."""
    order = queries.visible_order(order_id, request.user)
    form = StatusForm(request, order)
    if form.is_saveable():
        to = form.changes.get("to", order.status_id)
        with form.refusals():
            order = actions.change_status(
                order.pk, to, by=request.user.username, seconds=form.seconds, seen_ver=order.ver
            )
            said = _("%(number)s: %(status)s") % {"number": order.number, "status": order.status.title}
            return form.saved(said, "orders-card", order.pk)
    return form.page(order.number, back=("orders-card", order.number, order.pk))


@screen("work_orders", methods=FORM)
def edit_note(request: StaffRequest, order_id: UUID) -> HttpResponseBase:
    """Write the staff's comment. Of two who write at once nobody loses his text: the second chooses."""
    order = queries.visible_order(order_id, request.user)
    if not may(request.user, "see_customers"):
        return redirect("orders-card", order.pk)
    form = NoteForm(request, order)
    if form.is_saveable():
        with form.refusals():
            note = form.changes.get("note", order.note)
            actions.edit_order(order.pk, note=note, by=request.user.username, seconds=form.seconds, seen_ver=order.ver)
            return form.saved(_("The comment is saved."), "orders-card", order.pk)
    return form.page(order.number, back=("orders-card", order.number, order.pk))


def _warnings(order: Order) -> Iterable[Warn]:
    if order.is_pending:
        waiting = (
            ngettext("%(n)s unit waits for stock", "%(n)s units wait for stock", order.pending_units)
            if order.edge
            else ngettext(
                "Shortage: %(n)s unit was sold and is not there yet",
                "Shortage: %(n)s units were sold and are not there yet",
                order.pending_units,
            )
        )
        yield Warn(waiting % {"n": order.pending_units}, "clock")
    if order.is_duplicate_suspect:
        yield Warn(_("Another order took the same goods out of this cart. Ask before you charge."), "copy")
    if order.unpaid_at:
        yield Warn(_("Not paid in time: its units are free again. Paid after all, it gets them or waits."), "clock")
    if order.was_delayed:
        yield Warn(_("Came late: its shop was cut off"), "plug-connected-x")


def _compare(order: Order) -> Iterable[Action]:
    """Where its pairs are looked at and decided."""
    for pair in DuplicatePair.objects.filter(Q(earlier=order) | Q(later=order), decision=""):
        yield Action(_("Compare duplicates"), reverse("orders-pair", args=[pair.pk]), "copy", right="decide_duplicates")


def _moves(order: Order, moves: Sequence[OrderStatus]) -> list[Action]:
    """A button for each status it may go to. The first step forward stands out; what cannot be taken back asks first.

    `values` are what a form of the kit carries: the status as it was shown, so that nobody undoes what he has not seen.
    """
    forward = next((move for move in moves if not move.frees_stock and move.group != OrderStatus.Group.NEW), None)
    values = {
        "ver": str(order.ver),
        "shown": json.dumps({"to": order.status_id}),
        "opened": str(int(time.time())),
    }
    return [
        Action(
            move.verb,
            reverse("orders-status", args=[order.pk]),
            right="work_orders",
            is_post=True,
            values={**values, "to": move.code},
            css="btn-primary" if move is forward else "btn-outline-danger" if move.frees_stock else "",
            confirm=_("Order %(number)s becomes “%(status)s” and its units go back on sale.")
            % {"number": order.number, "status": move.title}
            if move.frees_stock
            else "",
        )
        for move in sorted(moves, key=lambda move: (move is not forward, move.frees_stock))
    ]


def _parts(request: StaffRequest, found: queries.OrderCard) -> list[Part]:
    order, sees_customers = found.order, may(request.user, "see_customers")
    lines = {
        "order": order,
        "groups": _lines_by_site(found),
        "hidden": found.hidden_lines,
    }
    people = {"card": found, "sees_customers": sees_customers}
    paid = {
        "order": order,
        "title": history.payment_titles().get(order.payment_provider, order.payment),
        "payments": history.payments(found),
    }
    told = list(timeline.of_order(request.user, str(order.pk), NEWEST + 1))
    newest = {"entries": told[:NEWEST], "more": len(told) > NEWEST}
    note = Part(
        _("Staff comment"),
        "orders/parts/note.html",
        {"order": order, "form": NoteForm(request, order) if may(request.user, "work_orders") else None},
        id="order-note",
        is_written_in=True,
    )
    return [
        Part(_("Lines"), "orders/parts/lines.html", lines, id="order-lines", is_flush=True),
        *([note] if sees_customers else []),
        Part(_("Timeline"), "history/newest.html", newest, id="order-newest"),
        Part(_("Customer"), "orders/parts/people.html", people, is_aside=True, id="order-people"),
        Part(_("Delivery and payment"), "orders/parts/payment.html", paid, is_aside=True, id="order-payment"),
        Part(
            _("Technical"),
            "orders/parts/technical.html",
            {"rows": history.technical_rows(found)},
            is_aside=True,
            id="order-technical",
            icon="lock",
        ),
    ]


def _ships_from(found: queries.OrderCard) -> dict[UUID, list[tuple[str, int]]]:
    """Variant -> (warehouse, units): where to take from what was sold."""
    names = warehouse_titles()
    return {
        variant: [(names.get(code, code), units) for code, units in places.items()]
        for variant, places in shipped_from(found.order.pk).items()
    }


def _lines_by_site(found: queries.OrderCard) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    ships = _ships_from(found) if found.order.status.group not in _GONE else {}
    for line in found.lines:
        # Two lines of one variant share what is shipped: it stands at the first.
        line.ships = ships.pop(line.variant, [])  # type: ignore[attr-defined]
        group = groups.setdefault(line.site, {"site": line.site, "label": line.site_label, "lines": [], "charged": 0})
        group["lines"].append(line)
        group["charged"] += line.charged
    return list(groups.values())
