"""A hybrid logical clock: (milliseconds << 16 | counter). For display, notes and ties; never for quantity or stock."""

from __future__ import annotations

from dataclasses import dataclass

#: a stamp further in the future than this is not believed
AHEAD_MS = 60_000

_COUNTER = 1 << 16


@dataclass(frozen=True)
class Clock:
    """The greatest stamp seen or given."""

    last: int = 0


@dataclass(frozen=True)
class ClockAlarm:
    """A remote stamp was clamped: that node's clock is wrong by `ahead_ms`."""

    ahead_ms: int


def stamp(clock: Clock, now_ms: int) -> tuple[Clock, int]:
    """A new stamp above every one seen. A clock that stands still or goes back only raises the counter."""
    given = max(now_ms * _COUNTER, clock.last + 1)
    return Clock(given), given


def observe(clock: Clock, remote: int, now_ms: int) -> tuple[Clock, int, ClockAlarm | None]:
    """Take a remote stamp in: (clock, the stamp to keep, alarm). The op it came with is accepted in any case."""
    limit = (now_ms + AHEAD_MS) * _COUNTER
    alarm = None
    if remote > limit:
        alarm = ClockAlarm(ahead_ms=ms_of(remote) - now_ms)
        remote = limit
    return Clock(max(clock.last, remote)), remote, alarm


def ms_of(stamp: int) -> int:
    """Milliseconds since 1970 of a stamp."""
    return stamp >> 16
