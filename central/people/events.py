"""What happens to customers; ids only."""

from __future__ import annotations

from sync.events import Event


class CustomerMatched(Event, frozen=True, kw_only=True):
    """The shopper of an order is known: made, or found by phone or e-mail. Both are UUIDs in hex."""

    order: str
    customer: str
    is_new: bool
