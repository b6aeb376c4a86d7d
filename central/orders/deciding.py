"""What becomes of two orders of one basket: one click, by a person, once."""

from __future__ import annotations

from django.db.models import Q

from central.orders.actions import move_locked
from central.orders.duplicates import Decision, end_pair
from central.orders.errors import AlreadyDecided, CannotCancel, UnknownPair
from central.orders.models import DuplicatePair, Order, OrderStatus, StatusMove
from central.orders.writing import publish
from node.realms import ORDERS, atomic


def decide(pair_id: int, decision: DuplicatePair.Decision, *, by: str) -> DuplicatePair:
    """Keep both orders, or cancel one, which frees its units. A decision made before stands, the same one again too.

    Raises `UnknownPair`, `AlreadyDecided`, `CannotCancel` when no status leads from the order to a cancelled one.
    """
    with atomic(ORDERS):
        pair = _locked(pair_id)
        if pair.decision == decision:
            return pair
        if not pair.is_open:
            raise AlreadyDecided(pair.pk, pair.decision)
        if decision == Decision.KEEP_BOTH:
            end_pair(pair, decision, by=by)
            _publish(pair)
            return pair
        cancelled = pair.later if decision == Decision.CANCEL_LATER else pair.earlier
        rival = pair.earlier if decision == Decision.CANCEL_LATER else pair.later
        if cancelled.status.group == OrderStatus.Group.CANCELLED:
            end_pair(pair, decision, by=by)
            _publish(pair)
        else:
            # The move ends all pairs of the order, this one among them.
            move_locked(cancelled, _way_out(cancelled), by=by, note=f"= {rival.number}")
        pair.refresh_from_db()
    return pair


def _locked(pair_id: int) -> DuplicatePair:
    """The pair, after both its orders, which are locked in the order of ids as everywhere."""
    known = DuplicatePair.objects.filter(pk=pair_id).first()
    if known is None:
        raise UnknownPair(pair_id)
    both = Q(pk=known.earlier_id) | Q(pk=known.later_id)
    orders = {
        order.pk: order
        for order in Order.objects.select_for_update(of=("self",)).select_related("status").filter(both).order_by("pk")
    }
    pair = DuplicatePair.objects.select_for_update().get(pk=pair_id)
    pair.earlier, pair.later = orders[pair.earlier_id], orders[pair.later_id]
    return pair


def _way_out(order: Order) -> OrderStatus:
    """The cancelled status that the order's own leads to."""
    moves = StatusMove.objects.filter(
        source=order.status_id, target__group=OrderStatus.Group.CANCELLED, target__frees_stock=True
    )
    found = moves.select_related("target").order_by("-target__position").first()
    if found is None:
        raise CannotCancel(order.number, order.status_id)
    return found.target


def _publish(pair: DuplicatePair) -> None:
    """Their shops show a page to pay on, or none any more."""
    for order in Order.objects.select_for_update().filter(pk__in=[pair.earlier_id, pair.later_id]).order_by("pk"):
        order.ver += 1
        order.save(update_fields=["ver"])
        publish(order)
