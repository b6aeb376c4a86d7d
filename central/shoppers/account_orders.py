"""The orders an account shows, over all shops."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from central.orders.errors import UnknownOrder
from central.orders.models import Order
from central.payments.queries import pay_urls_of
from central.people.queries import orders_of_account
from central.shoppers.models import Account
from sync.contracts.shoppers import AccountLine, AccountOrder, AccountOrderReply, AccountOrdersReply

PER_PAGE = 10


def orders_page(account: Account, page: int) -> AccountOrdersReply:
    """Newest first; `page` counts from 1 and is bent into what there is."""
    orders = _orders(account)
    pages = max(1, -(-orders.count() // PER_PAGE))
    page = min(max(1, page), pages)
    shown = list(orders[(page - 1) * PER_PAGE : page * PER_PAGE])
    urls = pay_urls_of(order.pk for order in shown)
    return AccountOrdersReply(orders=[_order(order, urls.get(order.pk, "")) for order in shown], page=page, pages=pages)


def one_order(account: Account, order_id: str) -> AccountOrderReply:
    """Raises `UnknownOrder` for what is not there, and for what is another customer's."""
    try:
        key = UUID(hex=order_id)
    except ValueError:
        raise UnknownOrder(UUID(int=0)) from None
    order = _orders(account).filter(pk=key).first()
    if order is None:
        raise UnknownOrder(key)
    return AccountOrderReply(
        order=_order(order, pay_urls_of([order.pk]).get(order.pk, "")),
        lines=[
            AccountLine(
                title=line.title,
                options_title=line.options_title,
                units=line.units,
                sum=line.sum,
                currency=line.currency,
                site=line.site,
                site_label=line.site_label,
                pending=line.pending,
            )
            for line in order.lines.order_by("position")
        ],
        delivery_title=order.delivery_title,
        delivery_price=order.delivery_price,
    )


def _orders(account: Account) -> QuerySet[Order]:
    known = orders_of_account(account.customer_id, account.customer.email if account.verified_at else "")
    return Order.objects.select_related("status").filter(pk__in=known).order_by("-placed_at", "-pk")


def _order(order: Order, pay_url: str) -> AccountOrder:
    return AccountOrder(
        id=order.pk.hex,
        number=order.number,
        site=order.site,
        site_label=order.site_label,
        placed_at=int(order.placed_at.timestamp() * 1000),
        total=order.total,
        currency=order.currency,
        status=order.status.titles,
        is_final=order.status.is_final,
        pay_url=pay_url,
    )
