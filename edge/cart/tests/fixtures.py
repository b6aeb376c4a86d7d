"""Fixtures for the tests of carts, shoppers and streams alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cart.tests.world import Browser, Cluster, join_all
from sync.discover import load_edge


@pytest.fixture(scope="session")
def joined_nodes(tmp_path_factory) -> Path:
    """The homes of all nodes; nothing but keys is kept in them."""
    folder = tmp_path_factory.mktemp("nodes")
    join_all(folder)
    return folder


@pytest.fixture
def cluster(request, joined_nodes):
    request.applymarker(pytest.mark.django_db(databases=["edge"], transaction=True))
    request.getfixturevalue("transactional_db")
    load_edge()
    cluster = Cluster(joined_nodes)
    yield cluster
    cluster.close()


@pytest.fixture
async def shopper(cluster) -> Browser:
    """A browser in the tea shop that has a handle."""
    return await Browser("tea").open()
