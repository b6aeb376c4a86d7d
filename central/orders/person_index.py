"""Keeps `OrderPerson` true to the realm `customers`: two transactions, one a realm, and safe to repeat at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from central.orders import actions
from central.orders.marks import marks_of
from central.orders.models import OrderPerson
from central.people.queries import KnownAs, customers_after, known_as

BATCH = 500
#: the job that makes all rows anew
JOB = "orders.reindex"


def index_customer(customer: UUID, ver: int) -> None:
    """Take a customer over as he is now. `ver` speaks for one that is gone."""
    if OrderPerson.objects.filter(pk=customer, ver__gt=ver).exists():
        return  # a later event was first: many orders of one person would each open all his contacts
    known = known_as([customer]).get(customer)
    actions.write_people([_row(customer, known) if known else OrderPerson(customer=customer, ver=ver)])


def index_customers(customers: Iterable[UUID]) -> int:
    """The same for many, without an event; returns how many."""
    wanted, count = sorted(set(customers)), 0
    for start in range(0, len(wanted), BATCH):
        count += _index_batch(wanted[start : start + BATCH])
    return count


def reindex(progress: Callable[[int], object] = lambda done: None) -> int:
    """Make all rows anew from the realm of customers, while events go on; returns how many customers there are."""
    count, last = 0, None
    while batch := customers_after(last, BATCH):
        count, last = count + _index_batch(batch), batch[-1]
        progress(count)
    last = None  # and now the other way round
    while rows := _people_after(last):
        last = rows[-1]
        # A row is written only when its customer is there: one that is not there now has been deleted.
        actions.forget_people(set(rows) - set(known_as(rows)))
    return count


def _index_batch(customers: list[UUID]) -> int:
    seen = dict(OrderPerson.objects.filter(pk__in=customers).values_list("pk", "ver"))
    known = known_as(customers)
    # Versions only rise. A customer that is older than what was taken over before came out of a backup.
    restored = [pk for pk, ver in seen.items() if pk in known and known[pk].ver < ver]
    actions.write_people([_row(pk, one) for pk, one in known.items()], restored={pk: seen[pk] for pk in restored})
    return len(known)


def _people_after(last: UUID | None) -> list[UUID]:
    rows = OrderPerson.objects.filter(pk__gt=last) if last else OrderPerson.objects.all()
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _row(customer: UUID, known: KnownAs) -> OrderPerson:
    marks = marks_of(names=known.names, phones=known.phones, emails=known.emails)
    return OrderPerson(customer=customer, marks=marks, merged_into=known.merged_into, ver=known.ver)
