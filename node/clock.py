"""The one place where time is read: what ends, waits, stamps or leases asks here, so that a simulator can say what time
it is on each machine.

    time_ns()       the wall clock: may be set, may go back
    monotonic()     seconds that only go forward; they stand still while the machine sleeps
    boottime_ns()   the same, sleep included; nobody can set it
    boot_id()       names this start of the machine: a boottime of another one says nothing
    is_in_sync()    whether the wall clock is kept in sync with others (NTP)
"""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.utils import timezone


class Clock(Protocol):
    def time_ns(self) -> int: ...

    def monotonic(self) -> float: ...

    def boottime_ns(self) -> int: ...

    def boot_id(self) -> str: ...

    def is_in_sync(self) -> bool: ...


class _Machine:
    """This machine's own clocks."""

    time_ns = staticmethod(time.time_ns)
    monotonic = staticmethod(time.monotonic)

    def boottime_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        return _boot_id()

    def is_in_sync(self) -> bool:
        """What the kernel says: adjtimex(2), only read."""
        try:
            adjtimex = ctypes.CDLL(None).adjtimex
        except (OSError, AttributeError):  # no such call here: nobody can tell
            return False
        # `struct timex` with modes 0 is some 200 bytes; the kernel writes no more than its own size.
        return 0 <= int(adjtimex(ctypes.create_string_buffer(512))) < _TIME_ERROR


#: what adjtimex returns for a clock that nobody keeps in sync
_TIME_ERROR = 5


@lru_cache(maxsize=1)
def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


MACHINE: Clock = _Machine()
_clock: Clock = MACHINE
_django_now = timezone.now


def install(clock: Clock) -> None:
    """Read time from `clock` from now on, `django.utils.timezone.now` too; `MACHINE` brings the machine's back."""
    global _clock
    _clock = clock
    timezone.now = _django_now if clock is MACHINE else now


def time_ns() -> int:
    """Nanoseconds since 1970."""
    return _clock.time_ns()


def time_ms() -> int:
    """Milliseconds since 1970."""
    return _clock.time_ns() // 1_000_000


def now() -> datetime:
    """The same as an aware datetime."""
    return datetime.fromtimestamp(_clock.time_ns() / 1e9, tz=UTC)


def monotonic() -> float:
    return _clock.monotonic()


def boottime_ns() -> int:
    return _clock.boottime_ns()


def boottime_ms() -> int:
    """Milliseconds since this machine started, sleep included."""
    return _clock.boottime_ns() // 1_000_000


def boot_id() -> str:
    return _clock.boot_id()


def is_in_sync() -> bool:
    return _clock.is_in_sync()
