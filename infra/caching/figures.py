"""Counts of one kind of kept things, and what a node tells of its cache. Plain data: it goes over the link as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

#: figures come from other machines too
Count = Annotated[int, Meta(ge=0, lt=2**53)]
Word = Annotated[str, Meta(max_length=40)]


@dataclass
class Counts:
    """Since the process began. Threads may lose a count to one another; nothing hangs on it."""

    near: int = 0  # found in the memory of the process
    far: int = 0  # found in the store
    made: int = 0  # found nowhere


class KindFigures(Struct, frozen=True, kw_only=True):
    """`near`, `far`: how often it was found in memory and in the store; `made`: nowhere, so it was made."""

    name: Word
    near: Count = 0
    far: Count = 0
    made: Count = 0


class CacheFigures(Struct, frozen=True, kw_only=True):
    """A node's cache, over all its processes that run. `error`: why the store does not answer, "" when it does.

    `entries`, `bytes`: in the store, where it can tell; of `memory` those of the processes. `errors`: calls of the
    store that failed or were too slow, and values of it that were spoilt.
    """

    backend: Word
    error: Annotated[str, Meta(max_length=300)] = ""
    entries: Count | None = None
    bytes: Count | None = None
    errors: Count = 0
    kinds: Annotated[list[KindFigures], Meta(max_length=100)] = []

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
