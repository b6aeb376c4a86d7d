"""Escrow as plain functions: how long a right is sold from, what a report does to a grant, how much an edge is given.

Safety stands on two of them: a unit is sold only from a right, and only the edge's own last word (`is_sealed`) lets
central have back what was not sold. The lease bounds how long an edge that nobody reaches goes on selling, and when
central may say that it has stopped; were every clock wrong, nothing would be sold twice.

All times are numbers, of whichever clock the caller reads; nothing here reads one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

State: TypeAlias = Literal["open", "frozen", "sealed", "written_off"]

#: how long an edge may sell from its grants after it last asked central
TTL_S = 24 * 3600
#: two clocks drift apart by less than a five-hundredth; the edge stops early, central waits long
DRIFT_PER_MILLE = 2
GRACE_MS = 5_000

# --- the lease ---------------------------------------------------------------------------------------------------


def stop_at(asked_at_ms: int, ttl_s: int) -> int:
    """The edge's last moment to sell, on its clock, counted from *sending* the ask: central counts from later on."""
    ttl_ms = ttl_s * 1000
    return asked_at_ms + ttl_ms - ttl_ms * DRIFT_PER_MILLE // 1000 - GRACE_MS


def freeze_at(answered_at_ms: int, ttl_s: int) -> int:
    """When central may be sure that the edge has stopped, on central's clock, counted from sending the answer."""
    ttl_ms = ttl_s * 1000
    return answered_at_ms + ttl_ms + ttl_ms * DRIFT_PER_MILLE // 1000 + GRACE_MS


def is_to_freeze(state: State, freeze_at_ms: int, now_ms: int) -> bool:
    """Whether central stops counting on an edge to sell from a grant."""
    return state == "open" and now_ms > freeze_at_ms


@dataclass(frozen=True)
class Noted:
    """Both clocks of an edge as they stood at one moment of the boot `boot`."""

    boot: str
    boottime_ms: int
    wall_ms: int


def stop_after_reboot(stop: int, noted: Noted, now: Noted, *, is_wall_trusted: bool) -> int:
    """`stop` of the boot that `noted` is of, on the boot clock of `now`; 0 when it has passed or nobody can tell.

    The boot clock begins anew with each boot, so how long the machine was off is taken from the wall clock. It is
    believed only while it is in sync with others and shows no earlier time than was noted.
    """
    away_ms = now.wall_ms - noted.wall_ms
    if not is_wall_trusted or away_ms < 0:
        return 0
    left_ms = stop - noted.boottime_ms - away_ms - away_ms * DRIFT_PER_MILLE // 1000
    return now.boottime_ms + left_ms if left_ms > 0 else 0


# --- a grant at central ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A grant as central keeps it. `sold`, `returned`: the edge's totals. `booked`: what orders that came say."""

    units: int
    state: State = "open"
    sold: int = 0
    returned: int = 0
    booked: int = 0


class TooMuch(ValueError):
    """A report of more than was granted, or of less than nothing."""


def joined(held: Held, *, sold: int, returned: int, is_sealed: bool, is_of_its_epoch: bool = True) -> Held:
    """A grant after a report: totals by the greater, so that reports may come twice and in any order.

    A disk that was rolled back or copied may have sold the same units twice over and not know of it. So of a grant
    older than its epoch (`is_of_its_epoch` False) nothing comes back, whatever it says: that grant can only be
    written off. Raises `TooMuch`; then nothing is joined.
    """
    if min(sold, returned) < 0 or sold + returned > held.units:
        raise TooMuch("the edge reports more than it was granted")
    if not is_of_its_epoch:
        return replace(held, sold=max(held.sold, min(sold, held.units - held.returned)))
    sold, returned = max(held.sold, sold), max(held.returned, returned)
    if sold + returned > held.units:
        raise TooMuch("the edge reports more than it was granted")
    if held.state in ("sealed", "written_off"):  # nothing comes back after its last word
        return replace(held, sold=sold) if sold + held.returned <= held.units else held
    if is_sealed:
        return replace(held, sold=sold, returned=held.units - max(sold, held.booked), state="sealed")
    return replace(held, sold=sold, returned=returned)


def written_off(held: Held) -> tuple[Held, int]:
    """The grant given up, and how many units count as sold for it: all that the edge may have sold unheard of."""
    if held.state != "frozen":
        raise ValueError(f"a grant that is {held.state} cannot be written off")
    return replace(held, state="written_off"), held.units - held.returned - held.booked


def bookable(held: Held) -> int:
    """Units of orders that the grant still covers."""
    return held.units - held.returned - held.booked


# --- how much an edge is given -----------------------------------------------------------------------------------

#: an edge that sells holds at most this part of its even share: another shop's next sale finds units in the pool
SHARE = 0.8
#: of what is unsold, all edges together keep at most this part of goods that nobody asks them for
IDLE_SHARE = 0.05
#: hours of sales an edge likes to hold
HOURS_AHEAD = 2.0
#: of goods that somebody wants, it likes to hold at least so many: a mean of past sales is late for the first ones
LEAST_AHEAD = 10


def units_to_grant(
    *, wanted: int, pool: int, at_edges: int, at_this_edge: int, edges: int, must: bool, is_idle: bool = False
) -> int:
    """Units to give now, between 0 and `pool`.

    `must` (a shopper waits): whatever is wanted and there. Otherwise up to the edge's share of all that is unsold, less
    what it still has; and nothing while there are fewer than two units for each edge: then every sale asks.
    """
    if must:
        return max(0, min(wanted, pool))
    unsold = pool + at_edges
    if is_idle:
        most = units_to_keep(unsold=unsold, at_edges=at_edges, at_this_edge=at_this_edge, edges=edges)
    elif unsold < 2 * edges:
        most = 0
    else:
        most = int(unsold * SHARE / max(1, edges))
    return max(0, min(wanted, pool, most - at_this_edge))


def units_to_keep(*, unsold: int, at_edges: int, at_this_edge: int, edges: int) -> int:
    """The most an edge keeps of goods that nobody buys there: what the others leave of the part for all edges."""
    if unsold < 2 * edges:
        return 0
    return max(0, int(unsold * IDLE_SHARE) - (at_edges - at_this_edge))


@dataclass(frozen=True)
class Pace:
    """How fast an edge sells a variant: an exponentially weighted mean. `score`: units, each halved every hour."""

    score: float = 0.0
    at_ms: int = 0

    def after(self, units: int, now_ms: int) -> Pace:
        """The pace after a sale. A clock that went back does not make old sales new."""
        return Pace(self._score_at(now_ms) + units, max(self.at_ms, now_ms))

    def per_hour(self, now_ms: int) -> float:
        return self._score_at(now_ms) * _LN2 / _HALF_LIFE_H

    def units_ahead(self, now_ms: int) -> int:
        """What the next `HOURS_AHEAD` hours sell if it goes on so; a rest below a tenth of a unit is none."""
        ahead = self.per_hour(now_ms) * HOURS_AHEAD
        return int(ahead) + (ahead - int(ahead) > 0.1)

    def _score_at(self, now_ms: int) -> float:
        hours = max(0, now_ms - self.at_ms) / 3_600_000
        return float(self.score * 0.5 ** (hours / _HALF_LIFE_H))


def units_to_ask(*, free: int, pace: Pace | None, now_ms: int) -> int:
    """Units to ask central for, of goods that somebody wants at this edge; 0 while half of what it likes is here.

    What is left sells on while the answer is on its way: where ten unsold units or more come on each edge, an edge is
    given eight, asks when it has four, and nobody waits unless a fifth shopper is faster than the answer.
    """
    wanted = max(LEAST_AHEAD, pace.units_ahead(now_ms) if pace else 0)
    return wanted - free if free * 2 < wanted else 0


_HALF_LIFE_H = 1.0
_LN2 = 0.6931471805599453
