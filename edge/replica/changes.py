"""Who wants to know that lists changed: told after the commit that changed them, in the writer's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edge.replica.reads import LIST, Dep
from node.realms import EDGE, on_commit

Listener = Callable[[list[Dep]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """`listener([dependency])` must be quick and safe to call from any thread."""
    _listeners.append(listener)
    return listener


def announce_lists(names: Iterable[str]) -> None:
    """Inside the writer's transaction: these lists have other members, or another order, once it commits."""
    deps = [(LIST, name) for name in sorted(set(names))]
    if deps:
        on_commit(lambda: tell(deps), realm=EDGE)


def tell(deps: list[Dep]) -> None:
    for listener in _listeners:
        listener(deps)
