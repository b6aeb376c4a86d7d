"""Orders in the ledger: what they sold is booked, what no right covered waits, what is cancelled comes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from central.stock.granting import locked_grants
from central.stock.ledger import Book, by_variant
from central.stock.models import POOL, SOLD, WRITTEN_OFF, BookedOrder, Grant, Movement, PendingUnits, edge_place
from central.stock.waiting import resolve
from node import sql
from node.realms import ORDERS, alias_of, atomic
from sync.contracts.orders import PlacedOrder
from sync.core.escrow import bookable

Cause = Movement.Cause


def book_orders(placed: Sequence[PlacedOrder]) -> None:
    """Write orders' units into the ledger, inside the transaction that takes the orders in; a repeat does nothing.

    In their order; each variant and grant is read and written once. Units with no right, or with one that does not
    cover them, wait as `PendingUnits`: an order is never refused here.
    """
    with atomic(ORDERS, savepoint=False):
        book = Book(UUID(line.variant) for order in placed for line in order.lines)
        first = _first_bookings([UUID(order.id) for order in placed])
        new = [order for order in placed if UUID(order.id) in first]
        if not new:
            return
        spent = {UUID(use.grant) for order in new for line in order.lines for use in line.uses}
        grants = {grant.pk: grant for grant in locked_grants(spent)}
        waiting = [one for order in new for one in _pending_of(order, by_variant(_book_uses(book, order, grants)))]
        sql.update_rows(grants.values(), ["booked", "lost", "late"], using=alias_of(ORDERS))
        PendingUnits.objects.bulk_create(waiting, batch_size=1000)
        resolve(book, {one.variant for one in waiting})
        book.close()


def sell_from_pool(placed: PlacedOrder, *, may_lack: bool = False) -> dict[UUID, int]:
    """Sell an order of central's own out of the pool, whole or not at all; inside the transaction that writes it.

    `may_lack`: sell what there is, and let the rest wait for goods as a shortage; returns it, by variant. A repeat does
    nothing, and so does `book_orders` after it. Raises `NotEnoughInPool`.
    """
    with atomic(ORDERS, savepoint=False):
        wanted = by_variant((UUID(line.variant), line.units) for line in placed.lines)
        book = Book(wanted)
        if not _first_bookings([UUID(placed.id)]):
            return {}
        lacking: dict[UUID, int] = {}
        for variant, units in wanted.items():
            here = min(units, book.units(variant)) if may_lack else units
            book.move(variant, POOL, SOLD, here, Cause.ORDER, ref=UUID(placed.id).hex)
            if here < units:
                lacking[variant] = units - here
        PendingUnits.objects.bulk_create(_pending_of(placed, lacking))
        book.close()
    return lacking


def free_order(order_id: UUID, *, who: str, note: str = "", cause: Movement.Cause = Cause.CANCELLED) -> bool:
    """The order will not be delivered: its units go back to the pool, once. Whether this was that once."""
    with atomic(ORDERS):
        book = _book_of(order_id)
        if not BookedOrder.objects.filter(pk=order_id, freed_at=None).update(freed_at=timezone.now()):
            return False
        PendingUnits.objects.filter(order=order_id, state=PendingUnits.State.WAITING).update(
            state=PendingUnits.State.CANCELLED
        )
        # Read again under the lock: the queue may have moved between the first read and here.
        taken = _sold_to(order_id)
        for (variant, warehouse), units in sorted(taken.items()):
            book.move(variant, SOLD, POOL, units, cause, warehouse=warehouse, ref=order_id.hex, who=who, note=note)
        resolve(book, {variant for variant, _ in taken})
        book.close()
    return True


def take_again(order_id: UUID, wanted: Mapping[UUID, int], *, placed_at: datetime, who: str) -> int:
    """The order whose units were freed will be delivered after all: variant -> units it needs. What it now waits for.

    It takes what lies in the pool, and waits for the rest in its old place of the queue. One that was not freed
    changes nothing.
    """
    with atomic(ORDERS):
        book = Book(wanted)
        if not BookedOrder.objects.filter(pk=order_id, freed_at__isnull=False).update(freed_at=None):
            return 0
        lacking: dict[UUID, int] = {}
        for variant, units in wanted.items():
            here = min(units, book.units(variant))
            book.move(variant, POOL, SOLD, here, Cause.ORDER, ref=order_id.hex, who=who)
            if here < units:
                lacking[variant] = units - here
        PendingUnits.objects.filter(order=order_id).delete()
        PendingUnits.objects.bulk_create(
            PendingUnits(order=order_id, variant=variant, units=units, placed_at=placed_at)
            for variant, units in lacking.items()
        )
        book.close()
    return sum(lacking.values())


def _book_of(order_id: UUID) -> Book:
    """The book of all that the order took or waits for."""
    sold = Movement.objects.filter(ref=order_id.hex, target=SOLD).values_list("variant", flat=True)
    waiting = PendingUnits.objects.filter(order=order_id).values_list("variant", flat=True)
    return Book([*sold, *waiting])


def _sold_to(order_id: UUID) -> dict[tuple[UUID, str], int]:
    """(variant, warehouse) -> units that the order has, after all that went to it and came back."""
    has: dict[tuple[UUID, str], int] = defaultdict(int)
    for end, sign in (("target", 1), ("source", -1)):
        rows = Movement.objects.filter(ref=order_id.hex, **{end: SOLD}).values_list("variant", "warehouse", "units")
        for variant, warehouse, units in rows:
            has[variant, warehouse] += sign * units
    return {place: units for place, units in has.items() if units}


def _first_bookings(orders: Sequence[UUID]) -> set[UUID]:
    """Which of the orders were not booked before."""
    rows = [[order] for order in sorted(orders)]
    return sql.insert_new(BookedOrder, ["order"], rows, key="order", using=alias_of(ORDERS), booked_at=timezone.now())


def _pending_of(order: PlacedOrder, lacking: Mapping[UUID, int]) -> list[PendingUnits]:
    placed_at = datetime.fromtimestamp(order.placed_at / 1000, tz=UTC)
    return [
        PendingUnits(order=UUID(order.id), variant=variant, units=units, placed_at=placed_at)
        for variant, units in lacking.items()
        if units
    ]


def _book_uses(book: Book, placed: PlacedOrder, grants: Mapping[UUID, Grant]) -> Iterable[tuple[UUID, int]]:
    """Book what grants cover; yield what they do not, per line."""
    for line in placed.lines:
        variant, left = UUID(line.variant), line.units
        for use in line.uses:
            grant = grants.get(UUID(use.grant))
            if grant is None or grant.variant != variant:
                continue
            units = min(use.units, left, bookable(grant.held))
            _book_use(book, grant, units, order=UUID(placed.id).hex)
            left -= units
        yield variant, left


def _book_use(book: Book, grant: Grant, units: int, *, order: str) -> None:
    """Units of an order, out of what its edge was granted; of a grant that was written off, out of what was lost."""
    is_late = grant.state == Grant.State.WRITTEN_OFF
    source = WRITTEN_OFF if is_late else edge_place(grant.edge)
    book.move(grant.variant, source, SOLD, units, Cause.ORDER, warehouse=grant.warehouse, ref=order)
    grant.booked += units
    if is_late:
        grant.lost, grant.late = grant.lost - units, grant.late + units
