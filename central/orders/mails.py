"""Mails about an order: which words of the order go into which template of `central.notices`."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError

from central.cluster.documents import site_doc
from central.cluster.models import Site
from central.notices.actions import send_notice
from central.orders.models import Order, OrderLine, OrderStatus
from central.people.models import OrderContact
from sites import editions, urls
from sites.money import format_money as money
from sync.contracts.documents import SiteDoc

ACCEPTED = "order_accepted"
STATUS = "order_status"
PAY_LINK = "pay_link"
STOCK_FOUND = "stock_found"


def send(
    template: str,
    order: Order,
    contact: OrderContact,
    *,
    key: str,
    status: OrderStatus | None = None,
    pay_url: str = "",
) -> str:
    """Send, and return the Message-ID. Raises `infra.mail.errors.Refused` or `Unavailable`."""
    shop = _shop(order)
    return send_notice(
        template,
        key=key,
        to=contact.email,
        to_name=contact.name,
        language=contact.language,
        site_name=shop.name if shop else order.site_label,
        reply_to=shop.email if shop else "",
        context={**_context(order, contact, status or order.status, shop), "pay_url": pay_url},
    )


def shop_address(order: Order) -> str:
    """Where the order's shop is, for an order that has no page of its own; "" when nobody answers."""
    shop = _shop(order)
    return urls.absolute(shop, urls.home()) if shop else ""


def _context(order: Order, contact: OrderContact, status: OrderStatus, shop: SiteDoc | None) -> dict[str, Any]:
    language = contact.language
    lines = list(order.lines.all())
    return {
        "number": order.number,
        "status": status.title_in(language),
        "lines": [_line(line, language) for line in lines],
        "is_mixed": len({line.site for line in lines}) > 1,
        "delivery_title": order.delivery_title,
        "delivery": money(order.delivery_price, order.currency, language),
        "total": money(order.total, order.currency, language),
        "is_pending": order.is_pending,
        "state_url": contact.state_url,
        "phone": shop.phone if shop else "",
        "colour": shop.colour if shop else "#206bc4",
    }


def _line(line: OrderLine, language: str) -> dict[str, Any]:
    return {
        "title": line.title,
        "options": line.options_title,
        "units": line.units,
        "sum": money(line.sum, line.currency, language),
        "label": line.site_label,
        "pending": line.pending,
    }


def _shop(order: Order) -> SiteDoc | None:
    """The shop in the language and region that the order was placed in; None when nobody answers."""
    try:
        site = Site.objects.filter(pk=order.site).first()
        doc = site_doc(site) if site else None
    except DatabaseError:
        return None
    if doc is None:
        return None
    language = order.language or doc.language
    return editions.edition(doc, language, order.region) or editions.edition(doc, language, "") or doc
