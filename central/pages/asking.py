"""What the node of a site says of its pages. Asked while a person waits, kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from central.cluster.models import Node, Site
from central.cluster.queries import light_of
from central.pages.errors import NoNode
from sync.contracts.codec import pack, unpack
from sync.contracts.pages import PageAsk, PagesAsk, PagesTold, PageTold, RemakeAsk
from sync.questions import NodeAway, ask

_COUNTS: Final = ("pages", "bytes", "waits", "failed", "excluded")


@dataclass(frozen=True)
class Summary:
    """What a node told last of the pages of one site, in its heartbeat; counts it did not tell are None."""

    heard_at: datetime | None
    made_at: datetime | None
    counts: Mapping[str, int | None]


def pages_of(site: Site, asked: PagesAsk) -> PagesTold:
    """Raises `NodeAway`, `NodeRefused`, `NoNode`."""
    return unpack(ask(_node(site), "pages", pack(asked)), PagesTold)


def page_of(site: Site, edition: str, path: str) -> PageTold:
    """Raises `NodeAway`, `NodeRefused`, `NoNode`."""
    return unpack(ask(_node(site), "page", pack(PageAsk(site=site.pk, edition=edition, path=path))), PageTold)


def make_anew(site: Site, pages: list[tuple[str, str]]) -> None:
    """Have pages made anew, all of the site when none is named. Raises `NodeAway`, `NodeRefused`, `NoNode`."""
    ask(_node(site), "pages_remake", pack(RemakeAsk(site=site.pk, pages=pages)))


def _node(site: Site) -> str:
    """The node to ask; one that was not heard from is not waited for."""
    if site.node is None:
        raise NoNode(f"no node serves the site '{site.pk}'")
    if light_of(site.node) != "green":
        raise NodeAway(f"the node '{site.node_id}' is cut off")
    return site.node.pk


def summary_of(site: Site) -> Summary:
    node: Node | None = site.node
    health = getattr(node, "health", None) if node else None
    if health is None:
        return Summary(None, None, dict.fromkeys(_COUNTS))
    told = _mapping(_mapping(_mapping(health.detail).get("pages")).get("sites")).get(site.pk)
    counts = {name: _number(_mapping(told).get(name)) for name in _COUNTS}
    made_at = _number(_mapping(told).get("made_at"))
    return Summary(health.heard_at, datetime.fromtimestamp(made_at, UTC) if made_at else None, counts)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> int | None:
    """It comes from another machine: what is not a number of things is not shown."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40
    return int(value) if is_number else None
