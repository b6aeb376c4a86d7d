"""What follows from what happens to orders. Each is idempotent by (event, handler)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from central.orders import actions, mails, person_index
from central.orders.duplicates import charge_of
from central.orders.events import DuplicateReleased, OrderReceived, StatusChanged, StockFound
from central.orders.models import Order, OrderStatus
from central.orders.seal import open_person
from central.orders.unpaid import paid_after_all
from central.payments.actions import hand_over, open_payment
from central.payments.events import PaymentChanged
from central.payments.models import Payment
from central.payments.providers import is_online
from central.people.actions import match_or_make_customer
from central.people.events import CustomerChanged, CustomerErased, CustomerMatched, CustomersParted
from central.people.models import OrderContact
from central.people.queries import contact_of, customers_of
from central.stock.events import PendingResolved
from node.realms import ORDERS
from sync.events import JobRun, handles, job, once


class ContactNotYet(Exception):
    """The order's customer has not been matched yet: the realm of customers was away. Tried again until he is."""

    code = "contact_not_yet"
    is_transient = True


@handles(OrderReceived)
def match_customer(event: OrderReceived, job: JobRun) -> dict[str, Any]:
    """Open the seal and make or find the customer, in their own realm. Away: the order stands, this is tried again."""
    order = Order.objects.get(pk=UUID(event.order))
    if not order.sealed:
        return {"skipped": "erased"}
    customer = match_or_make_customer(
        order.pk,
        open_person(order),
        site=order.site,
        site_label=order.site_label,
        signed_in=UUID(event.signed_in) if event.signed_in else None,
    )
    return {"customer": customer.pk.hex}


@handles(CustomerMatched)
def name_customer(event: CustomerMatched, job: JobRun) -> None:
    actions.set_customer(UUID(event.order), UUID(event.customer))


@handles(CustomerChanged)
def index_customer(event: CustomerChanged, job: JobRun) -> None:
    """What the customer's orders are found by. His version decides, not the order in which events come."""
    person_index.index_customer(UUID(event.customer), event.ver)


@handles(CustomersParted)
def hand_back_orders(event: CustomersParted, job: JobRun) -> None:
    """A merge was taken back: orders go to whom their contacts name now, which a later merge may have changed again."""
    # First whom each became: else an order would be handed back to the one it comes from.
    person_index.index_customers([UUID(event.gone), UUID(event.kept)])
    actions.give_orders(customers_of(UUID(order) for order in event.orders))


@handles(CustomerErased)
def forget_buyer(event: CustomerErased, job: JobRun) -> None:
    """The orders stay, without who bought and what staff noted about him."""
    actions.forget_buyer([UUID(order) for order in event.orders])


@job(person_index.JOB, lease_s=3600)
def reindex(payload: bytes, run: JobRun) -> dict[str, Any]:
    return {"customers": person_index.reindex()}


@handles(CustomerMatched)
def mail_order_accepted(event: CustomerMatched, job: JobRun) -> dict[str, Any]:
    """Tell the shopper that the order has come in."""
    order = Order.objects.select_related("status").get(pk=UUID(event.order))
    return _mail(mails.ACCEPTED, order, _contact(order), job)


@handles(StatusChanged)
def mail_status(event: StatusChanged, job: JobRun) -> dict[str, Any]:
    """Tell the shopper that the order has come further, where its new status asks for it."""
    status = OrderStatus.objects.filter(pk=event.became).first()
    if status is None or not status.tells_shopper:
        return {"skipped": "status_is_quiet"}
    order = Order.objects.select_related("status").get(pk=UUID(event.order))
    return _mail(mails.STATUS, order, _contact(order), job, status=status)


@handles(OrderReceived)
def make_pay_page(event: OrderReceived, job: JobRun) -> dict[str, Any]:
    """Let the provider make a page to pay on; a suspected duplicate is looked at first and not charged."""
    return _ask_for_money(Order.objects.select_related("status").get(pk=UUID(event.order)))


@handles(DuplicateReleased)
def charge_released(event: DuplicateReleased, job: JobRun) -> dict[str, Any]:
    """Somebody has decided: the order is charged now. Of a basket whose other order is cancelled, under its key."""
    order = Order.objects.select_related("status").get(pk=UUID(event.order))
    return {"skipped": "cancelled"} if order.status.is_final else _ask_for_money(order)


def _ask_for_money(order: Order) -> dict[str, Any]:
    if not is_online(order.payment_provider) or not order.total:
        return {"skipped": "paid_otherwise"}
    if not order.sealed:
        return {"skipped": "erased"}
    if order.is_duplicate_suspect:
        return {"skipped": "duplicate_suspect"}
    payment = open_payment(
        order.pk,
        provider=order.payment_provider,
        amount=order.total,
        currency=order.currency,
        number=order.number,
        basket=charge_of(order),
        return_url=open_person(order).state_url or mails.shop_address(order),
    )
    if payment.order != order.pk:
        # The same basket: the other order asked first. It is doubted or cancelled, so the charge is this one's.
        hand_over(payment.pk, order.pk)
    return {"payment": payment.pk.hex, "state": payment.state}


@handles(PaymentChanged)
def note_payment(event: PaymentChanged, job: JobRun) -> None:
    """Into the order's history, and with the page to pay on down to its shop."""
    with once(job, realm=ORDERS) as first:
        if first:
            actions.note_payment(UUID(event.order), by=event.by, was=event.was, became=event.became)
            if event.became == Payment.State.PAID:
                paid_after_all(UUID(event.order))


@handles(PaymentChanged)
def mail_pay_link(event: PaymentChanged, job: JobRun) -> dict[str, Any]:
    """Send the page to pay on: a shopper whose shop was cut off has left before there was one."""
    payment = Payment.objects.get(pk=UUID(event.payment))
    if event.became != Payment.State.WAITING or payment.state != Payment.State.WAITING:
        return {"skipped": "nothing_to_pay"}
    order = Order.objects.select_related("status").get(pk=UUID(event.order))
    if order.edge and not order.was_delayed:
        return {"skipped": "shown_at_the_shop"}
    return _mail(mails.PAY_LINK, order, _contact(order), job, pay_url=payment.pay_url)


@handles(PendingResolved)
def note_stock(event: PendingResolved, job: JobRun) -> None:
    with once(job, realm=ORDERS) as first:
        if first:
            actions.note_stock(UUID(event.order), UUID(event.variant), event.units)


@handles(StockFound)
def mail_stock_found(event: StockFound, job: JobRun) -> dict[str, Any]:
    """Tell the shopper that what his order waited for is there, once for the whole order."""
    order = Order.objects.select_related("status").get(pk=UUID(event.order))
    if order.is_pending or order.status.is_final:
        return {"skipped": "nothing_to_tell"}
    return _mail(mails.STOCK_FOUND, order, _contact(order), job)


def _contact(order: Order) -> OrderContact:
    contact = contact_of(order.pk)
    if contact is None:
        raise ContactNotYet
    return contact


def _mail(
    template: str,
    order: Order,
    contact: OrderContact,
    job: JobRun,
    *,
    status: OrderStatus | None = None,
    pay_url: str = "",
) -> dict[str, Any]:
    if not contact.email:
        return {"skipped": "no_email"}
    # The same event always gives the same key, so a send of unknown outcome is repeated as the same mail.
    message_id = mails.send(template, order, contact, key=job.key, status=status, pay_url=pay_url)
    with once(job, realm=ORDERS) as first:
        if first:
            actions.note_mail(order.pk, template=template, message_id=message_id)
    return {"message_id": message_id}
