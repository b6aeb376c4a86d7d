"""Which goods an edge may hold rights of: those that a shop of its cart groups offers. The catalogue tells."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.db import DatabaseError

Read = Callable[[Collection[UUID], Collection[str]], set[UUID]]
_read: Read | None = None


def read_assortment_by(read: Read | None) -> None:
    """Called once at start: (variants, cart groups) -> those of the variants that a shop of the groups offers."""
    global _read
    _read = read


def offered(variants: Collection[UUID], groups: Collection[str]) -> set[UUID]:
    """Those an edge of these groups may ask for. While nobody can say, all: a shopper waits, and shops sell on."""
    if _read is None:
        return set(variants)
    try:
        return _read(variants, groups)
    except DatabaseError:
        return set(variants)
