"""The desk's queue of orders that two shops made of one basket, and the card that shows both side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.orders import deciding, history
from central.orders.errors import UnknownPair
from central.orders.lists import customer_names
from central.orders.models import DuplicatePair, Order, OrderLine
from central.orders.queries import lines_visible_to, of_sites, orders_visible_to
from central.payments.models import Payment
from central.ui import actors, cards, lists, live
from central.ui.cards import Action, Badge, Card, Part, Warn
from central.ui.explain import explain
from central.ui.lists import cells
from central.ui.screens import StaffRequest, may, screen
from node.errors import RialtoError

RIGHT = "decide_duplicates"
Decision = DuplicatePair.Decision
#: on the home screen
SHOWN = 5
TONES = {"": "amber", "keep_both": "green", "cancel_later": "grey", "cancel_earlier": "grey"}


def pairs_visible_to(user: Any) -> QuerySet[DuplicatePair]:
    """Pairs of which the person may see one order at least."""
    seen = orders_visible_to(user).select_related(None).values("pk")
    pairs = DuplicatePair.objects.select_related("earlier__status", "later__status")
    return pairs.filter(Q(earlier__in=seen) | Q(later__in=seen))


def _narrow(pairs: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    here = Order.objects.filter(of_sites(sites)).values("pk")
    return pairs.filter(Q(earlier__in=here) | Q(later__in=here))


def _visible(pairs: Iterable[DuplicatePair], user: Any) -> set[UUID]:
    ids = {one for pair in pairs for one in (pair.earlier_id, pair.later_id)}
    return set(orders_visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def names_of_pair(pairs: Iterable[DuplicatePair], user: Any) -> list[dict[str, Any]]:
    """For the home screen: each pair with its numbers, as far as the person may see them."""
    rows: list[Any] = list(pairs)
    seen = _visible(rows, user)
    for one in rows:
        one.seen = seen
    return [{"pair": one, "later": _number(one, one.later), "earlier": _number(one, one.earlier)} for one in rows]


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    seen = _visible(rows, shown.request.user)
    for pair in rows:
        pair.seen = seen


def _number(pair: Any, order: Order) -> str:
    return order.number if order.pk in pair.seen else _now("of a site you may not see")


def _total(pair: Any, order: Order) -> Any:
    return cells.money(order.total, order.currency) if order.pk in pair.seen else ""


PAIRS = lists.List(
    name="orders-duplicates",
    path="orders/duplicates",
    title=_("Duplicate suspects"),
    right=RIGHT,
    rows=pairs_visible_to,
    narrow=_narrow,
    columns=[
        lists.Column(
            "later",
            _("Placed later"),
            lambda pair, shown: _number(pair, pair.later),
            sort="later__number",
            export=lambda pair: _number(pair, pair.later),
            css="grow",
        ),
        lists.Column(
            "earlier",
            _("Placed earlier"),
            lambda pair, shown: _number(pair, pair.earlier),
            sort="earlier__number",
            export=lambda pair: _number(pair, pair.earlier),
        ),
        lists.Column(
            "state",
            _("Decision"),
            lambda pair, shown: cells.badge(history.decisions()[pair.decision], TONES[pair.decision]),
            sort="decision",
            export=lambda pair: history.decisions()[pair.decision],
        ),
        lists.Column(
            "later_total", _("Total of the later"), lambda pair, shown: _total(pair, pair.later), css="end wide-only"
        ),
        lists.Column(
            "earlier_total",
            _("Total of the earlier"),
            lambda pair, shown: _total(pair, pair.earlier),
            css="end wide-only",
        ),
        lists.Column(
            "by",
            _("Decided by"),
            lambda pair, shown: actors.in_words(pair.decided_by),
            export=lambda pair: actors.in_words(pair.decided_by),
        ),
        lists.moment_column("found", _("Found"), "found_at", css="end"),
    ],
    default_sort="state",
    filters=[
        lists.Flag("open", _("Waits for you"), Q(decision="")),
        lists.Dates("found", _("Found"), field="found_at"),
    ],
    search=lists.Search(_("Number"), ("later__number", "earlier__number")),
    row_url=lambda pair: reverse("orders-pair", args=[pair.pk]),
    prepare=_prepare,
    topic=live.ORDERS,
    head="orders/parts/tabs.html",
    help=_(
        "Two shops that were cut off from each other sold one basket twice. Both shoppers' orders stand, and the one "
        "placed later is not charged until you decide: both were meant, or one of them is cancelled and its goods go "
        "back on sale."
    ),
    empty=lists.Empty(_("No duplicates"), _("No basket was sold twice."), "circle-check"),
)


# --- both side by side ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One thing of both orders. `is_other`: they differ in it."""

    title: str
    earlier: Any
    later: Any

    @property
    def is_other(self) -> bool:
        return str(self.earlier) != str(self.later)


@screen(RIGHT)
def pair(request: StaffRequest, pair_id: int) -> HttpResponse:
    found = _pair(request, pair_id)
    seen = _visible([found], request.user)
    sees_both = {found.earlier_id, found.later_id} <= seen
    return cards.show(
        request,
        Card(
            record=found,
            title=_now("Two orders of one basket"),
            back=("orders-duplicates", _now("Duplicate suspects")),
            badges=[Badge(history.decisions()[found.decision], TONES[found.decision])],
            warnings=list(_warnings(found, sees_both)),
            actions=_actions(found) if sees_both and found.is_open else [],
            parts=[Part(_now("Both orders"), "orders/parts/pair.html", _both(request, found, seen), is_flush=True)],
            topic=live.ORDERS,
            help=_now(
                "What differs is marked. Keeping both charges the later one too; cancelling one frees its goods and "
                "writes to its shopper as for any cancelled order. Each decision stands in both orders' timelines "
                "and cannot be taken back."
            ),
        ),
    )


@screen(RIGHT, methods=["POST"])
def decide(request: StaffRequest, pair_id: int) -> HttpResponseBase:
    found = _pair(request, pair_id)
    if not {found.earlier_id, found.later_id} <= _visible([found], request.user):
        raise UnknownPair(pair_id)
    wanted = request.POST.get("decision", "")
    if wanted not in set(Decision.values) - {""}:
        raise Http404(wanted)
    try:
        deciding.decide(found.pk, Decision(wanted), by=request.user.username)
        messages.success(request, _now("It is decided."))
    except UnknownPair:
        raise
    except RialtoError as error:
        messages.error(request, explain(error))
    return redirect("orders-pair", found.pk)


def _pair(request: StaffRequest, pair_id: int) -> DuplicatePair:
    found = pairs_visible_to(request.user).filter(pk=pair_id).first()
    if found is None:
        raise UnknownPair(pair_id)
    return found


def _actions(found: DuplicatePair) -> list[Action]:
    url = reverse("orders-pair-decide", args=[found.pk])
    later, earlier = found.later.number, found.earlier.number
    return [
        Action(
            _now("Keep both"),
            url,
            "checks",
            right=RIGHT,
            is_post=True,
            values={"decision": "keep_both"},
            confirm=_now("%(number)s is charged too. This cannot be taken back.") % {"number": later},
            css="btn-primary",
        ),
        Action(
            _now("Cancel the later"),
            url,
            "ban",
            right=RIGHT,
            is_post=True,
            values={"decision": "cancel_later"},
            confirm=_now("%(number)s is cancelled and its units go back on sale. This cannot be taken back.")
            % {"number": later},
            css="btn-outline-danger",
        ),
        Action(
            _now("Cancel the earlier"),
            url,
            "ban",
            right=RIGHT,
            is_post=True,
            values={"decision": "cancel_earlier"},
            confirm=_now("%(number)s is cancelled and its units go back on sale. This cannot be taken back.")
            % {"number": earlier},
            css="btn-outline-danger",
        ),
    ]


def _warnings(found: DuplicatePair, sees_both: bool) -> Iterable[Warn]:
    if not sees_both:
        yield Warn(_now("One of them is of a site you may not see: somebody who sees both decides."), "eye-off")
    paid = Payment.objects.filter(order__in=[found.earlier_id, found.later_id], state=Payment.State.PAID)
    if paid.exists() and found.is_open:
        yield Warn(_now("One of them is paid. If you cancel it, give the money back by hand."), "credit-card")


def _both(request: StaffRequest, found: DuplicatePair, seen: set[UUID]) -> dict[str, Any]:
    orders = [found.earlier, found.later]
    shown = [order for order in orders if order.pk in seen]
    names = customer_names(shown, request)
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for line in lines_visible_to(request.user).filter(order__in=[order.pk for order in shown]).order_by("position"):
        lines[line.order_id].append(line)
    readers: list[tuple[str, Callable[[Order], Any]]] = [
        (_now("Ordered at"), lambda order: order.site_label),
        (_now("Node"), lambda order: order.edge),
        (_now("Placed"), lambda order: cells.ago(order.placed_at)),
        (_now("Reached central"), lambda order: cells.ago(order.received_at)),
        (_now("Status"), lambda order: cells.badge(order.status.title, order.status.colour)),
        (_now("Delivery"), lambda order: order.delivery_title),
        (_now("Payment"), lambda order: history.payment_titles().get(order.payment_provider, order.payment)),
        (_now("Lines"), lambda order: _lines(lines[order.pk])),
        (_now("Total"), lambda order: cells.money(order.total, order.currency)),
    ]
    rows = [Row(title, *(read(order) if order.pk in seen else "" for order in orders)) for title, read in readers]
    if may(request.user, "see_customers"):
        rows.insert(4, Row(_now("Customer"), *(names.get(order.pk, "") for order in orders)))
    found.seen = seen  # type: ignore[attr-defined]
    heads = [
        format_html('<a href="{}">{}</a>', reverse("orders-card", args=[order.pk]), order.number)
        if order.pk in seen
        else _number(found, order)
        for order in orders
    ]
    return {"rows": rows, "heads": heads}


def _lines(found: list[OrderLine]) -> Any:
    parts = [
        format_html('<div>{} <span class="text-secondary">{}</span> × {}</div>', line.title, line.sku, line.units)
        for line in found
    ]
    return format_html("{}" * len(parts), *parts)
