"""What this app tells others."""

from __future__ import annotations

from sync.events import Event


class PendingResolved(Event, frozen=True, kw_only=True):
    """An order sold with no right has got its units. One event for each variant of the order (UUIDs in hex)."""

    order: str
    variant: str
    units: int
