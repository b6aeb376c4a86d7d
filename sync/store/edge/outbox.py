"""An edge's outbox: ops on their way to central, numbered densely per realm.

`on_central_ack` lives in `sync.replica` and is named here too, beside its other half.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections
from django.db.models import Count

from node.realms import EDGE, on_commit
from sync.replica import on_central_ack
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


_listeners: list[Callable[[Queued], None]] = []
_lock = threading.Lock()


def enqueue(realm: str, kind: str, body: bytes, *, ref: str = "") -> int:
    """Send an op to the realm `realm` of central: it is kept until central has committed it. Returns its number.

    Call it inside the writer's transaction, beside the rows it reports. `ref` comes back in `on_central_ack(kind)`.
    """
    if not connections[EDGE].in_atomic_block:
        raise RuntimeError("enqueue() belongs inside the writer's transaction: use writer.run()")
    n = _next(realm)
    _store(realm, n, kind, body, ref)
    queued = Queued(realm, n, kind, body, ref)
    on_commit(lambda: _tell(queued), realm=EDGE)
    return n


def _store(realm: str, n: int, kind: str, body: bytes, ref: str) -> None:
    """In plain SQL, as every op of every shopper passes here."""
    with connections[EDGE].cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_edge_outgoing (realm, n, kind, body, ref, created) VALUES (%s, %s, %s, %s, %s, %s)",
            [realm, n, kind, body, ref, time.time_ns() // 1_000_000],
        )


def _next(realm: str) -> int:
    with connections[EDGE].cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_edge_outgoinghead (realm, epoch, n) "
            "VALUES (%s, COALESCE((SELECT epoch FROM sync_edge_outgoinghead WHERE realm = ''), 0), 1) "
            "ON CONFLICT (realm) DO UPDATE SET n = n + 1 RETURNING n",
            [realm],
        )
        return int(cursor.fetchone()[0])


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
