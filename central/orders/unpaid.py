"""Orders that are to be paid online and are not: after a while their units are free again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from central.cluster.models import Site
from central.orders.actions import bump, locked, record
from central.orders.models import Order, OrderChange
from central.orders.writing import publish
from central.payments.models import Payment
from central.stock.booking import free_order, take_again
from central.stock.ledger import by_variant
from central.stock.models import Movement
from node.realms import ORDERS, atomic

#: the shopper got a page to pay on, and has not paid
NOT_PAID = (Payment.State.WAITING, Payment.State.REFUSED, Payment.State.EXPIRED)
#: orders freed in one turn
AT_ONCE = 200


def free_unpaid(now: datetime | None = None) -> int:
    """Free the units of every order whose shopper had his site's time to pay; how many orders. Call it every minute."""
    now = now or timezone.now()
    sites: dict[int, list[str]] = defaultdict(list)
    for site, minutes in Site.objects.exclude(unpaid_minutes=0).values_list("pk", "unpaid_minutes"):
        sites[minutes].append(site)
    return sum(_free_of(sites[minutes], now - timedelta(minutes=minutes)) for minutes in sorted(sites))


def _free_of(sites: Collection[str], before: datetime) -> int:
    late = overdue(before).filter(site__in=sites).values_list("pk", flat=True)
    return sum(_free(order, before) for order in list(late[:AT_ONCE]))


def overdue(before: datetime) -> QuerySet[Order]:
    """Orders that got a page to pay on before `before`, and neither money nor another page since."""
    asked = Payment.objects.filter(state__in=NOT_PAID, created_at__lt=before)
    spoken_for = Payment.objects.exclude(pk__in=asked.values("pk"))
    unpaid = Order.objects.filter(unpaid_at=None, status__is_final=False, pk__in=asked.values("order"))
    return unpaid.exclude(pk__in=spoken_for.values("order")).order_by("received_at")


def _free(order_id: UUID, before: datetime) -> bool:
    with atomic(ORDERS):
        order = locked(order_id)
        # Under their locks: a payment that is being settled at this moment is waited for, and counts.
        payments = list(Payment.objects.select_for_update().filter(order=order_id).order_by("pk"))
        is_unpaid = all(one.state in NOT_PAID and one.created_at < before for one in payments)
        if not is_unpaid or order.unpaid_at or order.status.is_final:
            return False
        if not free_order(order.pk, who="system", cause=Movement.Cause.UNPAID):
            return False
        order.unpaid_at, order.pending_units = timezone.now(), 0
        bump(order, "unpaid_at", "pending_units")
        record(order, OrderChange.Kind.UNPAID, by="system", became={"units": "free"})
        publish(order)
    return True


def paid_after_all(order_id: UUID) -> None:
    """The order was paid: units that were freed meanwhile are taken again, or waited for. Repeating changes nothing."""
    with atomic(ORDERS):
        order = locked(order_id)
        if order.unpaid_at is None or order.status.frees_stock:
            return
        wanted = by_variant((line.variant, line.units) for line in order.lines.all())
        order.pending_units = take_again(order.pk, wanted, placed_at=order.placed_at, who="system")
        order.unpaid_at = None
        bump(order, "unpaid_at", "pending_units")
        record(order, OrderChange.Kind.UNPAID, by="system", was={"units": "free"}, became={"units": "taken"})
        publish(order)
