"""What happens to payments; ids only."""

from __future__ import annotations

from sync.events import Event


class PaymentChanged(Event, frozen=True, kw_only=True):
    """A payment of an order went from one state to another. Ids are UUIDs in hex; `by`: "system" or a provider."""

    payment: str
    order: str
    was: str
    became: str
    by: str
