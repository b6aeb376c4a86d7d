"""Who wants to know that lists changed: told after the commit that changed them, in the writer's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from edge.replica.reads import LIST, Dep
from node.realms import EDGE, on_commit
from sync.store.edge import sql

#: versions are given out over all lists, so that one number says of every list whether it changed since
_CHANGED: Final = """
    INSERT INTO edge_replica_listversion (name, ver)
    VALUES (?, (SELECT coalesce(max(ver), 0) + 1 FROM edge_replica_listversion))
    ON CONFLICT (name) DO UPDATE SET ver = excluded.ver
"""

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
        sql.execute_many(_CHANGED, ([name] for _, name in deps))
        on_commit(lambda: tell(deps), realm=EDGE)


def tell(deps: list[Dep]) -> None:
    for listener in _listeners:
        listener(deps)


def lists_version() -> int:
    """The version of the list that changed last; every list that changes from now on gets a greater one."""
    row = sql.fetch_one("SELECT coalesce(max(ver), 0) FROM edge_replica_listversion")
    return int(row[0]) if row else 0
