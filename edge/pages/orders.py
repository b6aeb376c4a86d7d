"""What an edge and its maker of pages say to one another, a line of JSON each."""

from __future__ import annotations

from msgspec import Struct

from edge.pages.book import Change, Hits, PageKey
from edge.pages.linkbook import LinkNews


class Heard(Struct, frozen=True, tag="heard"):
    """These documents, (topic, key), and lists, ("list", name), have changed."""

    deps: list[tuple[str, str]]


class Want(Struct, frozen=True, tag="want"):
    """Somebody asked for a page that does not lie as a file."""

    site: str
    path: str


class Told(Struct, frozen=True, tag="told"):
    """The changes up to this id stand in the edge's own queue."""

    up_to: int


class Remake(Struct, frozen=True, tag="remake"):
    """Somebody wants these pages of a site anew; all of them when none is named."""

    site: str
    keys: list[PageKey]


class Asked(Struct, frozen=True, tag="asked"):
    """How often pages were asked for since this was said last."""

    hits: list[Hits]


class LinksTold(Struct, frozen=True, tag="links_told"):
    """News of these links stand in the edge's own queue: (id, digest)."""

    links: list[tuple[int, str]]


Order = Heard | Want | Told | Remake | Asked | LinksTold


class Done(Struct, frozen=True):
    """The maker's answer: pages whose bytes changed, and how things stand, in all and site by site.

    `links`: those that lead nowhere, or somewhere again, since central was told last.
    """

    changes: list[Change]
    figures: dict[str, float]
    sites: dict[str, dict[str, float]] = {}
    links: list[LinkNews] = []
    #: names what the maker remembers of links
    book: str = ""
    #: (shop, path within its edition, ms) of pages made since the last answer
    renders: list[tuple[str, str, float]] = []
