"""What is done with figures of pages at intervals, in the sequencer's process."""

from __future__ import annotations

from central.pages import speed
from sync.periodic import every


@every(300)
def find_slow_pages() -> None:
    speed.find_slow()


@every(86_400)
def forget_old_speed() -> None:
    speed.forget_old()
