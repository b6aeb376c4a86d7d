"""How long a right may be sold from. The clock is CLOCK_BOOTTIME: it runs while the machine sleeps, nobody sets it."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

#: two clocks drift apart by less than a five-hundredth; the edge stops early, central waits long
DRIFT_PER_MILLE = 2
GRACE_MS = 5_000


def boottime_ms() -> int:
    """Milliseconds since this machine started, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Names this start of the machine: a `stop_at` of another one says nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def stop_at(asked_at_ms: int, ttl_s: int) -> int:
    """The last moment to sell, counted from *sending* the ask: central starts its own count later."""
    ttl_ms = ttl_s * 1000
    return asked_at_ms + ttl_ms - ttl_ms * DRIFT_PER_MILLE // 1000 - GRACE_MS
