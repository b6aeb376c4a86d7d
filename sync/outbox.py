"""Central's outbox: what a transaction publishes, written beside the rows it changes.

The row is the promise. The wake-up after the commit may be lost: the sequencer looks every 200 ms.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from django.db import connections

from node.copying import copy_rows
from node.realms import alias_of, on_commit
from sync.store.central.models import Op, Outbox
from sync.topics import topic_of

#: PostgreSQL's NOTIFY channel; each realm is its own database, so one name serves all
WAKE_CHANNEL = "rialto_outbox"
#: seconds in which one NOTIFY of a process does for all: a sequencer that was woken looks by itself for longer
WAKE_EVERY: Final = 0.05

_INSERT = "INSERT INTO sync_central_outbox (topic, key, ver, op, body, schema) VALUES (%s, %s, %s, %s, %s, %s)"

#: realm -> when this process has sent its last NOTIFY (monotonic seconds)
_woken: dict[str, float] = {}


def record_state(topic: str, key: str, ver: int, *, realm: str, deleted: bool = False) -> None:
    """Publish that `key` of the full topic now stands at version `ver`: a pointer, the body is read when it is sent.

    Call it inside the writer's `atomic(realm)`, after `ver` was raised under the row's lock. A deletion has a version
    above the last one too.
    """
    _record(topic, key, ver, Op.DELETE if deleted else Op.STATE, None, realm)


def record_states(entries: Iterable[tuple[str, str, int, bool]], *, realm: str) -> None:
    """`record_state` for many at once: (full topic, key, version, whether deleted), by one COPY."""
    rows = [
        Outbox(
            topic=topic,
            key=key,
            ver=ver,
            op=Op.DELETE if deleted else Op.STATE,
            schema=_schema_of(topic),
        )
        for topic, key, ver, deleted in entries
    ]
    if rows:
        copy_rows(Outbox, rows, using=alias_of(realm))
        _wake_after_commit(realm)


def record_fact(topic: str, key: str, body: bytes, *, realm: str) -> None:
    """Publish an immutable fact, whole. Facts of one key must commute: their order is not promised."""
    _record(topic, key, 0, Op.FACT, body, realm)


def record_facts(entries: Iterable[tuple[str, str, bytes]], *, realm: str) -> None:
    """`record_fact` for many at once, in one trip to the server: (topic, key, body)."""
    rows = [(topic, key, 0, str(Op.FACT), body, _schema_of(topic)) for topic, key, body in entries]
    if rows:
        # Plain SQL: every writer of central pays for this statement, and the ORM would double its price.
        with connections[alias_of(realm)].cursor() as cursor:
            cursor.executemany(_INSERT, rows)
        _wake_after_commit(realm)


def _schema_of(topic: str) -> int:
    declared = topic_of(topic)
    return declared.schema if declared else 1


def _record(topic: str, key: str, ver: int, op: str, body: bytes | None, realm: str) -> None:
    # Plain SQL: every writer of central pays for this statement, and the ORM would double its price.
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(_INSERT, [topic, key, ver, str(op), body, _schema_of(topic)])
    _wake_after_commit(realm)


def _wake_after_commit(realm: str) -> None:
    # One NOTIFY a transaction, and after it rather than in it: a transaction that NOTIFYs commits, fsync included,
    # under one lock of the whole PostgreSQL server, and every writer would queue behind it.
    connection = connections[alias_of(realm)]
    if connection.vendor != "postgresql":
        return  # in the simulator, who steps the sequencer needs no waking
    armed = getattr(connection, "_rialto_wake", None)
    if armed is not None and any(hook[1] is armed for hook in connection.run_on_commit):
        return
    on_commit(lambda: wake(realm), realm=realm)
    if connection.run_on_commit:
        connection._rialto_wake = connection.run_on_commit[-1][1]  # type: ignore[attr-defined]


def wake(realm: str) -> None:
    """Tell the realm's sequencer that there is something to do, unless it is awake. Losing it costs 200 ms at most."""
    now = time.monotonic()
    if now - _woken.get(realm, 0.0) < WAKE_EVERY:
        return
    _woken[realm] = now
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(f"NOTIFY {WAKE_CHANNEL}")
