"""Mails about an order: which words of the order go into which template of `central.notices`."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError

from central.cluster.models import Site
from central.notices.actions import send_notice
from central.orders.models import Order, OrderLine, OrderStatus
from central.people.models import OrderContact
from sites.money import format_money as money

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
    site = _site(order.site)
    return send_notice(
        template,
        key=key,
        to=contact.email,
        to_name=contact.name,
        language=contact.language,
        site_name=site.name if site else order.site_label,
        reply_to=str(site.texts.get("email", "")) if site else "",
        context={**_context(order, contact, status or order.status, site), "pay_url": pay_url},
    )


def shop_address(order: Order) -> str:
    """Where the order's shop is, for an order that has no page of its own; "" when nobody answers."""
    site = _site(order.site)
    return f"{site.origin}/" if site else ""


def _context(order: Order, contact: OrderContact, status: OrderStatus, site: Site | None) -> dict[str, Any]:
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
        "phone": str(site.texts.get("phone", "")) if site else "",
        "colour": site.colour if site else "#206bc4",
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


def _site(site_id: str) -> Site | None:
    try:
        return Site.objects.filter(pk=site_id).first()
    except DatabaseError:
        return None
