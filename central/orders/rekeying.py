"""What orders hold under keys of central: the sealed person, and the marks of customers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.db.models import Q

from central.orders import person_index
from central.orders.marks import marks_of
from central.orders.models import Order, OrderPerson
from central.orders.seal import put_under_own_key
from central.people.queries import known_as
from infra.crypto.errors import CryptoError
from infra.crypto.keys import ensure_central_keys
from infra.crypto.rotation import BATCH, Stage, add_stages
from node.config import config
from node.realms import ORDERS, atomic


def _stages() -> list[Stage]:
    return [
        # Those whose customer is known need no sealing key any more; the others keep it in use.
        Stage("fields", ORDERS, "orders.sealed", lambda: _sealed().exclude(customer=None).count(), _put_under_own_keys),
        Stage("sealing", ORDERS, "orders.sealed", lambda: _sealed_to_old().count(), _put_under_own_keys),
        Stage("index", ORDERS, "orders.orderperson", lambda: sum(map(len, _old_marks())), _reindex),
    ]


def _sealed() -> Any:
    return Order.objects.exclude(Q(sealed=b"") | Q(sealing_key=""))


def _sealed_to_old() -> Any:
    return _sealed().exclude(sealing_key=ensure_central_keys(config().home).current_sealing_id)


def _put_under_own_keys() -> Iterator[int]:
    last = None
    while True:
        found = _sealed().exclude(customer=None).order_by("pk")
        ids = list((found.filter(pk__gt=last) if last else found).values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        last = ids[-1]
        with atomic(ORDERS):
            count = sum(map(_put_one, Order.objects.select_for_update().filter(pk__in=ids).order_by("pk")))
        yield count


def _put_one(order: Order) -> int:
    with suppress(CryptoError):
        if put_under_own_key(order):
            # Not a change that anybody is told of: the version stays.
            order.save(update_fields=["sealed", "sealing_key"])
            return 1
    return 0


def _old_marks() -> Iterator[list[Any]]:
    """Customers whose marks are not those of today's keys."""
    last = None
    while True:
        rows = OrderPerson.objects.filter(pk__gt=last) if last else OrderPerson.objects.all()
        batch = list(rows.order_by("pk")[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        known = known_as([row.pk for row in batch])
        yield [row.pk for row in batch if row.pk in known and not _are_right(row, known[row.pk])]


def _are_right(row: OrderPerson, known: Any) -> bool:
    right = marks_of(names=known.names, phones=known.phones, emails=known.emails)
    return sorted(bytes(mark) for mark in row.marks) == right


def _reindex() -> Iterator[int]:
    for customers in _old_marks():
        yield person_index.index_customers(customers)


add_stages(_stages)
