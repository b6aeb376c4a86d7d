"""Every change of orders that are there; each is one transaction of the realm `orders`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from central.history.actions import forget
from central.orders.duplicates import end_pairs
from central.orders.errors import MoveRefused, StaleOrder, UnknownOrder, UnknownStatus
from central.orders.events import StatusChanged, StockFound
from central.orders.models import DuplicatePair, Order, OrderChange, OrderLine, OrderPerson, OrderStatus, StatusMove
from central.orders.seal import put_under_own_key
from central.orders.writing import change_row, publish, queue_up
from central.stock.booking import free_order
from infra.crypto import persons
from infra.crypto.errors import CryptoError
from node.realms import ORDERS, atomic
from sync.events import record_event

Kind = OrderChange.Kind

#: whoever hands on the orders of a merged customer holds it alone, whoever names a customer holds it with others
_MERGES = "customers-merged"


def change_status(
    order_id: UUID, to: str, *, by: str, note: str = "", seconds: int = 0, seen_ver: int | None = None
) -> Order:
    """Move an order along one of its buttons. `by`: a login; `seen_ver`: the version on the page, when there is one.

    Raises `UnknownOrder`, `UnknownStatus`, `MoveRefused`, `StaleOrder`. Already there: nothing happens.
    """
    with atomic(ORDERS):
        order = _locked_with_rivals(order_id)
        was = order.status_id
        target = OrderStatus.objects.filter(pk=to).first()
        if target is None:
            raise UnknownStatus(to)
        if was == to:
            return order
        _refuse_stale(order, seen_ver)
        if not StatusMove.objects.filter(source=was, target=to).exists():
            raise MoveRefused(order.number, was, to)
        move_locked(order, target, by=by, note=note, seconds=seconds)
    return order


def move_locked(order: Order, target: OrderStatus, *, by: str, note: str = "", seconds: int = 0) -> None:
    """Put an order that the transaction holds into another status, whatever its buttons say."""
    was = order.status_id
    order.status = target
    fields = ["status"]
    if target.frees_stock:
        free_order(order.pk, who=by, note=target.pk)
        order.pending_units = 0
        order.lines.filter(pending__gt=0).update(pending=0)
        fields.append("pending_units")
        for freed in end_pairs(order, by=by):
            _tell_freed(freed)
        order.refresh_from_db(fields=["is_duplicate_suspect"])
    bump(order, *fields)
    record(
        order,
        Kind.STATUS,
        by=by,
        was={"status": was},
        became={"status": target.pk},
        words={"note": note},
        seconds=seconds,
    )
    record_event(StatusChanged(order=order.pk.hex, was=was, became=target.pk, by=by, ver=order.ver), realm=ORDERS)
    publish(order)


def _tell_freed(order_id: UUID) -> None:
    """Its shop may show a page to pay on again."""
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    bump(order)
    publish(order)


def edit_order(order_id: UUID, *, note: str, by: str, seconds: int = 0, seen_ver: int | None = None) -> Order:
    """Write what staff note about an order. Raises `UnknownOrder`, `StaleOrder`."""
    with atomic(ORDERS):
        order = locked(order_id)
        if order.note == note:
            return order
        _refuse_stale(order, seen_ver)
        words = {"note_was": order.note, "note": note}
        order.note = note
        bump(order, "note")
        record(order, Kind.EDITED, by=by, words=words, seconds=seconds)
        publish(order)
    return order


def set_customer(order_id: UUID, customer: UUID) -> None:
    """Name the customer of an order, once; whoever was named first stays, or the one he was merged into."""
    with atomic(ORDERS):
        queue_up(_MERGES, beside_others=True)
        order = locked(order_id)
        if order.customer is not None:
            return
        order.customer = customer = _survivor(customer)
        with suppress(CryptoError):  # what does not open now is tried again when keys are rotated
            put_under_own_key(order)
        bump(order, "customer", "sealed", "sealing_key")
        record(order, Kind.CUSTOMER, by="system", became={"customer": customer.hex})
        publish(order)


def give_orders(owners: Mapping[UUID, UUID]) -> None:
    """Order -> whose it is now, after customers were parted; whom he was merged into since counts."""
    with atomic(ORDERS):
        queue_up(_MERGES)
        wanted = {order: _survivor(customer) for order, customer in owners.items()}
        for order in Order.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"):
            if order.customer != (owner := wanted[order.pk]):
                order.customer = owner
                bump(order, "customer")
                record(order, Kind.CUSTOMER, by="system", became={"customer": owner.hex})
                publish(order)


def forget_buyer(orders: Collection[UUID]) -> None:
    """Throw away what these orders know of who bought: the sealed data and the staff note, in the history too.

    The words of the order's own history stand, for nobody changes those; with the order's key they are unreadable.
    """
    with atomic(ORDERS):
        for order in Order.objects.select_for_update(of=("self",)).filter(pk__in=orders).order_by("pk"):
            if order.sealed or order.note:
                order.sealed, order.note = b"", ""
                bump(order, "sealed", "note")
                publish(order)
        forget(Order, orders)
        persons.destroy(ORDERS, orders)


def write_people(people: Sequence[OrderPerson], *, restored: Mapping[UUID, int] | None = None) -> None:
    """Take over what customers are found by, and hand on the orders of those merged into others. A newer version stays.

    `restored`: customer -> the version here that an older one may replace, because its realm came out of a backup.
    """
    with atomic(ORDERS):
        queue_up(*sorted(f"person:{person.pk.hex}" for person in people))
        here = dict(OrderPerson.objects.filter(pk__in=[one.pk for one in people]).values_list("pk", "ver"))
        OrderPerson.objects.bulk_create(one for one in people if one.pk not in here)
        changed = [
            one
            for one in people
            if one.pk in here and (one.ver >= here[one.pk] or (restored or {}).get(one.pk) == here[one.pk])
        ]
        OrderPerson.objects.bulk_update(changed, ["marks", "merged_into", "ver"])
        if gone := [one.pk for one in people if one.merged_into]:
            queue_up(_MERGES)
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
        order = locked(order_id)
        bump(order)
        record(order, Kind.PAYMENT, by=by, was={"payment": was}, became={"payment": became})
        publish(order)


def note_stock(order_id: UUID, variant: UUID, units: int) -> None:
    """Units of a variant that the order waited for were found; the last of them is an event of its own."""
    with atomic(ORDERS):
        order = locked(order_id)
        was = order.pending_units
        order.pending_units = max(0, was - units)
        left = units
        for line in order.lines.filter(variant=variant, pending__gt=0).order_by("position"):
            found = min(left, line.pending)
            OrderLine.objects.filter(pk=line.pk).update(pending=line.pending - found)
            left -= found
        bump(order, "pending_units")
        record(
            order, Kind.STOCK, by="system", was={"pending_units": was}, became={"pending_units": order.pending_units}
        )
        if was and not order.pending_units and not order.status.is_final:
            record_event(StockFound(order=order.pk.hex), realm=ORDERS)
        publish(order)


def note_mail(order_id: UUID, *, template: str, message_id: str) -> None:
    """A mail to the shopper has gone out; its text is not kept, its name and id are. The caller says it once."""
    with atomic(ORDERS):
        order = locked(order_id)
        record(order, Kind.MAIL, by="system", became={"mail": template, "message_id": message_id})


def locked(order_id: UUID) -> Order:
    order = Order.objects.select_for_update(of=("self",)).select_related("status").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(order_id)
    return order


def _locked_with_rivals(order_id: UUID) -> Order:
    """An order and those it may be a duplicate of, in the order of ids: a cancelled one sets them free."""
    pairs = DuplicatePair.objects.filter(Q(earlier=order_id) | Q(later=order_id), decision=DuplicatePair.Decision.OPEN)
    wanted = {order_id, *(one for pair in pairs.values_list("earlier", "later") for one in pair)}
    if len(wanted) == 1:
        return locked(order_id)
    found = Order.objects.select_for_update(of=("self",)).select_related("status").filter(pk__in=wanted).order_by("pk")
    return {order.pk: order for order in found}[order_id]


def _refuse_stale(order: Order, seen_ver: int | None) -> None:
    if seen_ver is not None and seen_ver != order.ver:
        raise StaleOrder(order.number, seen_ver, order.ver)


def bump(order: Order, *fields: str) -> None:
    order.ver += 1
    order.changed_at = timezone.now()
    order.save(update_fields=[*fields, "ver", "changed_at"])


def record(order: Order, kind: OrderChange.Kind, **said: Any) -> None:
    change_row(order, kind, **said).save(force_insert=True)
