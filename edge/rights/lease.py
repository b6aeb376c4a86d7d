"""The clocks a lease is counted on. Its own is CLOCK_BOOTTIME: it runs while the machine sleeps, nobody sets it.

Only what a reboot took is read from the wall clock, and only where that can be believed.
"""

from __future__ import annotations

from node import clock
from sync.core.escrow import Noted


def boottime_ms() -> int:
    """Milliseconds since this machine started, sleep included."""
    return clock.boottime_ms()


def boot_id() -> str:
    """Names this start of the machine: a `stop_at` of another one says nothing."""
    return clock.boot_id()


def wall_ms() -> int:
    """Milliseconds since 1970, as far as this machine knows."""
    return clock.time_ms()


def is_wall_trusted() -> bool:
    """Whether the wall clock is kept in sync with others."""
    return clock.is_in_sync()


def noted() -> Noted:
    """Both clocks now."""
    return Noted(boot_id(), boottime_ms(), wall_ms())
