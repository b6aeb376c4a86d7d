"""Pages in the heartbeat: how many are rendered and kept, and their bytes."""

from __future__ import annotations

from edge.pages.cache import pages
from edge.pages.foreman import foreman
from sync.figures import tells


@tells("pages")
def page_figures() -> dict[str, float]:
    return {"kept": len(pages), "bytes": pages.size, **{f"file_{name}": x for name, x in foreman.figures.items()}}
