"""Fixtures that every test may use; the servers are chosen in node/settings/test.py."""

from __future__ import annotations

import pytest

from infra.caching.node import start_anew
from node.testing.fixtures import *  # noqa: F403


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What an earlier test has kept is found by no other."""
    start_anew()
