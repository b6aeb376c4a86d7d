"""Which nodes have said to know of fewer ops than central had taken in from them, as this process remembers it.

A session may be late to ask what was taken in: its realm was away, or its worker stood still. By then the node may have
sent more through a newer session, on another worker too, and no clock that can be set tells which came first. So the
first such answer proves nothing: the node is told to dial again. What it says on a connection opened after the answer
was there is newer than the answer; if that still is less, its disk was rolled back or copied. A process that forgets
costs one more dial.
"""

from __future__ import annotations

from node import clock

#: (node, epoch) -> realm -> ops taken in, and since when that is known here (`clock.monotonic()`)
_doubts: dict[tuple[str, int], dict[str, tuple[int, float]]] = {}


def doubt(node: str, epoch: int, realm: str, taken: int) -> None:
    of_node = _doubts.setdefault((node, epoch), {})
    if taken > of_node.get(realm, (0, 0.0))[0]:
        of_node[realm] = taken, clock.monotonic()


def known_before(node: str, epoch: int, moment: float) -> dict[str, int]:
    """Realm -> ops that central was known here to have taken in before `moment` (`clock.monotonic()`)."""
    of_node = _doubts.get((node, epoch), {})
    return {realm: taken for realm, (taken, since) in of_node.items() if since < moment}


def forget() -> None:
    """As a restart of this process does."""
    _doubts.clear()
