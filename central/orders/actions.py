"""Every change of orders; each is one transaction of the realm `orders`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from central.carts.actions import join_deltas
from central.history.actions import forget
from central.orders import intake
from central.orders.errors import MoveRefused, OrderConflict, StaleOrder, UnknownOrder, UnknownStatus
from central.orders.events import OrderReceived, StatusChanged
from central.orders.labels import label_of
from central.orders.models import Order, OrderChange, OrderLine, OrderPerson, OrderStatus, StatusMove
from central.orders.text import fold
from central.stock.actions import book_orders, free_order
from central.ui import live
from node.acting import current
from node.realms import ORDERS, alias_of, atomic
from sync.contracts.codec import pack
from sync.contracts.orders import PlacedOrder
from sync.events import record_event, record_events
from sync.outbox import record_state, record_states

Kind = OrderChange.Kind

#: whoever hands on the orders of a merged customer holds it alone, whoever names a customer holds it with others
_MERGES = "customers-merged"


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
        _queue_up(*sorted(name for placed, _ in arrived for name in (placed.id, placed.number)))
        known = Order.objects.in_bulk([UUID(placed.id) for placed, _ in arrived])
        new: dict[UUID, PlacedOrder] = {}
        made, now = _Making([placed for placed, _ in arrived]), received_at or timezone.now()
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
    Order.objects.bulk_create(orders, batch_size=500)
    OrderLine.objects.bulk_create(
        (line for order, placed in new for line in _line_rows(order, placed)), batch_size=1000
    )
    book_orders([placed for _, placed in new])
    joined = join_deltas([placed.taken for _, placed in new])
    for order, rivals in zip(orders, (one.rivals for one in joined), strict=True):
        _flag_duplicates(order, rivals)
    OrderChange.objects.bulk_create(map(_arrival, orders), batch_size=1000)
    record_events([_received(order, placed) for order, placed in new], realm=ORDERS)
    record_states(((*_state_of(order), False) for order in orders), realm=ORDERS)
    for order, placed in new:
        _nudge(order, kind="new", sites={line.key.site for line in placed.lines})


def _arrival(order: Order) -> OrderChange:
    became = {"status": order.status_id}
    actor = current()
    by = f"edge:{order.edge}" if order.edge else actor.who if actor else "system"
    return _change_row(order, Kind.RECEIVED, by=by, became=became, at=order.received_at)


def _received(order: Order, placed: PlacedOrder) -> OrderReceived:
    return OrderReceived(
        order=order.pk.hex,
        site=order.site,
        edge=order.edge,
        payment_provider=order.payment_provider,
        signed_in=placed.customer,
    )


def change_status(
    order_id: UUID, to: str, *, by: str, note: str = "", seconds: int = 0, seen_ver: int | None = None
) -> Order:
    """Move an order along one of its buttons. `by`: a login; `seen_ver`: the version on the page, when there is one.

    Raises `UnknownOrder`, `UnknownStatus`, `MoveRefused`, `StaleOrder`. Already there: nothing happens.
    """
    with atomic(ORDERS):
        order = _locked(order_id)
        was = order.status_id
        target = OrderStatus.objects.filter(pk=to).first()
        if target is None:
            raise UnknownStatus(to)
        if was == to:
            return order
        _refuse_stale(order, seen_ver)
        if not StatusMove.objects.filter(source=was, target=to).exists():
            raise MoveRefused(order.number, was, to)
        order.status = target
        _bump(order, "status")
        if target.frees_stock:
            free_order(order.pk, who=by, note=to)
        _record(
            order, Kind.STATUS, by=by, was={"status": was}, became={"status": to}, words={"note": note}, seconds=seconds
        )
        event = StatusChanged(order=order.pk.hex, was=was, became=to, by=by, ver=order.ver)
        record_event(event, realm=ORDERS)
        _publish(order)
    return order


def edit_order(order_id: UUID, *, note: str, by: str, seconds: int = 0, seen_ver: int | None = None) -> Order:
    """Write what staff note about an order. Raises `UnknownOrder`, `StaleOrder`."""
    with atomic(ORDERS):
        order = _locked(order_id)
        if order.note == note:
            return order
        _refuse_stale(order, seen_ver)
        words = {"note_was": order.note, "note": note}
        order.note = note
        _bump(order, "note")
        _record(order, Kind.EDITED, by=by, words=words, seconds=seconds)
        _publish(order)
    return order


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
        made = _Making([one.placed for one in past])
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
        yield _change_row(
            order, Kind.STATUS, by=move.by, was={"status": was}, became={"status": move.to},
            words={"note": move.note}, at=move.at,
        )  # fmt: skip


def set_customer(order_id: UUID, customer: UUID) -> None:
    """Name the customer of an order, once; whoever was named first stays, or the one he was merged into."""
    with atomic(ORDERS):
        _queue_up(_MERGES, beside_others=True)
        order = _locked(order_id)
        if order.customer is not None:
            return
        order.customer = customer = _survivor(customer)
        _bump(order, "customer")
        _record(order, Kind.CUSTOMER, by="system", became={"customer": customer.hex})
        _publish(order)


def give_orders(owners: Mapping[UUID, UUID]) -> None:
    """Order -> whose it is now, after customers were parted; whom he was merged into since counts."""
    with atomic(ORDERS):
        _queue_up(_MERGES)
        wanted = {order: _survivor(customer) for order, customer in owners.items()}
        for order in Order.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"):
            if order.customer != (owner := wanted[order.pk]):
                order.customer = owner
                _bump(order, "customer")
                _record(order, Kind.CUSTOMER, by="system", became={"customer": owner.hex})
                _publish(order)


def forget_buyer(orders: Collection[UUID]) -> None:
    """Throw away what these orders know of who bought: the sealed data and the staff note, in the history too.

    The words of the order's own history stand: nobody changes those.
    """
    with atomic(ORDERS):
        for order in Order.objects.select_for_update(of=("self",)).filter(pk__in=orders).order_by("pk"):
            if order.sealed or order.note:
                order.sealed, order.note = b"", ""
                _bump(order, "sealed", "note")
                _publish(order)
        forget(Order, orders)


def write_people(people: Sequence[OrderPerson], *, restored: Mapping[UUID, int] | None = None) -> None:
    """Take over what customers are found by, and hand on the orders of those merged into others. A newer version stays.

    `restored`: customer -> the version here that an older one may replace, because its realm came out of a backup.
    """
    with atomic(ORDERS):
        _queue_up(*sorted(f"person:{person.pk.hex}" for person in people))
        here = dict(OrderPerson.objects.filter(pk__in=[one.pk for one in people]).values_list("pk", "ver"))
        OrderPerson.objects.bulk_create(one for one in people if one.pk not in here)
        changed = [
            one
            for one in people
            if one.pk in here and (one.ver >= here[one.pk] or (restored or {}).get(one.pk) == here[one.pk])
        ]
        OrderPerson.objects.bulk_update(changed, ["marks", "merged_into", "ver"])
        if gone := [one.pk for one in people if one.merged_into]:
            _queue_up(_MERGES)
            for customer in gone:
                Order.objects.filter(customer=customer).update(customer=_survivor(customer))


def forget_people(customers: Collection[UUID]) -> None:
    """Customers that are there no more: nothing finds their orders by who they were."""
    if customers:
        with atomic(ORDERS):
            OrderPerson.objects.filter(pk__in=customers).update(marks=[])


def _survivor(customer: UUID) -> UUID:
    """Whom a customer was merged into, as far as orders have heard; else himself. Under the lock `_MERGES`."""
    seen = {customer}
    while found := OrderPerson.objects.filter(pk=customer, merged_into__isnull=False).first():
        customer = found.merged_into or customer
        if customer in seen:
            break
        seen.add(customer)
    return customer


def note_payment(order_id: UUID, *, by: str, was: str, became: str) -> None:
    """A payment of the order changed its state: say so in its history and to its shop."""
    with atomic(ORDERS):
        order = _locked(order_id)
        _bump(order)
        _record(order, Kind.PAYMENT, by=by, was={"payment": was}, became={"payment": became})
        _publish(order)


def note_stock(order_id: UUID, units: int) -> None:
    """Units that the order waited for were found."""
    with atomic(ORDERS):
        order = _locked(order_id)
        was = order.pending_units
        order.pending_units = max(0, was - units)
        _bump(order, "pending_units")
        _record(
            order, Kind.STOCK, by="system", was={"pending_units": was}, became={"pending_units": order.pending_units}
        )
        _publish(order)


def note_mail(order_id: UUID, *, template: str, message_id: str) -> None:
    """A mail to the shopper has gone out; its text is not kept, its name and id are. The caller says it once."""
    with atomic(ORDERS):
        order = _locked(order_id)
        _record(order, Kind.MAIL, by="system", became={"mail": template, "message_id": message_id})


class _Making:
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


def _queue_up(*names: str, beside_others: bool = False) -> None:
    """One order may come by two ways at one moment, one number from two disks: the second waits for the first.

    Without it the second would end in a broken unique constraint, and so, for good, in quarantine.
    `beside_others`: wait only for those who queue up alone.
    """
    lock = "pg_advisory_xact_lock_shared" if beside_others else "pg_advisory_xact_lock"
    keys = [int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names]
    with connections[alias_of(ORDERS)].cursor() as cursor:
        # The rows of unnest come in order, and so do the locks.
        cursor.execute(f"SELECT {lock}(key) FROM unnest(%s::bigint[]) AS one (key)", [keys])  # noqa: S608


def _search_key(placed: PlacedOrder) -> str:
    words = [placed.number, *(word for line in placed.lines for word in (line.title, line.key.sku))]
    return fold(" ".join(dict.fromkeys(words)))


def _flag_duplicates(order: Order, rivals: Iterable[str]) -> None:
    """Two orders took the same units of one cart: both stand, the later one is looked at before it is charged."""
    ids = [UUID(rival) for rival in rivals]
    later = Order.objects.select_for_update().filter(pk__in=ids).order_by("-placed_at", "-pk")
    if len(found := list(later)) < 2:
        return
    found[0].is_duplicate_suspect = True
    found[0].save(update_fields=["is_duplicate_suspect"])
    order.refresh_from_db(fields=["is_duplicate_suspect"])


def _locked(order_id: UUID) -> Order:
    order = Order.objects.select_for_update(of=("self",)).select_related("status").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(order_id)
    return order


def _refuse_stale(order: Order, seen_ver: int | None) -> None:
    if seen_ver is not None and seen_ver != order.ver:
        raise StaleOrder(order.number, seen_ver, order.ver)


def _bump(order: Order, *fields: str) -> None:
    order.ver += 1
    order.changed_at = timezone.now()
    order.save(update_fields=[*fields, "ver", "changed_at"])


def _publish(order: Order) -> None:
    """Tell the order's edge its state, and open screens that there is something to look at."""
    record_state(*_state_of(order), realm=ORDERS)
    _nudge(order, kind="changed", sites=order.lines.values_list("site", flat=True))


def _state_of(order: Order) -> tuple[str, str, int]:
    """(topic, key, version) of what its edge is told."""
    return f"order_state:{order.edge}", order.pk.hex, order.ver


def _nudge(order: Order, *, kind: str, sites: Iterable[str]) -> None:
    """`sites`: those of its lines."""
    live.nudge_after_commit(live.ORDERS, realm=ORDERS, sites={order.site, *sites}, kind=kind, keys=[str(order.pk)])


def _record(order: Order, kind: OrderChange.Kind, **said: Any) -> None:
    _change_row(order, kind, **said).save(force_insert=True)


def _change_row(
    order: Order,
    kind: OrderChange.Kind,
    *,
    by: str,
    was: Mapping[str, Any] | None = None,
    became: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
    seconds: int = 0,
    at: datetime | None = None,
) -> OrderChange:
    said = {name: text for name, text in (words or {}).items() if text}
    return OrderChange(
        order=order,
        kind=kind,
        at=at or timezone.now(),
        by=by,
        was=was or {},
        became=became or {},
        words=json.dumps(said, ensure_ascii=False) if said else "",
        seconds_editing=max(0, seconds),
        order_ver=order.ver,
    )


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=32).digest()


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
