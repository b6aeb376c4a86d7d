"""The newest rows of each realm's log and the newest bodies they point at, read once for all edges of a process.

Every edge of a hub asks at the same moment, because the same nudge wakes them all, and most ask for the same rows.
Nothing here is a truth of its own: the database is asked again after every question that is newer than the last look,
and the row the memory ends with must still stand there, with its chain. An edge that is far behind reads by itself.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connections

from node import clock
from node.realms import alias_of

#: rows of the log one read looks at, whoever they are for
SCAN = 2_000
#: what is remembered of a realm: rows and bytes of the log, bytes of bodies
KEEP_ROWS = 4_000
KEEP_BYTES = 4 * 1024 * 1024

_TAIL = (
    "SELECT h.epoch, h.head, h.floor, l.seq, l.topic, l.key, l.ver, l.op, l.body, l.schema, l.chain "
    "FROM sync_central_synchead h LEFT JOIN "
    "(SELECT * FROM sync_central_synclog WHERE seq > %s ORDER BY seq LIMIT %s) l ON true "
    "WHERE h.id = 1 ORDER BY l.seq"
)


class NoLogYet(Exception):
    """The realm's sequencer has not begun its log."""


@dataclass(frozen=True, slots=True)
class LogRow:
    seq: int
    topic: str
    key: str
    ver: int
    op: str
    body: bytes | None
    schema: int
    chain: bytes

    @property
    def size(self) -> int:
        """About how many bytes it takes on the wire."""
        return len(self.body or b"") + len(self.key) + len(self.topic) + 40


@dataclass(frozen=True, slots=True)
class Tail:
    """What the database said: where the log stands, and its rows that follow `start`, none left out."""

    epoch: str
    head: int
    floor: int
    start: int
    rows: Sequence[LogRow]

    @property
    def end(self) -> int:
        return self.rows[-1].seq if self.rows else self.start


def read_tail(realm: str, after: int, limit: int = SCAN) -> Tail:
    """Ask the database. Raises `NoLogYet` and database errors."""
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(_TAIL, [after, limit])
        found = cursor.fetchall()
    if not found:
        raise NoLogYet(realm)
    epoch, head, floor = found[0][:3]
    rows = [
        LogRow(seq, topic, key, ver, op, None if body is None else bytes(body), schema, bytes(chain))
        for _, _, _, seq, topic, key, ver, op, body, schema, chain in found
        if seq is not None
    ]
    return Tail(epoch, head, floor, after, rows)


class SharedTail:
    """The end of one realm's log, for all threads of a process."""

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._lock = threading.Lock()
        self._tail = Tail("", 0, 0, 0, ())
        self._looked = 0.0
        self._trouble: Exception | None = None

    def after(self, seq: int, asked: float) -> Tail:
        """What follows `seq`, no older than the moment `asked` (`clock.monotonic()`). Raises as `read_tail` does."""
        with self._lock:
            if self._looked <= asked:
                self._look(seq)
            if self._trouble is not None:
                raise self._trouble
            tail = self._tail
        if not tail.start <= seq <= tail.end:
            return read_tail(self._realm, seq)
        at = bisect_right(tail.rows, seq, key=lambda row: row.seq)
        return replace(tail, start=seq, rows=tail.rows[at : at + SCAN])

    def _look(self, seq: int) -> None:
        # The moment before the question: an answer speaks for nobody who asked after it was put.
        self._looked = clock.monotonic()
        try:
            self._tail, self._trouble = self._newer(seq), None
        except Exception as error:
            # Those who wait for this look share its failure: each by himself would wait for a dead server in turn.
            self._trouble = error

    def _newer(self, seq: int) -> Tail:
        known = self._tail
        if not known.rows or seq > known.end:
            return read_tail(self._realm, seq)
        last = known.rows[-1]
        # From the last row on, that row included: if it is another one now, the log began anew or was restored.
        found = read_tail(self._realm, last.seq - 1, SCAN + 1)
        if found.epoch != known.epoch or not found.rows or found.rows[0] != last:
            return read_tail(self._realm, seq)
        rows = _newest([*known.rows, *found.rows[1:]])
        return replace(found, start=rows[0].seq - 1, rows=rows)


def _newest(rows: list[LogRow]) -> list[LogRow]:
    """The end of `rows` that is worth its memory; cut by half, so that not every look has to."""
    if len(rows) <= KEEP_ROWS:
        return rows
    rows = rows[-KEEP_ROWS // 2 :]
    while len(rows) > 1 and sum(row.size for row in rows) > KEEP_BYTES:
        rows = rows[len(rows) // 2 :]
    return rows


class SharedBodies:
    """The newest bodies of one realm that were sent. A version names its body, so one that is new enough will do.

    Within one epoch of the log: after a restore a version may come to name another body.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = ""
        self._kept: OrderedDict[tuple[str, str], tuple[int, bytes]] = OrderedDict()
        self._size = 0

    def of(
        self,
        epoch: str,
        topic: str,
        wanted: Mapping[str, int],
        read: Callable[[str, Sequence[str]], Mapping[str, tuple[int, bytes | None]]],
    ) -> dict[str, tuple[int, bytes | None]]:
        """key -> (version, body) of `wanted`: key -> the version it must have at least; `read` as `StateTopic.read`."""
        with self._lock:  # while it is read, too: the others want the same
            if epoch != self._epoch:
                self._epoch, self._size = epoch, 0
                self._kept.clear()
            found: dict[str, tuple[int, bytes | None]] = {
                key: kept
                for key, ver in wanted.items()
                if (kept := self._kept.get((topic, key))) is not None and kept[0] >= ver
            }
            if missing := [key for key in wanted if key not in found]:
                fresh = read(topic, missing)
                self._keep(topic, fresh)
                found.update(fresh)
            return found

    def _keep(self, topic: str, fresh: Mapping[str, tuple[int, bytes | None]]) -> None:
        for key, (ver, body) in fresh.items():
            if (gone := self._kept.pop((topic, key), None)) is not None:
                self._size -= len(gone[1])
            if body is not None:
                self._kept[topic, key] = (ver, body)
                self._size += len(body)
        while self._size > KEEP_BYTES:
            _, (_, body) = self._kept.popitem(last=False)
            self._size -= len(body)
