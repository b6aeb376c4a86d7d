"""How often old addresses are asked for. Counted in memory, told to central once a minute."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from sync.contracts.codec import pack
from sync.contracts.seo import RedirectHits, SourceHits
from sync.store.edge.outbox import enqueue
from sync.store.writer import writer

#: addresses of one telling
MOST: Final = 500

_lock = threading.Lock()
_counted: Counter[tuple[str, str]] = Counter()


def count(site: str, source: str) -> None:
    """Safe from any thread."""
    with _lock:
        _counted[site, source] += 1


def take() -> RedirectHits | None:
    """What was counted since, at most `MOST` addresses; None when nothing was."""
    with _lock:
        taken = _counted.most_common(MOST)
        for key, _ in taken:
            del _counted[key]
    return RedirectHits([SourceHits(site, source, hits) for (site, source), hits in taken]) if taken else None


async def tell() -> None:
    """Tell central what was counted; cut off, it waits with all else that central is to know."""
    if told := take():
        await writer.run(lambda: enqueue("catalog", "redirect_hits", pack(told)))


def forget() -> None:
    """Another database stands behind this process now (tests)."""
    with _lock:
        _counted.clear()
