"""Fixtures that every test may use; the servers are chosen in node/settings/test.py."""

from __future__ import annotations

from node.testing.fixtures import *  # noqa: F403
