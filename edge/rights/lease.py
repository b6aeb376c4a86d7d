"""How long a right may be sold from. The clock is CLOCK_BOOTTIME: it runs while the machine sleeps, nobody sets it."""

from __future__ import annotations

from node import clock

#: two clocks drift apart by less than a five-hundredth; the edge stops early, central waits long
DRIFT_PER_MILLE = 2
GRACE_MS = 5_000


def boottime_ms() -> int:
    """Milliseconds since this machine started, sleep included."""
    return clock.boottime_ms()


def boot_id() -> str:
    """Names this start of the machine: a `stop_at` of another one says nothing."""
    return clock.boot_id()


def stop_at(asked_at_ms: int, ttl_s: int) -> int:
    """The last moment to sell, counted from *sending* the ask: central starts its own count later."""
    ttl_ms = ttl_s * 1000
    return asked_at_ms + ttl_ms - ttl_ms * DRIFT_PER_MILLE // 1000 - GRACE_MS
