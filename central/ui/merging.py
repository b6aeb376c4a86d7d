"""Two people changed one record: what can be put together, and what one of them has to choose. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Merge:
    """`merged` is what the record becomes. `theirs`: fields only the other person changed, taken over as they are.

    `conflicts`: fields both changed to different values; `merged` holds mine until somebody chooses.
    """

    merged: dict[str, Any]
    theirs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def three_way(shown: Mapping[str, Any], mine: Mapping[str, Any], now: Mapping[str, Any]) -> Merge:
    """Merge my fields with the record as it is `now`, given what was `shown` to me before I began.

    A field that was not shown counts as unchanged by the other person. Values are compared by `==`.
    """
    merged, theirs, conflicts = {}, [], []
    for name, value in mine.items():
        current = now.get(name)
        before = shown.get(name, current)
        if value == before and current != before:
            merged[name] = current
            theirs.append(name)
            continue
        merged[name] = value
        if current not in (before, value):
            conflicts.append(name)
    return Merge(merged, tuple(theirs), tuple(conflicts))
