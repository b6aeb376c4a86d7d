"""The search indexes in the heartbeat."""

from __future__ import annotations

from typing import Any

from edge.search.indexer import indexer
from sync.figures import tells


@tells("search")
def search_figures() -> dict[str, Any]:
    return indexer.figures()
