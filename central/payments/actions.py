"""Every change of payments; each is one transaction of the realm `orders`, providers are asked outside of it."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.utils import timezone

from central.payments.errors import UnknownPayment, WrongMoney
from central.payments.events import PaymentChanged
from central.payments.models import Payment
from central.payments.providers import provider_named
from infra.payments.protocol import Callback, Charge, Settlement
from node.realms import ORDERS, atomic
from sync.events import record_event

State = Payment.State


def open_payment(
    order: UUID, *, provider: str, amount: int, currency: str, number: str, basket: str, return_url: str
) -> Payment:
    """Ask a provider for a page to pay `amount` on. Called again it asks again under the same key: one charge.

    `basket` names what is paid for (a cart and what was taken from it), so that one basket is one charge whatever the
    number of orders made of it. Raises `infra.payments.protocol.Refused` or `Unavailable`.
    """
    payment, _ = Payment.objects.get_or_create(
        idempotency_key=_key(basket, amount, currency),
        defaults={"order": order, "provider": provider, "amount": amount, "currency": currency},
    )
    if payment.state != State.OPEN:
        return payment
    opened = provider_named(provider).create(
        Charge(
            key=payment.idempotency_key,
            amount=payment.amount,
            currency=payment.currency,
            label=number,
            return_url=return_url,
        )
    )
    with atomic(ORDERS):
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.state == State.OPEN:
            payment.provider_ref, payment.pay_url = opened.ref, opened.pay_url
            _move(payment, State.WAITING, by="system")
    return payment


def hand_over(payment_id: UUID, order: UUID) -> Payment:
    """The charge is another order's now: two orders of one basket are one charge. Again: nothing happens."""
    with atomic(ORDERS):
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.order != order:
            payment.order, payment.ver = order, payment.ver + 1
            payment.save(update_fields=["order", "ver"])
            state = str(payment.state)
            record_event(
                PaymentChanged(payment=payment.pk.hex, order=order.hex, was="", became=state, by="system"),
                realm=ORDERS,
            )
    return payment


def settle_payment(provider: str, callback: Callback) -> Payment:
    """Take a provider's message. A repeat says nothing new; paid stays paid.

    Raises `Refused` for a bad signature, `UnknownPayment`, `WrongMoney`.
    """
    told: Settlement = provider_named(provider).settle(callback)
    with atomic(ORDERS):
        found = Payment.objects.select_for_update().filter(provider=provider, idempotency_key=told.key)
        payment = found.first()
        if payment is None:
            raise UnknownPayment
        if told.state == "waiting" or payment.state == State.PAID:
            return payment
        if (told.amount, told.currency) != (payment.amount, payment.currency):
            raise WrongMoney("the provider speaks of other money than we asked for", payment=payment.pk.hex)
        payment.provider_ref = told.ref
        _move(payment, State.PAID if told.state == "paid" else State.REFUSED, by=provider)
    return payment


def _move(payment: Payment, state: Payment.State, *, by: str) -> None:
    was = payment.state
    if was == state:
        return
    payment.state, payment.ver = state, payment.ver + 1
    if state == State.PAID:
        payment.paid_at = timezone.now()
    payment.save()
    record_event(
        PaymentChanged(payment=payment.pk.hex, order=payment.order.hex, was=str(was), became=str(state), by=by),
        realm=ORDERS,
    )


def _key(basket: str, amount: int, currency: str) -> str:
    return hashlib.sha256(f"{basket}\n{amount}\n{currency}".encode()).hexdigest()
