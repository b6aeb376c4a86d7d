"""What happens to orders. Handlers anywhere above or beside may ask for it; ids only, nobody's data."""

from __future__ import annotations

from sync.events import Event


class OrderReceived(Event, frozen=True, kw_only=True):
    """An order has arrived at central for the first time. `order` is its UUID in hex."""

    order: str
    site: str
    edge: str
    payment_provider: str
    #: UUID in hex of the customer who was signed in, "" for a guest
    signed_in: str = ""


class StatusChanged(Event, frozen=True, kw_only=True):
    """An order went from one status to another; `ver` is the version this made."""

    order: str
    was: str
    became: str
    by: str
    ver: int


class DuplicateReleased(Event, frozen=True, kw_only=True):
    """Nothing more is doubted of an order that was a suspected duplicate: it may be charged."""

    order: str


class StockFound(Event, frozen=True, kw_only=True):
    """All that an order waited for has come in."""

    order: str
