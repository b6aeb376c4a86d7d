"""An edge's outbox: ops on their way to central, numbered densely per realm.

`on_central_ack` lives in `sync.replica` and is named here too, beside its other half.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import connections
from django.db.models import Count

from node import clock
from node.realms import EDGE, on_commit
from sync.replica import on_central_ack
from sync.store.edge import sql
from sync.store.edge.models import Outgoing, OutgoingHead

__all__ = ["Queued", "enqueue", "on_central_ack", "on_queued"]


@dataclass(frozen=True)
class Queued:
    """An op that has just been committed."""

    realm: str
    n: int
    kind: str
    body: bytes
    ref: str
    #: its row in the outbox: the number may change (a node that joins anew counts from 1), the row does not
    row: int = 0


_listeners: list[Callable[[Queued], None]] = []
_lock = threading.Lock()


def enqueue(realm: str, kind: str, body: bytes, *, ref: str = "") -> int:
    """Send an op to the realm `realm` of central: it is kept until central has committed it. Returns its number.

    Call it inside the writer's transaction, beside the rows it reports. `ref` comes back in `on_central_ack(kind)`.
    """
    return queue(realm, kind, body, ref=ref).n


def queue(realm: str, kind: str, body: bytes, *, ref: str = "") -> Queued:
    """The same; returns all of the op's place."""
    if not connections[EDGE].in_atomic_block:
        raise RuntimeError("enqueue() belongs inside the writer's transaction: use writer.run()")
    n = _next(realm)
    queued = Queued(realm, n, kind, body, ref, row=_store(realm, n, kind, body, ref))
    on_commit(lambda: _tell(queued), realm=EDGE)
    return queued


def _store(realm: str, n: int, kind: str, body: bytes, ref: str) -> int:
    return sql.insert(
        "INSERT INTO sync_edge_outgoing (realm, n, kind, body, ref, created) VALUES (?, ?, ?, ?, ?, ?)",
        [realm, n, kind, body, ref, clock.time_ms()],
    )


def _next(realm: str) -> int:
    rows = sql.fetch(
        "INSERT INTO sync_edge_outgoinghead (realm, epoch, n) "
        "VALUES (?, COALESCE((SELECT epoch FROM sync_edge_outgoinghead WHERE realm = ''), 0), 1) "
        "ON CONFLICT (realm) DO UPDATE SET n = n + 1 RETURNING n",
        [realm],
    )
    return int(rows[0][0])


def forget(acked: Mapping[str, int]) -> None:
    """Central has committed the ops of each realm up to this number. Inside a job of the writer."""
    for realm, n in acked.items():
        sql.execute("DELETE FROM sync_edge_outgoing WHERE realm = ? AND n <= ?", [realm, n])


def on_queued(listener: Callable[[Queued], None]) -> Callable[[], None]:
    """Call `listener` in the writer's thread after the commit of each op; returns what stops it."""
    with _lock:
        _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _tell(queued: Queued) -> None:
    for listener in list(_listeners):
        listener(queued)


def backlog() -> dict[str, int]:
    """Realm -> ops that central has not acknowledged."""
    return dict(Outgoing.objects.values_list("realm").annotate(Count("pk")))


def heads() -> dict[str, int]:
    """Realm -> the last number given."""
    return dict(OutgoingHead.objects.exclude(realm="").values_list("realm", "n"))
