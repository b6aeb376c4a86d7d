from __future__ import annotations

import pytest

from edge.cart.tests.fixtures import cluster, joined_nodes, shopper

__all__ = ["cluster", "joined_nodes", "shopper"]


@pytest.fixture(autouse=True)
def _an_edges_own_django(settings) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "edge.urls", []
