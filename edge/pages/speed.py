"""How fast pages are made, answered and seen: counted in memory, told to central when five minutes are over."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from node import clock
from node.realms import STATS
from sync.contracts.codec import pack
from sync.contracts.speed import KINDS, MOST_FIGURES, WINDOW_S, Measure, SpeedFigure, SpeedTold, step_of
from sync.store.edge.outbox import enqueue
from sync.store.writer import writer

#: windows that wait for being told
MOST_WINDOWS: Final = 12

Key = tuple[str, str, Measure]  # site, kind, measure


class Speed:
    """One per edge process: `speed`. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[int, dict[Key, Counter[int]]] = {}

    def note(self, site: str, kind: str, measure: Measure, value: float) -> None:
        at = clock.time_ms() // 1000 // WINDOW_S * WINDOW_S
        with self._lock:
            window = self._windows.get(at)
            if window is None:
                if len(self._windows) >= MOST_WINDOWS:
                    return
                window = self._windows[at] = defaultdict(Counter)
            window[site, kind if kind in KINDS else "other", measure][step_of(value)] += 1

    def take(self, *, all_: bool = False) -> list[SpeedTold]:
        """Windows that are over, the oldest first; with `all_` the one that goes on too."""
        now = clock.time_ms() // 1000
        with self._lock:
            over = sorted(at for at in self._windows if all_ or at + WINDOW_S <= now)
            taken = [(at, self._windows.pop(at)) for at in over]
        return [SpeedTold(at=at, figures=_figures(window)) for at, window in taken]

    async def tell(self, *, all_: bool = False) -> None:
        """Tell central; cut off, it waits with all else that central is to know."""
        if told := self.take(all_=all_):
            await writer.run(lambda: _queue(told))

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()


def _figures(window: dict[Key, Counter[int]]) -> list[SpeedFigure]:
    return [
        SpeedFigure(site=site, kind=kind, measure=measure, counts=sorted(counts.items()))
        for (site, kind, measure), counts in sorted(window.items())[:MOST_FIGURES]
    ]


def _queue(told: Iterable[SpeedTold]) -> None:
    for one in told:
        enqueue(STATS, "speed", pack(one))


speed = Speed()
