"""Reads of payments. They carry no scope: ask with the id of an order the person may see."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from central.payments.models import Payment


def payments_of(order: UUID) -> QuerySet[Payment]:
    """The tries to pay one order, newest first."""
    return Payment.objects.filter(order=order).order_by("-created_at")


def pay_urls_of(orders: Iterable[UUID]) -> dict[UUID, str]:
    """Order -> the page to pay it on, for those that wait to be paid."""
    waiting = Payment.objects.filter(order__in=list(orders), state=Payment.State.WAITING).exclude(pay_url="")
    return dict(waiting.order_by("created_at").values_list("order", "pay_url"))
