"""Counts of one kind of kept things, and what a node tells of its cache. Plain data: it goes over the link as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct


@dataclass
class Counts:
    """Since the process began. Threads may lose a count to one another; nothing hangs on it."""

    near: int = 0  # found in the memory of the process
    far: int = 0  # found in the store
    made: int = 0  # found nowhere


class KindFigures(Struct, frozen=True, kw_only=True):
    """`near`, `far`: how often it was found in memory and in the store; `made`: nowhere, so it was made."""

    name: str
    near: int = 0
    far: int = 0
    made: int = 0


class CacheFigures(Struct, frozen=True, kw_only=True):
    """A node's cache, over all its processes that run. `error`: why the store does not answer, "" when it does.

    `entries`, `bytes`: in the store, where it can tell; of `memory` those of the processes. `errors`: calls of the
    store that failed or were too slow, and values of it that were spoilt.
    """

    backend: str
    error: str = ""
    entries: int | None = None
    bytes: int | None = None
    errors: int = 0
    kinds: list[KindFigures] = []

    @property
    def found(self) -> int:
        return sum(one.near + one.far for one in self.kinds)

    @property
    def made(self) -> int:
        return sum(one.made for one in self.kinds)

    @property
    def share(self) -> int | None:
        """Of a hundred asks, how many were answered out of the cache; None when nobody has asked."""
        asks = self.found + self.made
        return round(100 * self.found / asks) if asks else None
