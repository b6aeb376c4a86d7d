"""How much there is of a unit, in three words that lists are filtered by."""

from __future__ import annotations

from typing import Literal, TypeAlias

Level: TypeAlias = Literal["out", "low", "in"]

#: so many unsold units, in the pool and at edges together, are few
LOW_UNITS = 5


def level_of(units: int) -> Level:
    """The word for a number of unsold units."""
    if units <= 0:
        return "out"
    return "low" if units <= LOW_UNITS else "in"
