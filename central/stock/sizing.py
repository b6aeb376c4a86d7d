"""How many units an edge is given. Arithmetic only."""

from __future__ import annotations

#: an edge holds at most this part of its even share, so that another shop's next sale finds units in the pool
SHARE = 0.8


def units_to_grant(*, wanted: int, pool: int, at_edges: int, at_this_edge: int, edges: int, must: bool) -> int:
    """Units to give now, between 0 and `pool`.

    `must` (a shopper waits): whatever is wanted and there. Otherwise up to the edge's share of all that is unsold,
    less what it still has; and nothing while there are fewer than two units for each edge: then every sale asks.
    """
    if must:
        return max(0, min(wanted, pool))
    unsold = pool + at_edges
    if unsold < 2 * edges:
        return 0
    share = int(unsold * SHARE / max(1, edges))
    return max(0, min(wanted, pool, share - at_this_edge))
