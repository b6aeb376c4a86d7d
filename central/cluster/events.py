"""What happens to nodes that others have to know of."""

from __future__ import annotations

from sync.events import Event


class EpochEnded(Event, frozen=True, kw_only=True):
    """No disk of this epoch or an earlier one speaks for the node any more: lost, rolled back, copied or revoked."""

    node: str
    epoch: int
