"""Customers found by blind indexes are given those of the current key."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from central.people.models import Customer
from central.people.queries import email_index, phone_index
from infra.crypto.rotation import BATCH, Stage, add_stages
from node.realms import CUSTOMERS, atomic


def _stages() -> list[Stage]:
    return [Stage("index", CUSTOMERS, "people.customer", lambda: sum(len(found) for found in _old()), _work)]


def _old() -> Iterator[list[UUID]]:
    last = None
    while True:
        rows = Customer.objects.filter(pk__gt=last) if last else Customer.objects.all()
        batch = list(rows.order_by("pk")[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        yield [row.pk for row in batch if _right(row) != _stored(row)]


Indexes = tuple[bytes | None, bytes | None, bytes | None]


def _stored(row: Customer) -> Indexes:
    held = (row.phone_index, row.claimed_index, row.email_index)
    phone, claimed, email = (bytes(one) if one is not None else None for one in held)
    return phone, claimed, email


def _right(row: Customer) -> Indexes:
    """The same places filled, by today's key; what has no place stays without."""
    phone = phone_index(row.phone or "")
    return (
        phone if row.phone_index is not None else None,
        phone if row.claimed_index is not None else None,
        email_index(row.email or "") if row.email_index is not None else None,
    )


def _work() -> Iterator[int]:
    for customers in _old():
        with atomic(CUSTOMERS):
            rows = Customer.objects.select_for_update().filter(pk__in=customers).order_by("pk")
            count = sum(map(_write, rows))
        yield count


def _write(row: Customer) -> int:
    # Neither a new version nor a change: the person is who he was.
    row.phone_index, row.claimed_index, row.email_index = _right(row)
    row.save(update_fields=["phone_index", "claimed_index", "email_index"])
    return 1


add_stages(_stages)
