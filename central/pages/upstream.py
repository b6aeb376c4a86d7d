"""What edges say of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from django.utils import timezone

from central.pages import links, speed
from node.realms import STATS
from sync.contracts.codec import unpack
from sync.contracts.links import MOST_LINKS, MOST_PAGES, MOST_URL, BrokenLink, BrokenLinks
from sync.contracts.speed import KINDS, MOST_FIGURES, STEPS, WINDOW_S, SpeedFigure, SpeedTold
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
    found: set[str] = set()
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


SPEED = Lock(81, speed.wait_turn)


def _sites_timed(bodies: Sequence[bytes]) -> dict[Lock, set[str]]:
    found: set[str] = set()
    for body in bodies:
        try:
            found.update(figure.site for figure in unpack(body, SpeedTold).figures)
        except msgspec.MsgspecError:
            continue  # its handler says so
    return {SPEED: found}


@receives("speed", realm=STATS, locks=_sites_timed)
def take_speed(edge: EdgeScope, body: bytes) -> None:
    try:
        told = unpack(body, SpeedTold)
    except msgspec.MsgspecError as error:
        raise Poison("not SpeedTold") from error
    is_moment = 0 < told.at < 2**33 and told.at % WINDOW_S == 0
    if len(told.figures) > MOST_FIGURES or not is_moment or not all(map(_is_figure, told.figures)):
        raise Poison("figures that no edge of ours tells")
    at = datetime.fromtimestamp(told.at, UTC)
    now = timezone.now()
    # A clock that is far off would spoil other days; a node that was cut off for weeks is taken at its word
    if now - speed.KEPT[speed.Span.HOUR] < at < now + timedelta(hours=1):
        speed.take_in(at, [figure for figure in told.figures if figure.site in edge.sites])


def _is_figure(figure: SpeedFigure) -> bool:
    are_counts = all(0 <= step <= STEPS and 0 < times < 10_000_000 for step, times in figure.counts)
    return figure.kind in KINDS and len(figure.site) <= 20 and bool(figure.counts) and are_counts


def _is_sound(link: BrokenLink) -> bool:
    is_short = max(len(link.url), len(link.source)) <= MOST_URL and max(len(link.status), len(link.of_site)) <= 20
    paths = [path for page in link.pages for path in page]
    is_plain = all(text.isprintable() and len(text) <= MOST_URL for text in (link.url, link.source, *paths))
    is_web = link.url.startswith(("http://", "https://"))
    return is_short and is_plain and is_web and len(link.pages) <= MOST_PAGES and 0 <= link.count < 2**31
