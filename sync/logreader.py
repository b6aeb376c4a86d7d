"""Central's reads of a realm's log for one edge. Each is one snapshot of the database; all run in threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from node import clock, sql
from node.realms import CENTRAL_REALMS, alias_of
from sync.contracts import frames as f
from sync.contracts.frames import Cursor, Entry
from sync.core import link as io
from sync.core.log import HeadOfLog, assert_dense, known_chain, why_refetch
from sync.logtail import LogRow, NoLogYet, SharedBodies, SharedTail
from sync.store.central.models import EdgeCursor, Op
from sync.topics import EdgeScope, InterestTopic, StateTopic, name_of, topic_of

#: full topic -> key -> (version, document)
Bodies = Mapping[str, Mapping[str, tuple[int, bytes | None]]]

# Plain SQL: each session of each edge asks these again and again.
_HEAD = "SELECT epoch, head, chain, floor, floor_chain FROM sync_central_synchead"
_TAKEN = "SELECT n FROM sync_central_lastn WHERE edge = %s AND epoch = %s"
_CHAIN = "SELECT chain FROM sync_central_synclog WHERE seq = %s"

_tails = {realm: SharedTail(realm) for realm in CENTRAL_REALMS}
_bodies = {realm: SharedBodies() for realm in CENTRAL_REALMS}


def forget() -> None:
    """Drop what this process remembers of logs and bodies, as its restart does."""
    for realm in CENTRAL_REALMS:
        _tails[realm], _bodies[realm] = SharedTail(realm), SharedBodies()


def head_of(realm: str) -> HeadOfLog:
    """Raises `NoLogYet`."""
    rows = sql.run(alias_of(realm), _HEAD)
    if not rows:
        raise NoLogYet(realm)
    epoch, head, chain, floor, floor_chain = rows[0]
    return HeadOfLog(epoch, head, bytes(chain), floor, bytes(floor_chain))


def check(edge: EdgeScope, asked: io.Check) -> io.Checked:
    """Where may the tail of this edge begin, and how many of its ops were taken in?"""
    alias, cursor, realm = alias_of(asked.realm), asked.cursor, asked.realm
    rows = sql.run(alias, _TAKEN, [edge.node, edge.epoch])
    taken = int(rows[0][0]) if rows else 0
    if cursor is None:
        return io.Checked(realm, None, "fetch", taken=taken)
    head = head_of(realm)
    chain = known_chain(cursor.seq, head)
    if chain is None:
        found = sql.run(alias, _CHAIN, [cursor.seq])
        chain = bytes(found[0][0]) if found else None
    reason = why_refetch(cursor, head, chain) or ""
    return io.Checked(realm, cursor, "refetch" if reason else "tail", reason, head.seq, taken)


def read_log(
    read: io.ReadLog, interest: Mapping[str, frozenset[str]], *, asked: float | None = None
) -> io.LogRead | io.LogLost:
    """The edge's part of what follows `read.after`, no older than `asked` (`clock.monotonic()`, now by default).

    Raises `NotDense`: never guess about a gap.
    """
    reserved = (read.entries, read.size)
    tail = _tails[read.realm].after(read.after.seq, clock.monotonic() if asked is None else asked)
    if tail.epoch != read.after.epoch:
        return io.LogLost(read.realm, "epoch", reserved)
    if read.after.seq < tail.floor:
        return io.LogLost(read.realm, "below_floor", reserved)
    assert_dense(read.after.seq, [row.seq for row in tail.rows])
    to, taken = _select(read, tail.rows, interest)
    bodies = _bodies_for(read.realm, tail.epoch, taken)
    fitting = _fitting(taken, bodies, read.size)
    if fitting < len(taken):  # pointers are small, the documents they lead to are not
        taken = taken[:fitting]
        to = Cursor(read.after.epoch, taken[-1].seq, taken[-1].chain)
    return io.LogRead(read.realm, to, tail.head, tuple(_entries(taken, bodies)), reserved)


def _select(
    read: io.ReadLog, rows: Sequence[LogRow], interest: Mapping[str, frozenset[str]]
) -> tuple[Cursor, list[LogRow]]:
    """The rows that are this edge's, as many as its credit takes, and the place they reach to."""
    taken: list[LogRow] = []
    to, size = read.after, 0
    for row in rows:
        if row.topic in read.topics and (row.topic not in interest or row.key in interest[row.topic]):
            size += row.size
            if taken and (len(taken) >= read.entries or size > read.size):
                break
            taken.append(row)
        to = Cursor(read.after.epoch, row.seq, row.chain)
    return to, taken


def _bodies_for(realm: str, epoch: str, rows: Sequence[LogRow]) -> Bodies:
    """Of each state key among the rows a body at least as new as its last pointer."""
    wanted: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.op != Op.FACT:
            wanted.setdefault(row.topic, {})[row.key] = row.ver
    return {topic: _read_bodies(realm, epoch, topic, keys) for topic, keys in wanted.items()}


def _fitting(rows: Sequence[LogRow], bodies: Bodies, size: int) -> int:
    """How many of the rows, with the documents they lead to, take about `size` bytes together; one at least."""
    total, seen = 0, set()
    for count, row in enumerate(rows):
        total += row.size
        if row.op != Op.FACT and (row.topic, row.key) not in seen:
            seen.add((row.topic, row.key))
            _, body = bodies[row.topic].get(row.key, (0, None))
            total += len(body or b"")
        if total > size:
            return max(1, count)
    return len(rows)


def _entries(rows: Sequence[LogRow], bodies: Bodies) -> list[Entry]:
    """Facts as they are; of each state key only the last pointer, with its body."""
    last = {(row.topic, row.key): row for row in rows if row.op != Op.FACT}
    entries = []
    for row in rows:
        if row.op == Op.FACT:
            entries.append(Entry(row.seq, row.topic, row.key, row.ver, "f", row.body, row.schema))
        elif last[row.topic, row.key] is row:
            entries.append(_state_entry(row, bodies[row.topic].get(row.key)))
    return entries


def _read_bodies(realm: str, epoch: str, full: str, keys: Mapping[str, int]) -> dict[str, tuple[int, bytes | None]]:
    topic = topic_of(full)
    return _bodies[realm].of(epoch, full, keys, topic.read) if isinstance(topic, StateTopic) else {}


def _state_entry(row: LogRow, found: tuple[int, bytes | None] | None) -> Entry:
    ver, body = found if found is not None else (row.ver, None)
    topic = topic_of(row.topic)
    schema = topic.schema if topic is not None else row.schema
    return Entry(row.seq, row.topic, row.key, max(ver, row.ver), "d" if body is None else "s", body, schema)


def read_head(edge: EdgeScope, realm: str) -> io.HeadRead:
    """The place a snapshot begins at; the log is not cut above it while the edge is known to be there."""
    head = head_of(realm)
    save_acked(edge, realm, head.epoch, head.seq)
    return io.HeadRead(realm, head.cursor)


def read_page(ask: io.ReadPage) -> io.PageRead:
    """One page of a snapshot, up to `PAGE_ROWS` rows or about a mebibyte. The epoch is read before the rows."""
    epoch = head_of(ask.realm).epoch
    topic = topic_of(ask.topic)
    found = topic.page(ask.topic, ask.after, io.PAGE_ROWS) if isinstance(topic, StateTopic) else []
    rows: list[f.Row] = []
    size = 0
    for key, ver, body in found:
        size += len(body) + len(key)
        if rows and size > io.OPS_BYTES:
            break
        rows.append(f.Row(key, ver, bytes(body)))
    is_last = len(rows) == len(found) < io.PAGE_ROWS
    schema = topic.schema if topic is not None else 1
    page = f.Page(
        realm=ask.realm, epoch=epoch, topic=ask.topic, after=ask.after, rows=rows, is_last=is_last, schema=schema
    )
    return io.PageRead(page)


def read_state(read: io.ReadState) -> io.StateRead:
    """The whole state of followed keys; a key central never heard of has none."""
    topic = topic_of(read.topic)
    if not isinstance(topic, InterestTopic):
        return io.StateRead(read.topic, ())
    return io.StateRead(read.topic, tuple(topic.state(sorted(read.keys)).items()))


def save_acked(edge: EdgeScope, realm: str, epoch: str, seq: int) -> None:
    row = [edge.node, epoch, seq, timezone.now()]
    sql.insert_or_update(EdgeCursor, ["edge"], ["epoch", "seq", "heard"], [row], using=alias_of(realm))


def realm_of_topic(full: str) -> str | None:
    topic = topic_of(full)
    return topic.realm if topic is not None else None


__all__ = ["NoLogYet", "check", "name_of", "read_head", "read_log", "read_page", "read_state", "save_acked"]
