"""How full an edge is, as its last heartbeat says. What an edge of another version does not say is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fill:
    """Sizes in bytes. `missing`: pictures its documents name and it has not fetched yet; `free`: on its disk."""

    pictures: int | None
    missing: int | None
    picture_bytes: int | None
    pages: int | None
    page_bytes: int | None
    database: int | None
    free: int | None

    @property
    def expected(self) -> int | None:
        """Pictures it should have."""
        return None if self.pictures is None or self.missing is None else self.pictures + self.missing

    @property
    def percent(self) -> int | None:
        """Of the pictures it should have, rounded down: 100 means all."""
        if self.expected is None or self.pictures is None:
            return None
        return 100 * self.pictures // self.expected if self.expected else 100


def fill_of(detail: Mapping[str, Any]) -> Fill:
    """`detail` comes from another machine: what is not a number of things is not shown."""

    def number(group: str, name: str) -> int | None:
        values = detail.get(group)
        value = values.get(name) if isinstance(values, Mapping) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**60 else None

    return Fill(
        pictures=number("pictures", "kept"),
        missing=number("pictures", "missing"),
        picture_bytes=number("pictures", "bytes"),
        pages=number("pages", "kept"),
        page_bytes=number("pages", "bytes"),
        database=number("disk", "database"),
        free=number("disk", "free"),
    )


def by_realm(detail: Mapping[str, Any]) -> list[tuple[str, int | None, int | None]]:
    """(realm, changes the edge has not applied yet, facts it has not sent yet), of the realms it speaks of."""
    parts = [detail.get(name) for name in ("lag", "backlog")]
    lag, backlog = ({**part} if isinstance(part, Mapping) else {} for part in parts)
    return [(realm, lag.get(realm), backlog.get(realm)) for realm in sorted({*lag, *backlog})]
