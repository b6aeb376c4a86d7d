"""Taking orders in, those that edges have made and those of the past; each is one transaction of the realm `orders`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from central.carts.actions import join_deltas
from central.orders import intake
from central.orders.duplicates import basket_of, note_pairs
from central.orders.errors import OrderConflict, UnknownStatus
from central.orders.events import OrderReceived
from central.orders.labels import label_of
from central.orders.models import Order, OrderChange, OrderLine, OrderStatus
from central.orders.text import fold
from central.orders.writing import change_row, nudge, publish, queue_up, state_of
from central.stock.booking import book_orders
from node.acting import current
from node.realms import ORDERS, atomic
from sync.contracts.codec import pack
from sync.contracts.orders import PlacedOrder
from sync.events import record_events
from sync.outbox import record_states

Kind = OrderChange.Kind


def receive_order(placed: PlacedOrder, *, body: bytes | None = None, received_at: datetime | None = None) -> Order:
    """Take in an order that an edge has made. It may come again, by any way; the first one is returned.

    `body`: the bytes as they came. Raises `OrderConflict` for another order under the same id, `BrokenOrder`.
    """
    return receive_orders([(placed, body if body is not None else pack(placed))], received_at=received_at)[0]


def receive_orders(arrived: Sequence[tuple[PlacedOrder, bytes]], *, received_at: datetime | None = None) -> list[Order]:
    """`receive_order` for each (order, its bytes), in their order: as many questions to the database as for one.

    One that cannot be taken in raises, and then none is.
    """
    with atomic(ORDERS):
        queue_up(*sorted(name for placed, _ in arrived for name in (placed.id, placed.number)))
        known = Order.objects.in_bulk([UUID(placed.id) for placed, _ in arrived])
        new: dict[UUID, PlacedOrder] = {}
        made, now = _OrderBatch([placed for placed, _ in arrived]), received_at or timezone.now()
        for placed, body in arrived:
            order_id, body_hash = UUID(placed.id), _hash(body)
            if order := known.get(order_id):
                if bytes(order.body_hash) != body_hash:
                    raise OrderConflict(order_id, order.number)  # never swallow a second, different order
                continue
            known[order_id], new[order_id] = made.order(placed, body_hash, now), placed
        if new:
            _write([(known[order_id], placed) for order_id, placed in new.items()])
    return [known[UUID(placed.id)] for placed, _ in arrived]


def _write(new: Sequence[tuple[Order, PlacedOrder]]) -> None:
    """Everything that new orders bring about in this realm."""
    orders = [order for order, _ in new]
    joined = join_deltas([placed.taken for _, placed in new])
    for (order, placed), one in zip(new, joined, strict=True):
        order.basket = basket_of(one.cart, placed.taken)
    Order.objects.bulk_create(orders, batch_size=500)
    OrderLine.objects.bulk_create(
        (line for order, placed in new for line in _line_rows(order, placed)), batch_size=1000
    )
    # Orders are locked before stock, as where one is cancelled.
    doubted = note_pairs(orders, [one.rivals for one in joined])
    book_orders([placed for _, placed in new])
    OrderChange.objects.bulk_create(map(_arrival, orders), batch_size=1000)
    record_events([_received(order, placed) for order, placed in new], realm=ORDERS)
    record_states(((*state_of(order), False) for order in orders), realm=ORDERS)
    for order in doubted:
        if order.pk not in {one.pk for one in orders}:
            publish(order)
    for order, placed in new:
        nudge(order, kind="new", sites={line.key.site for line in placed.lines})


def _arrival(order: Order) -> OrderChange:
    became = {"status": order.status_id}
    actor = current()
    by = f"edge:{order.edge}" if order.edge else actor.who if actor else "system"
    return change_row(order, Kind.RECEIVED, by=by, became=became, at=order.received_at)


def _received(order: Order, placed: PlacedOrder) -> OrderReceived:
    return OrderReceived(
        order=order.pk.hex,
        site=order.site,
        edge=order.edge,
        payment_provider=order.payment_provider,
        signed_in=placed.customer,
    )


@dataclass(frozen=True)
class PastMove:
    """A status an order of the past went to."""

    to: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class PastOrder:
    """An order that was worked on elsewhere or long ago, and its history since."""

    placed: PlacedOrder
    customer: UUID | None
    received_at: datetime
    moves: Sequence[PastMove] = ()


def write_past_orders(past: Sequence[PastOrder]) -> None:
    """Write orders of the past with their histories, for set-up and imports: a few queries, however many they are.

    Books no stock, takes nothing out of a cart, writes to nobody and tells no edge. The same id again changes nothing.
    """
    with atomic(ORDERS):
        known = set(Order.objects.filter(pk__in=[one.placed.id for one in past]).values_list("pk", flat=True))
        made = _OrderBatch([one.placed for one in past])
        orders: list[Order] = []
        lines: list[OrderLine] = []
        changes: list[OrderChange] = []
        for one in past:
            if UUID(one.placed.id) in known:
                continue
            order = made.order(one.placed, _hash(pack(one.placed)), one.received_at)
            order.customer, order.pending_units = one.customer, 0
            orders.append(order)
            lines += _line_rows(order, one.placed)
            changes += _past_changes(order, one)
        Order.objects.bulk_create(orders, batch_size=500)
        OrderLine.objects.bulk_create(lines, batch_size=1000)
        OrderChange.objects.bulk_create(changes, batch_size=1000)


def _past_changes(order: Order, past: PastOrder) -> Iterator[OrderChange]:
    """The history as rows; the order comes to stand where the last of them left it."""
    yield _arrival(order)
    for move in past.moves:
        was, order.status_id, order.changed_at = order.status_id, move.to, move.at
        order.ver += 1
        yield change_row(
            order, Kind.STATUS, by=move.by, was={"status": was}, became={"status": move.to},
            words={"note": move.note}, at=move.at,
        )  # fmt: skip


class _OrderBatch:
    """Rows of orders that arrive together: what they need to know is asked once, numbers are given out once."""

    def __init__(self, placed: Sequence[PlacedOrder]) -> None:
        self._status = _first_status()
        numbers = Order.objects.filter(number__in=[one.number for one in placed])
        self._taken = set(numbers.values_list("number", flat=True))

    def order(self, placed: PlacedOrder, body_hash: bytes, received_at: datetime) -> Order:
        """Raises `BrokenOrder`."""
        intake.check(placed)
        number = self._free_number(placed.number)
        self._taken.add(number)
        return _order_row(placed, number, body_hash, received_at, self._status)

    def _free_number(self, number: str) -> str:
        """The number the shopper was told, with a mark when a restored disk has given it out a second time."""
        name, count = number, 1
        while name in self._taken or (count > 1 and Order.objects.filter(number=name).exists()):
            count += 1
            name = f"{number}-{count}"
        return name


def _first_status() -> OrderStatus:
    first = OrderStatus.objects.filter(is_first=True).order_by("position").first()
    if first is None:
        raise UnknownStatus("(the first of all)")
    return first


def _order_row(placed: PlacedOrder, number: str, body_hash: bytes, received_at: datetime, status: OrderStatus) -> Order:
    site = label_of(placed.site)
    return Order(
        id=UUID(placed.id),
        number=number,
        site=placed.site,
        site_label=site.label,
        edge=placed.edge,
        cart=placed.cart,
        status=status,
        placed_at=_moment(placed.placed_at),
        received_at=received_at,
        changed_at=received_at,
        currency=placed.currency,
        goods_total=placed.goods_total,
        delivery_price=placed.delivery_price,
        total=placed.total,
        delivery=placed.delivery,
        delivery_title=placed.delivery_title,
        payment=placed.payment,
        payment_provider=placed.payment_provider,
        pending_units=sum(line.pending for line in placed.lines),
        domain=site.domain,
        referer=placed.referer,
        utm=placed.utm,
        seconds_on_site=placed.seconds_on_site,
        region=placed.region,
        language=placed.language,
        consent_at=_moment(placed.consent_at),
        consent_text=placed.consent_text,
        sealed=placed.person.sealed,
        sealing_key=placed.person.key_id,
        body_hash=body_hash,
        search_key=_search_key(placed),
    )


def _line_rows(order: Order, placed: PlacedOrder) -> list[OrderLine]:
    return [
        OrderLine(
            order=order,
            position=position,
            site=line.key.site,
            site_label=label_of(line.key.site).label,
            sku=line.key.sku,
            options=line.key.options,
            variant=UUID(line.variant),
            title=line.title,
            options_title=line.options_title,
            units=line.units,
            price=line.price,
            currency=line.currency,
            price_ver=line.price_ver,
            charged=line.charged,
            rate_micros=line.rate_micros,
            rate_ver=line.rate_ver,
            pending=line.pending,
        )
        for position, line in enumerate(placed.lines, start=1)
    ]


def _search_key(placed: PlacedOrder) -> str:
    words = [placed.number, *(word for line in placed.lines for word in (line.title, line.key.sku))]
    return fold(" ".join(dict.fromkeys(words)))


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=32).digest()


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
