"""Finding goods and pages: one small protocol, several engines.

An index holds the entries of one site in one language. It is made beside the one that answers and then takes its
place, so a rebuild is never seen. To add an engine: a module here with a class that has these methods, a line in
`ENGINES`, and the contract test (`tests/test_contract.py`) runs on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from infra.search.words import Group

#: entries that are ranked by our own rules; what follows keeps the engine's order
WINDOW: Final = 200


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What can be found. `id`: letters, digits and dashes. `mark` is the caller's own: what it was made of."""

    id: str
    kind: str
    title: str
    words: str = ""  # further short words: brand, sku, values
    text: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_on_sale: bool = True
    position: int = 0
    mark: str = ""


@dataclass(frozen=True)
class Settings:
    """How the words of an index are understood. Changing them needs `configure`, not a rebuild."""

    language: str
    synonyms: tuple[Group, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Query:
    """Conditions, all of which must hold.

    `words`: each of them in any form, or what means the same. `phrase`: these words beside each other. `without`: none
    of these phrases. `kinds` and `facets`: one of the values of each named; `not_facets`: none of them. `is_start`: the
    last word is unfinished.
    """

    words: str = ""
    phrase: str = ""
    without: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    not_facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_start: bool = False
    limit: int = 24
    offset: int = 0


@dataclass(frozen=True)
class Hit:
    id: str
    kind: str


@dataclass(frozen=True)
class Found:
    """`total` and `kinds` count all that was found, `kinds` whatever kinds were asked for.

    `corrected`: the words that were looked for instead of those typed, "" when these were.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrected: str = ""


@dataclass(frozen=True)
class State:
    """An index that answers. `built_at`: seconds since 1970 when it took its place, 0 when the engine does not say."""

    documents: int
    built_at: float = 0.0


class Engine(Protocol):
    """Errors: `Unavailable` when the engine does not answer, `NoIndex` when the named index was never built."""

    def make(self, index: str, settings: Settings) -> str:
        """Begin an empty index beside the one that answers; returns the name to `put` into and to `swap`."""
        ...

    def swap(self, index: str, fresh: str) -> None:
        """`fresh` answers as `index` from now on; what answered before is gone."""
        ...

    def configure(self, index: str, settings: Settings) -> None:
        """Take new settings without a rebuild."""
        ...

    def put(self, index: str, settings: Settings, entries: Iterable[Entry]) -> None:
        """Add entries, or replace those with the same id."""
        ...

    def delete(self, index: str, ids: Iterable[str]) -> None:
        """Ids that are not there are no error."""
        ...

    def query(self, index: str, settings: Settings, query: Query) -> Found: ...

    def suggest(self, index: str, settings: Settings, start: str, limit: int) -> list[str]:
        """Words that begin with the last word of `start`, those used most first."""
        ...

    def state(self, index: str) -> State | None:
        """None: there is no such index."""
        ...

    def drop(self, index: str) -> None:
        """Remove an index with all it has; one that is not there is no error."""
        ...


ENGINES: Final = {  # dotted names, so that what is not used is not imported
    "embedded": "infra.search.embedded.EmbeddedEngine",
    "meilisearch": "infra.search.meili.MeilisearchEngine",
    "sphinx": "infra.search.sphinx.SphinxEngine",
}
#: those with a server of their own, which central asks in the name of the edges
SERVERS: Final = ("meilisearch", "sphinx")
