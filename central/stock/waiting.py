"""The queue of orders that were sold with no right: units of the pool go to the oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from central.stock.events import PendingResolved
from central.stock.ledger import Book
from central.stock.models import POOL, SOLD, Movement, PendingUnits
from node.realms import ORDERS, atomic
from sync.events import record_event


def resolve_pending(variant: UUID) -> None:
    """Give units of the pool to the orders that wait for them, the oldest first."""
    with atomic(ORDERS):
        book = Book([variant])
        resolve(book, [variant])
        book.close()


def resolve(book: Book, variants: Iterable[UUID]) -> None:
    """The same inside a transaction that holds the book of these variants."""
    free = [variant for variant in variants if book.units(variant) > 0]
    if not free:
        return
    rows = PendingUnits.objects.select_for_update().filter(variant__in=free, state=PendingUnits.State.WAITING)
    for row in rows.order_by("variant", "placed_at", "pk"):
        units = min(row.units - row.taken, book.units(row.variant))
        if not units:
            continue
        book.move(row.variant, POOL, SOLD, units, Movement.Cause.PENDING, ref=row.order.hex)
        row.taken += units
        if row.taken == row.units:
            row.state, row.resolved_at = PendingUnits.State.RESOLVED, timezone.now()
            record_event(PendingResolved(order=row.order.hex, variant=row.variant.hex, units=row.units), realm=ORDERS)
        row.save(update_fields=["taken", "state", "resolved_at"])
