"""How fast each variant sells at this edge, and which of them shoppers are about to buy.

Kept in memory and written once a minute: sales are counted on the way of every order, and must cost nothing there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping

from edge.rights import lease
from edge.rights.models import Pace as Row
from node.realms import EDGE, on_commit
from sync.core.escrow import Pace, units_to_ask
from sync.store.edge import sql

#: a variant nobody has bought, held or put into a cart for so long is idle here: its surplus goes back
QUIET_MS = 480_000

_paces: dict[str, Pace] = {}
#: variant -> ms since 1970 when somebody last wanted it
_wanted_at: dict[str, int] = {}
#: not written yet
_unwritten: set[str] = set()
#: wanted since the keeper last looked
_news: set[str] = set()
_lock = threading.Lock()
_listeners: list[Callable[[], None]] = []


def sold(units: Mapping[str, int]) -> None:
    """So many units of each variant are being sold; counts when the transaction commits."""
    if units:
        on_commit(lambda: _sold(units), realm=EDGE)


def _sold(units: Mapping[str, int]) -> None:
    now = lease.wall_ms()
    with _lock:
        for variant, count in units.items():
            _paces[variant] = _paces.get(variant, Pace()).after(count, now)
            _wanted_at[variant] = now
            _unwritten.add(variant)
            _news.add(variant)
    _tell()


def expect(variants: Collection[str]) -> None:
    """Somebody holds these, or has put them into a cart: he may buy them soon. Any thread."""
    now = lease.wall_ms()
    with _lock:
        _wanted_at.update(dict.fromkeys(variants, now))
        _news.update(variants)
    _tell()


def news() -> set[str]:
    """Variants that were wanted since this was last asked."""
    with _lock:
        found = set(_news)
        _news.clear()
    return found


def on_news(listener: Callable[[], None]) -> Callable[[], None]:
    """Call `listener`, from whichever thread, when a variant is wanted; returns what stops it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def is_idle(variant: str) -> bool:
    return lease.wall_ms() - _wanted_at.get(variant, 0) > QUIET_MS


def wanted_lately() -> set[str]:
    """Variants that are not idle."""
    since = lease.wall_ms() - QUIET_MS
    return {variant for variant, at in list(_wanted_at.items()) if at >= since}


def units_lacking(variant: str, free: int) -> int:
    """Units to ask central for, of a variant that is not idle and of which `free` are here."""
    return units_to_ask(free=free, pace=_paces.get(variant), now_ms=lease.wall_ms())


def load() -> None:
    """What was written before this process began. A read."""
    rows = sql.fetch("SELECT variant, score, at_ms FROM edge_rights_pace")
    with _lock:
        for variant, score, at_ms in rows:
            _paces.setdefault(variant, Pace(score, at_ms))
            _wanted_at.setdefault(variant, at_ms)


def write() -> None:
    """Inside a job of the writer: what has changed since; a pace that has come to nothing is forgotten."""
    with _lock:
        changed = [(variant, _paces[variant].score, _paces[variant].at_ms) for variant in _unwritten]
        _unwritten.clear()
    sql.execute_many(
        "INSERT INTO edge_rights_pace (variant, score, at_ms) VALUES (?, ?, ?) "
        "ON CONFLICT (variant) DO UPDATE SET score = excluded.score, at_ms = excluded.at_ms",
        changed,
    )
    Row.objects.filter(at_ms__lt=lease.wall_ms() - _FORGET_MS).delete()


def is_unwritten() -> bool:
    return bool(_unwritten)


def forget_all() -> None:
    """Another database stands behind this process now (tests)."""
    with _lock:
        for kept in (_paces, _wanted_at, _unwritten, _news):
            kept.clear()


def _tell() -> None:
    for listener in list(_listeners):
        listener()


_FORGET_MS = 86_400_000
