"""Orders of two shops that took the same units of one cart: noted as pairs, and parted again.

Both orders stand. The one that was placed later is a suspect: it gets no page to pay on until somebody decides, see
`deciding`. These functions belong inside a transaction of the realm `orders`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from central.orders.events import DuplicateReleased
from central.orders.models import DuplicatePair, Order, OrderChange
from central.orders.writing import change_row
from node.realms import ORDERS
from sync.contracts.cart import CartDelta
from sync.core import cart as carts
from sync.events import record_event

Decision = DuplicatePair.Decision
Kind = OrderChange.Kind


def basket_of(cart: str, taken: CartDelta) -> str:
    """A name for what an order took: the cart and the tokens, whatever order they come in. "" for nothing taken.

    With the amount it is the key under which a provider is asked for money, so that one basket is one charge.
    """
    dots = sorted(f"{dot.client}:{dot.seq}" for dot in carts.decode(taken.delta).takes)
    return hashlib.sha256("\n".join([cart, *dots]).encode()).hexdigest() if dots else ""


def note_pairs(orders: Sequence[Order], rivals: Iterable[Collection[str]]) -> list[Order]:
    """Write pairs of orders that took the same units, each with the one placed before it; returns the new suspects.

    `rivals`: for each of `orders` the ids of all that took the same as it. What `orders` hold is brought up to date.
    """
    here = {order.pk: order for order in orders}
    groups = {frozenset(UUID(one) for one in ids) for ids in rivals if len(ids) > 1}
    wanted = sorted({one for group in groups for one in group})
    if not wanted:
        return []
    # In the order of ids, as everybody locks many of them.
    locked = {one.pk: one for one in Order.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    suspects: dict[UUID, Order] = {}
    for group in groups:
        placed = sorted((locked[one] for one in group if one in locked), key=lambda one: (one.placed_at, one.pk))
        for earlier, later in pairwise(placed):
            _pair, is_new = DuplicatePair.objects.get_or_create(earlier=earlier, later=later)
            if is_new:
                suspects[later.pk] = later
                _tell(earlier, {"duplicate": "is_doubted", "rival": later.number})
                _tell(later, {"duplicate": "suspect", "rival": earlier.number})
    for order in suspects.values():
        order.is_duplicate_suspect, order.ver = True, order.ver + 1
        order.save(update_fields=["is_duplicate_suspect", "ver"])
        if order.pk in here:
            here[order.pk].is_duplicate_suspect, here[order.pk].ver = True, order.ver
    return list(suspects.values())


def _tell(order: Order, became: dict[str, str], by: str = "system") -> None:
    change_row(order, Kind.DUPLICATE, by=by, became=became).save(force_insert=True)


def open_pairs_of(order: Order) -> list[DuplicatePair]:
    """Under their locks."""
    pairs = DuplicatePair.objects.select_for_update(of=("self",)).filter(decision=Decision.OPEN)
    return list(pairs.filter(Q(earlier=order) | Q(later=order)).order_by("pk"))


def end_pairs(cancelled: Order, *, by: str) -> list[UUID]:
    """An order is cancelled, by whatever way: that decides all pairs it is of. Returns the orders set free by it."""
    return [
        freed
        for pair in open_pairs_of(cancelled)
        for freed in end_pair(
            pair, Decision.CANCEL_EARLIER if pair.earlier_id == cancelled.pk else Decision.CANCEL_LATER, by=by
        )
    ]


def end_pair(pair: DuplicatePair, decision: DuplicatePair.Decision, *, by: str) -> list[UUID]:
    """Write a decision into the pair and both histories. Returns the later order, when nothing more is doubted of it.

    The caller holds both orders and cancels what is to be cancelled.
    """
    pair.decision, pair.decided_by, pair.decided_at = decision, by, timezone.now()
    pair.save(update_fields=["decision", "decided_by", "decided_at"])
    _tell(pair.earlier, {"duplicate": str(decision), "rival": pair.later.number}, by)
    _tell(pair.later, {"duplicate": str(decision), "rival": pair.earlier.number}, by)
    if DuplicatePair.objects.filter(later=pair.later_id, decision=Decision.OPEN).exists():
        return []
    Order.objects.filter(pk=pair.later_id).update(is_duplicate_suspect=False)
    if decision == Decision.CANCEL_LATER:
        return []
    record_event(DuplicateReleased(order=pair.later_id.hex), realm=ORDERS)
    return [pair.later_id]


def is_kept_beside(order: Order) -> bool:
    """Whether somebody said that both are meant: then it is paid for by itself."""
    return DuplicatePair.objects.filter(later=order, decision=Decision.KEEP_BOTH).exists()


def charge_of(order: Order) -> str:
    """What names an order's goods to a payment provider."""
    return order.pk.hex if not order.basket or is_kept_beside(order) else order.basket
