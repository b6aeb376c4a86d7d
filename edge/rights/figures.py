"""Stock rights in the heartbeat: what this edge may sell, what its shoppers hold, how often it had to ask."""

from __future__ import annotations

from edge.rights import keeper, service
from sync.figures import tells


@tells("stock")
def stock_figures() -> dict[str, int]:
    """Units `free` and `held`; `asks`: times since the start that a shopper had to wait for central."""
    return {"free": sum(service.free_of_all().values()), "held": service.units_held(), "asks": keeper.urgent.waits}
