from __future__ import annotations

from edge.cart.tests.fixtures import cluster, joined_nodes, shopper

__all__ = ["cluster", "joined_nodes", "shopper"]
