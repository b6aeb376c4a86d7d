"""Pages in the heartbeat: how many are rendered and kept, and their bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.pages.cache import pages
from edge.pages.foreman import foreman
from infra.caching.node import node_cache
from sync.figures import tells


@tells("pages")
def page_figures() -> dict[str, Any]:
    """`sites`: what central shows of each shop while this edge is cut off."""
    files = {f"file_{name}": value for name, value in foreman.figures.items()}
    return {"kept": len(pages), "bytes": pages.size, **files, "sites": foreman.sites}


@tells("cache")
def cache_figures() -> dict[str, Any]:
    """The program cache of this node: `infra.caching.figures.CacheFigures`."""
    told: dict[str, Any] = msgspec.to_builtins(node_cache().figures())
    return told
