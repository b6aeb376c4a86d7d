"""Links of pages that lead nowhere, as an edge tells of them. Op `broken_links` of realm `stats`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: links of one op, pages that are named of one link, signs of an address
MOST_LINKS: Final = 200
MOST_PAGES: Final = 20
MOST_URL: Final = 2_000


class BrokenLink(Struct, frozen=True, kw_only=True):
    """`status`: "404", "timeout", "unknown_host", …; "" when it leads somewhere again, or no page holds it.

    `pages`: (edition, path) of some that hold it, `count` of all. `since` (it was found broken), `seen` (it was looked
    at last): ms since 1970 by the edge's clock. `of_site`, `source`: where a redirect of it would stand, "" nowhere.
    """

    url: str
    status: str
    since: int = 0
    seen: int = 0
    of_site: str = ""
    source: str = ""
    pages: list[tuple[str, str]] = []
    count: int = 0


class BrokenLinks(Struct, frozen=True, kw_only=True):
    """`book` names what the edge remembers: what it told out of an earlier one counts no more."""

    site: str
    book: str
    links: list[BrokenLink]
