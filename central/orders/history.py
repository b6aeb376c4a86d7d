"""An order's history and technical block in words. Reads only; nothing of it can be edited."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from central.orders.models import OrderChange, OrderStatus
from central.orders.queries import OrderCard, all_statuses
from central.ui import actors, texts

#: ids that say nothing to a person; the customer stands on the card
_NOT_SHOWN = ("message_id", "customer")


@dataclass(frozen=True)
class Entry:
    """One action: a table of was and became, who did it, how long he edited."""

    title: str
    at: datetime
    by: str
    seconds: int
    rows: list[tuple[str, str, str]]
    icon: str = "receipt"


def entries(changes: Iterable[OrderChange], *, sees_words: bool) -> list[Entry]:
    """The changes of one or many orders, in their order.

    `sees_words`: whether the reader may see what people wrote, which may name a person.
    """
    statuses = {status.code: status for status in all_statuses()}
    return [_entry(change, statuses, sees_words) for change in changes]


def _entry(change: OrderChange, statuses: dict[str, OrderStatus], sees_words: bool) -> Entry:
    rows = [
        (
            _name(field),
            _value(field, change.was.get(field), statuses),
            _value(field, change.became.get(field), statuses),
        )
        for field in {**change.was, **change.became}
        if field not in _NOT_SHOWN
    ]
    return Entry(
        title=_titles().get(change.kind, change.kind),
        at=change.at,
        by=actors.in_words(change.by),
        seconds=change.seconds_editing,
        rows=rows + _words(change, sees_words),
        icon=_ICONS.get(change.kind, "receipt"),
    )


def _words(change: OrderChange, sees_words: bool) -> list[tuple[str, str, str]]:
    if not change.words:
        return []
    if not sees_words:
        return [(_("Comment"), "", _("hidden: your role does not show customers"))]
    said: dict[str, Any] = json.loads(change.words)
    return [(_("Comment"), str(said.get("note_was", "")), str(said.get("note", "")))]


_ICONS: dict[str, str] = {
    OrderChange.Kind.RECEIVED: "inbox",
    OrderChange.Kind.STATUS: "arrow-right",
    OrderChange.Kind.EDITED: "message-2",
    OrderChange.Kind.CUSTOMER: "user",
    OrderChange.Kind.PAYMENT: "credit-card",
    OrderChange.Kind.MAIL: "mail",
    OrderChange.Kind.STOCK: "package",
    OrderChange.Kind.UNPAID: "clock",
    OrderChange.Kind.DUPLICATE: "copy",
}


def _titles() -> dict[str, str]:
    kind = OrderChange.Kind
    return {
        kind.RECEIVED: _("Received"),
        kind.STATUS: _("Status changed"),
        kind.EDITED: _("Comment edited"),
        kind.CUSTOMER: _("Customer known"),
        kind.PAYMENT: _("Payment changed"),
        kind.MAIL: _("Mail sent"),
        kind.STOCK: _("Stock found"),
        kind.UNPAID: _("Not paid in time"),
        kind.DUPLICATE: _("Two orders of one basket"),
    }


def _name(field: str) -> str:
    names = {
        "status": _("Status"),
        "payment": _("Payment"),
        "pending_units": _("Units that wait for stock"),
        "mail": _("Mail"),
        "units": _("Its units"),
        "duplicate": _("Duplicate"),
        "rival": _("The other order"),
    }
    return names.get(field, field)


def _value(field: str, value: Any, statuses: dict[str, OrderStatus]) -> str:
    if value is None:
        return ""
    if field == "status" and value in statuses:
        return statuses[value].title
    if field == "duplicate":
        return decisions().get(str(value), str(value))
    if field == "units":
        return {"free": _("free again"), "taken": _("taken again")}.get(str(value), str(value))
    if field == "payment":
        return payment_states().get(str(value), str(value))
    return str(value)


def decisions() -> dict[str, str]:
    """What was found or decided of a pair of orders."""
    return {
        "": _("waits for you"),
        "suspect": _("suspected: placed later"),
        "is_doubted": _("another order took the same goods later"),
        "keep_both": _("both are kept"),
        "cancel_later": _("the later one is cancelled"),
        "cancel_earlier": _("the earlier one is cancelled"),
    }


def payment_states() -> dict[str, str]:
    return {
        "open": _("being prepared"),
        "waiting": _("waits for the shopper"),
        "paid": _("paid"),
        "refused": _("refused"),
        "expired": _("expired"),
    }


def payment_titles() -> dict[str, str]:
    """Provider -> what staff call it."""
    return {"cash_on_delivery": _("Cash on delivery"), "pretend_card": _("By card (pretend provider)")}


def payments(card: OrderCard) -> list[dict[str, Any]]:
    """The tries to be paid, newest first."""
    tones = {"paid": "green", "refused": "red", "expired": "grey", "waiting": "amber", "open": "grey"}
    return [
        {
            "amount": payment.amount,
            "currency": payment.currency,
            "state": payment_states().get(payment.state, payment.state),
            "tone": tones.get(payment.state, "grey"),
            "at": payment.paid_at or payment.created_at,
        }
        for payment in card.payments
    ]


def technical_rows(card: OrderCard) -> list[tuple[str, str]]:
    """When and from where the order came; what is empty is left out."""
    names = {
        "placed_at": _("Placed, by the node's clock"),
        "received_at": _("Reached central"),
        "site": _("Site"),
        "edge": _("Node"),
        "region": _("Region"),
        "language": _("Language"),
        "domain": _("Domain"),
        "referer": _("Came from"),
        "utm": _("Marks of the link (UTM)"),
        "seconds_on_site": _("Time on the site"),
        "consent_at": _("Consent given"),
        "consent_text": _("Text of the consent"),
        "cart": _("Cart"),
    }
    return [(names[name], _plain(name, value)) for name, value in card.technical.items() if name in names and value]


def _plain(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return texts.exact(value, get_language() or "en")
    if name == "utm":
        return ", ".join(f"{key}={text}" for key, text in value.items())
    if name == "seconds_on_site":
        minutes, seconds = divmod(int(value), 60)
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    if name == "cart":
        # A cart's id is a capability: whoever knows it whole may write the cart.
        return f"{str(value)[:8]}…"
    return str(value)
