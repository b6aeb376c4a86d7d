"""What an edge tells of its pages: which addresses of a site have new bytes. Op `pages_changed` of realm `cluster`."""

from __future__ import annotations

from typing import Final, Literal

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
    hits: int = 0  # how often it was asked for in the last week; 0: never, or it is no more


class PagesChanged(Struct, frozen=True, kw_only=True):
    """`at`: ms since 1970 by the edge's clock, for figures only. A repeat costs a purge more, and changes nothing."""

    site: str
    changes: list[PageChange]
    at: int


# --- what central asks of them: questions `pages`, `page`, `pages_remake` ------------------------------------------


PageState = Literal["fresh", "waits", "excluded", "failed"]
PageSort = Literal["path", "-path", "made", "-made", "size", "-size", "took", "-took", "asked", "-asked"]

#: rows of one answer
MOST_ROWS: Final = 200


class PagesAsk(Struct, frozen=True, kw_only=True):
    """Pages of a site. `kind`: of `sites.urls`, "" every. `words`: part of the address. `uses`: key of a document."""

    site: str
    states: list[PageState] = []
    kind: str = ""
    words: str = ""
    uses: str = ""
    sort: PageSort = "path"
    start: int = 0
    count: int = 50


class PageRow(Struct, frozen=True, kw_only=True):
    """A page: of an edition (`sites.editions.key_of`), at a path of its host, unquoted.

    Times are s since 1970, 0 never; sizes bytes, 0 none. `asked`: in the last week.
    `changed_at`: since when its bytes are as they are. `reason`: why it failed, as the edge says.
    """

    edition: str
    path: str
    kind: str
    state: PageState
    reason: str = ""
    made_at: float = 0.0
    changed_at: float = 0.0
    waits_since: float = 0.0
    took_ms: float = 0.0
    size: int = 0
    gzip: int = 0
    brotli: int = 0
    asked: int = 0


class WrongPage(Struct, frozen=True, kw_only=True):
    """A page that was not what its documents say, as the audit found. It was made anew; before, `made_at`."""

    edition: str
    path: str
    found_at: float
    made_at: float


class AuditTold(Struct, frozen=True, kw_only=True):
    """Pages of a site that were made once more and compared: how many ever, the last when, and what was wrong of late.

    `wrong`: in the last 30 days; `oldest_s`: how old the oldest of them was; `latest`: the last of them.
    """

    looked: int
    looked_at: float
    wrong: int = 0
    oldest_s: float = 0.0
    latest: list[WrongPage] = []


class PagesTold(Struct, frozen=True, kw_only=True):
    """`total`: rows of the filter. `states`: how many pages of the site are in which state, whatever the filter.

    `audit` None: no page was compared yet, or the edge is older.
    """

    rows: list[PageRow]
    total: int
    states: dict[str, int] = {}
    audit: AuditTold | None = None


class PageAsk(Struct, frozen=True, kw_only=True):
    """`edition` "": the first that has the path."""

    site: str
    edition: str
    path: str


class PageUse(Struct, frozen=True, kw_only=True):
    """Of what a page was made: a document (`topic` without its audience), or a list (`topic` "list")."""

    topic: str
    key: str
    title: str = ""
    ver: int = 0


class PageTold(Struct, frozen=True, kw_only=True):
    """`row` None: there is no such page. `more`: uses that were left out."""

    row: PageRow | None
    address: str = ""
    uses: list[PageUse] = []
    more: int = 0


class RemakeAsk(Struct, frozen=True, kw_only=True):
    """Make these pages of a site anew; all of them when none is named."""

    site: str
    pages: list[tuple[str, str]] = []  # edition, path
