"""Pages in the heartbeat: how many are rendered and kept, and their bytes."""

from __future__ import annotations

from edge.pages.cache import pages
from sync.figures import tells


@tells("pages")
def page_figures() -> dict[str, int]:
    return {"kept": len(pages), "bytes": pages.size}
