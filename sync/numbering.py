"""One batch of a realm's sequencer: the rows of the log that come out of rows of the outbox.

`sync.sequencer` moves them over a connection of its own, on PostgreSQL; `number_batch` over Django's, in the caller's
thread: the simulator steps its sequencers so.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from node import sql
from node.realms import alias_of, atomic
from sync.core.log import HeadOfLog, genesis, number

#: entries one transaction moves
BATCH = 2_000

HEAD = "SELECT epoch, head, chain, floor, floor_chain FROM sync_central_synchead WHERE id = 1 FOR UPDATE"
BEGIN = (
    "INSERT INTO sync_central_synchead (id, epoch, head, chain, floor, floor_chain, started_at) "
    "VALUES (1, %s, 0, %s, 0, %s, %s) ON CONFLICT DO NOTHING"
)
MOVE = "UPDATE sync_central_synchead SET head = %s, chain = %s WHERE id = 1"
COLUMNS = "(seq, topic, key, ver, op, body, schema, chain, created)"
INSERT = f"INSERT INTO sync_central_synclog {COLUMNS} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
TAKEN = "id, topic, key, ver, op, body, schema"

_LOOK = f"SELECT {TAKEN} FROM sync_central_outbox ORDER BY id LIMIT %s"  # noqa: S608
_DROP = "DELETE FROM sync_central_outbox WHERE id = ANY(%s)"


def head_in(row: tuple[Any, ...]) -> HeadOfLog:
    """Out of what `HEAD` selects."""
    epoch, seq, chain, floor, floor_chain = row
    return HeadOfLog(epoch, seq, bytes(chain), floor, bytes(floor_chain))


def first_head() -> list[Any]:
    """What `BEGIN` wants, but for the moment: the start of a log under a new epoch."""
    epoch = secrets.token_hex(8)
    return [epoch, genesis(epoch), genesis(epoch)]


def numbered(head: HeadOfLog, taken: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows behind `head`, all of `COLUMNS` but the last, out of rows of `TAKEN` in any order."""
    rows = sorted(taken, key=lambda row: row[0])
    numbers = number(head, ((topic, key, ver) for _, topic, key, ver, *_ in rows))
    return [(seq, *row[1:], chain) for row, (seq, chain) in zip(rows, numbers, strict=True)]


def moved_to(log: list[tuple[Any, ...]]) -> tuple[int, bytes]:
    """What `MOVE` wants: where the head stands behind these rows."""
    return log[-1][0], log[-1][-1]


def number_batch(realm: str) -> int:
    """Move up to `BATCH` entries into the log, in one transaction; begins the log if need be. Returns how many."""
    alias = alias_of(realm)
    with atomic(realm):
        if not (found := sql.run(alias, HEAD)):
            sql.run(alias, BEGIN, [*first_head(), timezone.now()])
            found = sql.run(alias, HEAD)
        taken = sql.run(alias, _LOOK, [BATCH])
        if taken:
            log, now = numbered(head_in(found[0]), taken), timezone.now()
            sql.run(alias, _DROP, [[row[0] for row in taken]])
            sql.run_many(alias, INSERT, [(*row, now) for row in log])
            sql.run(alias, MOVE, moved_to(log))
    return len(taken)
