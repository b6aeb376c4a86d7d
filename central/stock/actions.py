"""Every change of stock. Each is one transaction of the realm `orders`, and every unit moved is a row of the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connections
from django.utils import timezone

from central.stock.errors import NotEnoughInPool, UnknownGrant, WrongUnits
from central.stock.events import PendingResolved
from central.stock.ledger import Book, by_variant
from central.stock.models import (
    POOL,
    SOLD,
    SUPPLIER,
    WRITTEN_OFF,
    BookedOrder,
    Grant,
    Movement,
    PendingUnits,
    edge_place,
)
from central.stock.queries import edges_holding, pools, selling_edges
from central.stock.sizing import units_to_grant
from central.stock.topics import topic_of
from node.realms import ORDERS, alias_of, atomic
from sync import hub
from sync.contracts.codec import pack
from sync.contracts.orders import PlacedOrder
from sync.contracts.stock import GrantReport, Recall
from sync.events import record_event
from sync.outbox import record_state
from sync.topics import EdgeScope

#: how long an edge may sell from a grant after it last asked central
TTL = timedelta(hours=24)
#: central waits longer than any edge sells: clocks may drift by a five-hundredth, answers may be late
PATIENCE = 1.002
GRACE = timedelta(seconds=5)

MAX_UNITS = 1_000_000_000
RECALL_S = 1.5
_LOOK_EVERY_S = 0.05

Cause = Movement.Cause


def receive_stock(units: Mapping[UUID, int], *, who: str, note: str = "", ref: str = "") -> None:
    """Goods have come in: variant -> units above zero. Orders that wait for them get theirs first."""
    _check_units(units.values(), least=1)
    with atomic(ORDERS):
        book = Book(units)
        for variant, count in units.items():
            book.move(variant, SUPPLIER, POOL, count, Cause.RECEIPT, who=who, note=note, ref=ref)
        _resolve(book, units)
        book.close()


def set_stock(variant: UUID, units: int, *, who: str, note: str = "") -> None:
    """Correct the unsold units of a variant, in the pool and at edges together, to `units`.

    What edges hold too much is recalled; raises `NotEnoughInPool` when they do not give it back within 1.5 s
    (`data`: `at_edges`, and `has` in the pool).
    """
    if short := set_stocks({variant: units}, who=who, note=note):
        raise short[variant]


def set_stocks(units: Mapping[UUID, int], *, who: str, note: str = "") -> dict[UUID, NotEnoughInPool]:
    """`set_stock` for many at once; what could not be corrected comes back with the reason, the rest is done."""
    _check_units(units.values(), least=0)
    short = _correct(units, who=who, note=note)
    if not short:
        return {}
    _recall({variant: int(str(error.data["lacks"])) for variant, error in short.items()})

    def try_again() -> bool:
        nonlocal short
        short = _correct({variant: units[variant] for variant in short}, who=who, note=note)
        return not short

    _retry(try_again)
    return short


def grant_rights(edge: EdgeScope, wanted: Mapping[UUID, int], *, must: bool = False) -> list[Grant]:
    """Move units from the pool into new grants of an edge, as `sizing` allows; nothing free, no grant."""
    wanted = {variant: units for variant, units in wanted.items() if units > 0}
    edges = selling_edges()
    if not must:
        # An edge asks for all its cards each minute, and mostly gets none: do not lock the whole shop for that.
        unlocked = pools(wanted)
        wanted = {variant: units for variant, units in wanted.items() if unlocked.get(variant, 0) > 0}
    with atomic(ORDERS):
        _fence(edge)
        book = Book(wanted)
        here, freeze_at = edge_place(edge.node), timezone.now() + TTL * PATIENCE + GRACE
        grants: list[Grant] = []
        for variant, units in wanted.items():
            given = units_to_grant(
                wanted=units,
                pool=book.units(variant),
                at_edges=book.at_edges(variant),
                at_this_edge=book.units(variant, here),
                edges=edges,
                must=must,
            )
            if given:
                grant = _new_grant(edge, variant, given, freeze_at)
                book.move(variant, POOL, here, given, Cause.GRANT, ref=grant.pk.hex)
                grants.append(grant)
        Grant.objects.bulk_create(grants, batch_size=1000)
        book.close()
        for grant in grants:
            _publish(grant)
    return grants


def grant_or_recall(edge: EdgeScope, wanted: Mapping[UUID, int]) -> list[Grant]:
    """A shopper waits: give what there is, recall what lacks from the other edges, for 1.5 s at most."""
    grants = grant_rights(edge, wanted, must=True)
    lacking = _lacking(wanted, grants)
    if not lacking or not _recall(lacking, but=edge.node):
        return grants

    def try_again() -> bool:
        grants.extend(grant_rights(edge, _lacking(wanted, grants), must=True))
        # Nobody else holds any: more will not come, and the shopper need not wait for the end.
        return not edges_holding(_lacking(wanted, grants)).keys() - {edge.node}

    _retry(try_again)
    return grants


def renew_grants(edge: EdgeScope, grants: Iterable[UUID]) -> list[Grant]:
    """Let the edge sell on from those of its grants that are open; the answer leaves after this returns."""
    with atomic(ORDERS):
        _fence(edge)
        found = Grant.objects.select_for_update().filter(
            pk__in=list(grants), edge=edge.node, epoch=edge.epoch, state=Grant.State.OPEN
        )
        renewed = list(found.order_by("pk"))
        for grant in renewed:
            grant.freeze_at = timezone.now() + timedelta(seconds=grant.ttl_s) * PATIENCE + GRACE
        Grant.objects.bulk_update(renewed, ["freeze_at"], batch_size=1000)
    return renewed


def take_reports(node: str, reports: Sequence[GrantReport]) -> list[Grant]:
    """Join an edge's totals of its grants by the greater; what it returned lies in the pool again.

    Raises `UnknownGrant`, and `WrongUnits` for totals above what was granted; then none is joined.
    """
    known = dict(Grant.objects.filter(pk__in=_grants_of(reports), edge=node).values_list("pk", "variant"))
    for report in reports:
        if UUID(report.grant) not in known:
            raise UnknownGrant("no such grant of this edge", grant=report.grant, edge=node)
    with atomic(ORDERS):
        book = Book(known.values())
        grants = {grant.pk: grant for grant in _locked_grants(known)}
        was = {key: grant.returned for key, grant in grants.items()}
        for report in reports:
            _join(grants[UUID(report.grant)], report)
        freed = [grant for grant in grants.values() if grant.returned > was[grant.pk]]
        for grant in freed:
            units = grant.returned - was[grant.pk]
            book.move(grant.variant, edge_place(node), POOL, units, Cause.RETURN, ref=grant.pk.hex)
        _resolve(book, {grant.variant for grant in freed})
        book.close()
        Grant.objects.bulk_update(grants.values(), ["sold", "returned", "state", "ver"], batch_size=1000)
    return list(grants.values())


def _grants_of(reports: Iterable[GrantReport]) -> set[UUID]:
    return {UUID(report.grant) for report in reports}


def _locked_grants(ids: Collection[UUID]) -> Iterable[Grant]:
    return Grant.objects.select_for_update().filter(pk__in=ids).order_by("pk") if ids else ()


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
        grants = {grant.pk: grant for grant in _locked_grants(spent)}
        waiting = [one for order in new for one in _pending_of(order, by_variant(_book_uses(book, order, grants)))]
        Grant.objects.bulk_update(grants.values(), ["booked"], batch_size=1000)
        PendingUnits.objects.bulk_create(waiting, batch_size=1000)
        _resolve(book, {one.variant for one in waiting})
        book.close()


def _first_bookings(orders: Sequence[UUID]) -> set[UUID]:
    """Which of the orders were not booked before."""
    with connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute(
            'INSERT INTO stock_bookedorder ("order", booked_at) SELECT one, %s FROM unnest(%s::uuid[]) AS one '
            'ON CONFLICT DO NOTHING RETURNING "order"',
            [timezone.now(), sorted(orders)],
        )
        return {row[0] for row in cursor.fetchall()}


def _pending_of(order: PlacedOrder, lacking: Mapping[UUID, int]) -> list[PendingUnits]:
    placed_at = datetime.fromtimestamp(order.placed_at / 1000, tz=UTC)
    return [
        PendingUnits(order=UUID(order.id), variant=variant, units=units, placed_at=placed_at)
        for variant, units in lacking.items()
        if units
    ]


def sell_from_pool(placed: PlacedOrder) -> None:
    """Sell an order of central's own out of the pool, whole or not at all; inside the transaction that writes it.

    A repeat does nothing, and so does `book_orders` after it. Raises `NotEnoughInPool`.
    """
    with atomic(ORDERS, savepoint=False):
        wanted = by_variant((UUID(line.variant), line.units) for line in placed.lines)
        book = Book(wanted)
        if not _first_bookings([UUID(placed.id)]):
            return
        for variant, units in wanted.items():
            book.move(variant, POOL, SOLD, units, Cause.ORDER, ref=UUID(placed.id).hex)
        book.close()


def gather_in_pool(wanted: Mapping[UUID, int]) -> bool:
    """Ask edges for what lacks in the pool, and wait for it 1.5 s at most; whether it is there. Nothing is held."""

    def lacking() -> dict[UUID, int]:
        there = pools(wanted)
        left = {variant: units - there.get(variant, 0) for variant, units in wanted.items()}
        return {variant: units for variant, units in left.items() if units > 0}

    if (short := lacking()) and _recall(short):
        _retry(lambda: not lacking() or not edges_holding(lacking()))
    return not lacking()


def free_order(order_id: UUID, *, who: str, note: str = "") -> None:
    """The order will not be delivered: its units go back to the pool, once."""
    with atomic(ORDERS):
        sold = Movement.objects.filter(ref=order_id.hex, target=SOLD).values_list("variant", "units")
        waiting = PendingUnits.objects.filter(order=order_id).values_list("variant", flat=True)
        book = Book([*(variant for variant, _ in sold), *waiting])
        if not BookedOrder.objects.filter(pk=order_id, freed_at=None).update(freed_at=timezone.now()):
            return
        PendingUnits.objects.filter(order=order_id, state=PendingUnits.State.WAITING).update(
            state=PendingUnits.State.CANCELLED
        )
        # Read again under the lock: the queue may have moved between the first read and here.
        taken = by_variant(Movement.objects.filter(ref=order_id.hex, target=SOLD).values_list("variant", "units"))
        for variant, units in taken.items():
            book.move(variant, SOLD, POOL, units, Cause.CANCELLED, ref=order_id.hex, who=who, note=note)
        _resolve(book, taken)
        book.close()


def resolve_pending(variant: UUID) -> None:
    """Give units of the pool to the orders that wait for them, the oldest first."""
    with atomic(ORDERS):
        book = Book([variant])
        _resolve(book, [variant])
        book.close()


def _book_uses(book: Book, placed: PlacedOrder, grants: Mapping[UUID, Grant]) -> Iterable[tuple[UUID, int]]:
    """Book what grants cover; yield what they do not, per line."""
    for line in placed.lines:
        variant, left = UUID(line.variant), line.units
        for use in line.uses:
            grant = grants.get(UUID(use.grant))
            if grant is None or grant.variant != variant:
                continue
            units = min(use.units, left, grant.units - grant.returned - grant.booked)
            book.move(variant, edge_place(grant.edge), SOLD, units, Cause.ORDER, ref=UUID(placed.id).hex)
            grant.booked += units
            left -= units
        yield variant, left


def _resolve(book: Book, variants: Iterable[UUID]) -> None:
    free = [variant for variant in variants if book.units(variant) > 0]
    if not free:
        return
    rows = PendingUnits.objects.select_for_update().filter(variant__in=free, state=PendingUnits.State.WAITING)
    for row in rows.order_by("variant", "placed_at", "pk"):
        units = min(row.units - row.taken, book.units(row.variant))
        if not units:
            continue
        book.move(row.variant, POOL, SOLD, units, Cause.PENDING, ref=row.order.hex)
        row.taken += units
        if row.taken == row.units:
            row.state, row.resolved_at = PendingUnits.State.RESOLVED, timezone.now()
            record_event(PendingResolved(order=row.order.hex, variant=row.variant.hex, units=row.units), realm=ORDERS)
        row.save(update_fields=["taken", "state", "resolved_at"])


def _correct(units: Mapping[UUID, int], *, who: str, note: str) -> dict[UUID, NotEnoughInPool]:
    short: dict[UUID, NotEnoughInPool] = {}
    with atomic(ORDERS):
        book = Book(units)
        for variant, wanted in units.items():
            pool, at_edges = book.units(variant), book.at_edges(variant)
            change = wanted - pool - at_edges
            if change >= 0:
                book.move(variant, SUPPLIER, POOL, change, Cause.CORRECTION, who=who, note=note)
            elif -change <= pool:
                book.move(variant, POOL, WRITTEN_OFF, -change, Cause.CORRECTION, who=who, note=note)
            else:
                short[variant] = NotEnoughInPool(
                    f"{at_edges} units lie at edges, so there cannot be {wanted} in all",
                    variant=variant.hex,
                    has=pool,
                    at_edges=at_edges,
                    lacks=-change - pool,
                )
        _resolve(book, units)
        book.close()
    return short


def _join(grant: Grant, report: GrantReport) -> None:
    sold = max(grant.sold, report.sold)
    returned = max(grant.returned, report.returned)
    if min(report.sold, report.returned) < 0 or sold + returned > grant.units:
        raise WrongUnits("the edge reports more than it was granted", grant=report.grant)
    if report.is_sealed and grant.state in (Grant.State.OPEN, Grant.State.FROZEN):
        # Its last word: nothing more is sold from it, so what is not sold is free.
        returned = grant.units - max(sold, grant.booked)
        grant.state, grant.ver = Grant.State.SEALED, grant.ver + 1
        _publish(grant)
    grant.sold, grant.returned = sold, returned


def _fence(edge: EdgeScope) -> None:
    """An edge that joined anew has lost its disk: what the old one still held is frozen, for it may come back."""
    old = Grant.objects.select_for_update().filter(edge=edge.node, epoch__lt=edge.epoch, state=Grant.State.OPEN)
    for grant in old.order_by("pk"):
        grant.state, grant.ver = Grant.State.FROZEN, grant.ver + 1
        grant.save(update_fields=["state", "ver"])
        _publish(grant)


def _new_grant(edge: EdgeScope, variant: UUID, units: int, freeze_at: datetime) -> Grant:
    return Grant(
        edge=edge.node,
        epoch=edge.epoch,
        variant=variant,
        units=units,
        ttl_s=int(TTL.total_seconds()),
        freeze_at=freeze_at,
    )


def _publish(grant: Grant) -> None:
    record_state(topic_of(grant.edge), grant.pk.hex, grant.ver, realm=ORDERS)


def _recall(wanted: Mapping[UUID, int], *, but: str = "") -> bool:
    """Ask the edges that hold units for them; whether there was anybody to ask."""
    holders = edges_holding(wanted)
    asked = False
    for node, variants in holders.items():
        if node != but:
            hub.tell(node, "recall", pack(Recall(wanted={variant.hex: wanted[variant] for variant in variants})))
            asked = True
    return asked


def _retry(attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + RECALL_S
    while time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
        if attempt():
            return


def _lacking(wanted: Mapping[UUID, int], grants: Iterable[Grant]) -> dict[UUID, int]:
    given = by_variant((grant.variant, grant.units) for grant in grants)
    left = {variant: units - given.get(variant, 0) for variant, units in wanted.items()}
    return {variant: units for variant, units in left.items() if units > 0}


def _check_units(units: Iterable[int], *, least: int) -> None:
    for count in units:
        if not least <= count <= MAX_UNITS:
            raise WrongUnits(f"{count} is not a number of units from {least} to {MAX_UNITS}", units=count)
