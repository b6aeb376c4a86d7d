"""How often old addresses are asked for. Counted in memory, told to central once a minute."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from sync.contracts.seo import RedirectHits, SourceHits

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


def forget() -> None:
    """Another database stands behind this process now (tests)."""
    with _lock:
        _counted.clear()
