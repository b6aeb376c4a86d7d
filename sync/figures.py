"""What an edge tells of itself in its heartbeat, beside the figures of the link.

Each edge app may have a module `figures.py`, found by name at start. Figures are small additive fields: central shows
those it knows and asks for none, so an edge of another version is no less a node.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger(__name__)

Read = Callable[[], Mapping[str, Any]]

_reads: dict[str, Read] = {}


def tells(name: str) -> Callable[[Read], Read]:
    """The function's answer (JSON) is told under `name` each 5 s; it runs in a thread and may read the database."""

    def register(read: Read) -> Read:
        _reads[name] = read
        return read

    return register


def all_figures() -> dict[str, Mapping[str, Any]]:
    """One that fails is left out: a heartbeat without it is better than none."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, read in _reads.items():
        try:
            found[name] = read()
        except Exception:
            logger.warning("the figures '%s' cannot be told", name, exc_info=True)
    return found
