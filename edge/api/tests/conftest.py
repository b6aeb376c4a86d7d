from __future__ import annotations

import pytest

from edge.cart.tests.fixtures import cluster, joined_nodes, shopper
from edge.checkout.tests.conftest import as_an_edge

__all__ = ["cluster", "joined_nodes", "shopper"]


@pytest.fixture(autouse=True)
def _an_edges_own_django(settings, monkeypatch) -> None:
    as_an_edge(settings, monkeypatch)
