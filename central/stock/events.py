"""What this app tells others."""

from __future__ import annotations

from sync.events import Event


class PendingResolved(Event, frozen=True, kw_only=True):
    """An order sold with no right has got its units. One event for each variant of the order (UUIDs in hex)."""

    order: str
    variant: str
    units: int


class StockLevelsChanged(Event, frozen=True, kw_only=True):
    """These variants (UUIDs in hex) went over a border of `levels`: sold out, few left, there again.

    It does not say which: whoever wants to know reads the stock as it is now, so late and repeated events do no harm.
    """

    variants: list[str]
