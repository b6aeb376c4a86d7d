"""Accounts are given the e-mail's blind index of the current key."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from central.people.queries import email_index
from central.shoppers.models import Account
from infra.crypto.rotation import BATCH, Stage, add_stages
from node.realms import CUSTOMERS, atomic


def _stages() -> list[Stage]:
    return [Stage("index", CUSTOMERS, "shoppers.account", lambda: sum(len(found) for found in _old()), _work)]


def _old() -> Iterator[list[UUID]]:
    last = None
    while True:
        rows = Account.objects.filter(is_closed=False).select_related("customer")
        batch = list((rows.filter(pk__gt=last) if last else rows).order_by("pk")[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        yield [row.pk for row in batch if not _is_right(row)]


def _is_right(row: Account) -> bool:
    return email_index(row.customer.email) in (None, bytes(row.email_index))


def _work() -> Iterator[int]:
    for accounts in _old():
        with atomic(CUSTOMERS):
            rows = Account.objects.select_for_update(of=("self",)).select_related("customer").filter(pk__in=accounts)
            count = sum(map(_write, rows.order_by("pk")))
        yield count


def _write(row: Account) -> int:
    index = email_index(row.customer.email)
    if index is None:
        return 0
    row.email_index = index
    row.save(update_fields=["email_index"])
    return 1


add_stages(_stages)
