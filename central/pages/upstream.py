"""What edges say of their pages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from central.pages import links
from node.realms import STATS
from sync.contracts.codec import unpack
from sync.contracts.links import MOST_LINKS, MOST_PAGES, MOST_URL, BrokenLink, BrokenLinks
from sync.questions import hand_over
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, answers, receives


@answers("question_answered")
def take_answer(edge: EdgeScope, body: bytes) -> bytes:
    """The answer to a question of central's, for whoever waits for it. A node answers what it was asked itself only."""
    hand_over(edge.node, body)
    return b""


LINKS = Lock(80, links.wait_turn)


def _sites_of(bodies: Sequence[bytes]) -> dict[Lock, set[str]]:
    found = set()
    for body in bodies:
        try:
            found.add(unpack(body, BrokenLinks).site)
        except msgspec.MsgspecError:
            continue  # its handler says so
    return {LINKS: found}


@receives("broken_links", realm=STATS, locks=_sites_of)
def take_links(edge: EdgeScope, body: bytes) -> None:
    try:
        told = unpack(body, BrokenLinks)
    except msgspec.MsgspecError as error:
        raise Poison("not BrokenLinks") from error
    if len(told.links) > MOST_LINKS or len(told.book) > 40 or not all(map(_is_sound, told.links)):
        raise Poison("links that no edge of ours tells of")
    # A shop may have moved to another edge since: what is told of it here is dropped, not set aside
    if told.site in edge.sites:
        links.take_in(told.site, edge.node, told.book, told.links)


def _is_sound(link: BrokenLink) -> bool:
    is_short = max(len(link.url), len(link.source)) <= MOST_URL and max(len(link.status), len(link.of_site)) <= 20
    paths = [path for page in link.pages for path in page]
    is_plain = all(text.isprintable() and len(text) <= MOST_URL for text in (link.url, link.source, *paths))
    is_web = link.url.startswith(("http://", "https://"))
    return is_short and is_plain and is_web and len(link.pages) <= MOST_PAGES and 0 <= link.count < 2**31
