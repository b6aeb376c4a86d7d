"""What an edge tells of its pages: which addresses of a site have new bytes. Op `pages_changed` of realm `cluster`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: changes in one op, bytes of a path and tags of a page; more are set aside
MOST_CHANGES: Final = 500
MOST_PATH: Final = 1_000
MOST_TAGS: Final = 700


class PageChange(Struct, frozen=True, kw_only=True):
    """A page whose file was replaced. `path` as in the address, quoted, with its query if it has one.

    `tags`: `sites.tags`, from the coarsest. `is_urgent`: it shows a price or whether goods are there.
    """

    path: str
    tags: list[str] = []
    is_urgent: bool = False


class PagesChanged(Struct, frozen=True, kw_only=True):
    """`at`: ms since 1970 by the edge's clock, for figures only. A repeat costs a purge more, and changes nothing."""

    site: str
    changes: list[PageChange]
    at: int
