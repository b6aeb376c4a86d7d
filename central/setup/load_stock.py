"""What `rialto bench stock` asks of central beside goods of which there are few: where their units lie, what edges say.

Used by `central.setup.load`, which has set Django up.
"""

from __future__ import annotations

from typing import Any

from central.catalog.models import Variant
from central.cluster.models import NodeHealth
from central.stock.queries import check_balance, stock_of


def units_of(skus: list[str]) -> dict[str, Any]:
    """Units of these goods together by where they lie, and whether the books add up."""
    found = stock_of(Variant.objects.filter(sku__in=skus).values_list("pk", flat=True)).values()
    return {
        "pool": sum(one.pool for one in found),
        "at_edges": sum(one.at_edges for one in found),
        "sold": sum(one.sold for one in found),
        "pending": sum(one.pending for one in found),
        "breaches": check_balance(),
    }


def told_by_edges() -> dict[str, Any]:
    """Node -> what its last heartbeat said of stock."""
    return {one.node_id: one.detail.get("stock", {}) for one in NodeHealth.objects.all()}
