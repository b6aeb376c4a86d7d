"""How fast central takes orders in: they wait at an edge whose link is cut, then the link is healed.

Counted from the first order that central has to the last, so that the edge's wait before it dials is not in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from node.bench.cluster import Cluster
from node.bench.inside import Loader
from node.bench.shopper import Good

#: seconds between two looks at central's database
LOOK = 0.05
#: seconds in which nothing new came: what is missing then is lost, not late
PATIENCE_S = 60.0


async def measure_intake(
    cluster: Cluster, central: Loader, site: str, goods: Sequence[Good], count: int
) -> tuple[float, int]:
    """(orders a second, orders lost) of `count` orders that came all at once."""
    from node.bench.orders import place_orders

    cluster.cut(site)
    placed = await place_orders(cluster, site, goods, count)
    cluster.heal(site)
    seen = await arrivals(central, placed.orders)
    first, last = seen[0], seen[-1]
    seconds = last[0] - first[0]
    return round((last[1] - first[1]) / seconds, 1) if seconds else 0.0, count - last[1]


async def arrivals(central: Loader, orders: Sequence[str]) -> list[tuple[float, int]]:
    """(moment, orders there) each time there were more, from the first on."""
    seen: list[tuple[float, int]] = []
    grown_at = time.monotonic()
    while time.monotonic() < grown_at + PATIENCE_S and (not seen or seen[-1][1] < len(orders)):
        answer = await central.ask("orders", ids=list(orders))
        found = len(answer["found"])
        if found and (not seen or found > seen[-1][1]):
            seen.append((float(answer["at"]), found))
            grown_at = time.monotonic()
        await asyncio.sleep(LOOK)
    return seen or [(grown_at, 0)]
