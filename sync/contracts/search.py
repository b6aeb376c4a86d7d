"""What edges and central say to each other about search. Fields are only ever added, with a default."""

from __future__ import annotations

from msgspec import Struct


class SearchDoc(Struct, frozen=True, kw_only=True):
    """How one shop is searched. Topic `search:<site>`, key = site. A site without it searches as the defaults say."""

    site: str
    engine: str = "embedded"
    suggestions: int = 8  # goods in the drop-down
    build: int = 0  # raised by hand: the edge makes its index anew
    synonyms: dict[str, list[list[str]]] = {}  # language -> groups of words and phrases that mean the same


class SearchAsk(Struct, frozen=True, kw_only=True):
    """Kind `search_ask`: what an edge lets the shop's server engine find. Fields as in `infra.search.Query`."""

    site: str
    language: str
    words: str = ""
    phrase: str = ""
    without: list[str] = []
    kinds: list[str] = []
    facets: dict[str, list[str]] = {}
    is_start: bool = False
    limit: int = 24
    offset: int = 0
    not_facets: dict[str, list[str]] = {}


class SearchReply(Struct, frozen=True, kw_only=True):
    """Ids and counts; the edge shows of them what it holds."""

    hits: list[tuple[str, str]] = []  # (id, kind)
    total: int = 0
    kinds: dict[str, int] = {}
    facets: dict[str, dict[str, int]] = {}
    corrected: str = ""


class SearchCount(Struct, frozen=True, kw_only=True):
    """Words that were searched for at one edge, in one spelling: how often on that day, how often in vain."""

    site: str
    language: str
    day: str  # 2026-11-26, UTC
    words: str
    times: int
    in_vain: int


class SearchCounts(Struct, frozen=True, kw_only=True):
    """Op `search_counts`, realm `catalog`: how the counts of some words stand, whole. Each only ever rises, so what
    comes twice or out of order changes nothing."""

    counts: list[SearchCount]
