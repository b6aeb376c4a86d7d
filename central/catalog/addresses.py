"""Addresses of goods and shelves: what a new one is made of, and who is told that one has changed.

The app that keeps redirects stands on a floor above and says so here, at start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from central.catalog.keys import slug_of

Kind = Literal["category", "product"]
#: the slug before the change and after it
Move = tuple[str, str]
#: (site, kind, pairs), inside the transaction of the change
Told = Callable[[str, Kind, Sequence[Move]], None]
#: what makes an address out of the values of its tokens, for a page in these shelves
Alias = Callable[[Mapping[str, str], Sequence[UUID]], str]
#: (site, kind) -> the same, its words alone
Aliases = Callable[[str, Kind], Alias]

_aliases: Aliases | None = None
_told: list[Told] = []


def aliases_by(read: Aliases) -> None:
    global _aliases
    _aliases = read


def moves_told_to(hear: Told) -> None:
    _told[:] = [hear]


def alias(site: str, kind: Kind) -> Alias:
    """What makes a slug out of values (`title`, `brand`, `sku`, `section`) by the pattern of the nearest shelf.

    Asked once for a batch; what comes out is transliterated and may clash: the caller adds a suffix.
    """
    words = _aliases(site, kind) if _aliases else None
    return lambda values, shelves: slug_of((words(values, shelves) if words else "") or values["title"])


def tell_moved(site: str, kind: Kind, moves: Sequence[Move]) -> None:
    """Inside the transaction that changed the slugs."""
    if moves:
        for hear in _told:
            hear(site, kind, moves)
