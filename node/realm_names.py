"""The realms by name, apart from `node.realms` so that a launcher can know them without importing Django."""

from __future__ import annotations

from typing import Final

CLUSTER: Final = "cluster"
CUSTOMERS: Final = "customers"
CATALOG: Final = "catalog"
ORDERS: Final = "orders"
WORK: Final = "work"
STATS: Final = "stats"
EDGE: Final = "edge"
EVERY: Final = "every"

CENTRAL_REALMS: Final = (CLUSTER, CUSTOMERS, CATALOG, ORDERS, WORK, STATS)


def alias_of(realm: str) -> str:
    """The Django alias of a realm."""
    return "default" if realm == CLUSTER else realm
