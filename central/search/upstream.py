"""What edges tell of searches: words and how often, of their own shops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from central.search import actions
from infra.search.personal import countable
from node.realms import CATALOG
from sync.contracts.codec import unpack
from sync.contracts.search import SearchCount, SearchCounts
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, receives

_MOST = 5_000
COUNTS = Lock(70, lambda _: actions.wait_turn())


def _locks(bodies: Sequence[bytes]) -> dict[Lock, set[str]]:
    return {COUNTS: {"all"}}


@receives("search_counts", realm=CATALOG, locks=_locks)
def take_in_counts(edge: EdgeScope, body: bytes) -> None:
    try:
        told = unpack(body, SearchCounts).counts
    except msgspec.MsgspecError as error:
        raise Poison("not SearchCounts") from error
    if len(told) > _MOST or not all(map(_is_sound, told)):
        raise Poison("counts of searches that no edge of ours tells")
    # A shop may have moved to another edge since: what is told of it here is dropped, not set aside
    actions.count_words(edge.node, [each for each in told if each.site in edge.sites])


def _is_sound(count: SearchCount) -> bool:
    try:
        date.fromisoformat(count.day)
    except ValueError:
        return False
    # What looks personal never gets here, whoever sends it
    is_clean = countable(count.words) == count.words and len(count.language) <= 8
    return is_clean and 0 <= count.in_vain <= count.times < 1_000_000
