"""Central's reads of a realm's log for one edge. Each is one snapshot of the database; all run in threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connections
from django.utils import timezone

from node.realms import alias_of
from sync.contracts import frames as f
from sync.contracts.frames import Cursor, Entry
from sync.core import link as io
from sync.core.log import HeadOfLog, assert_dense, known_chain, why_refetch
from sync.store.central.models import EdgeCursor, LastN, Op, SyncHead, SyncLog
from sync.topics import EdgeScope, InterestTopic, StateTopic, name_of, topic_of

#: rows of the log one read looks at, whoever they are for
SCAN = 2_000

_TAIL = (
    "SELECT h.epoch, h.head, h.floor, l.seq, l.topic, l.key, l.ver, l.op, l.body, l.schema, l.chain "
    "FROM sync_central_synchead h LEFT JOIN LATERAL "
    "(SELECT * FROM sync_central_synclog WHERE seq > %s ORDER BY seq LIMIT %s) l ON true "
    "WHERE h.id = 1 ORDER BY l.seq"
)


class NoLogYet(Exception):
    """The realm's sequencer has not begun its log."""


@dataclass(frozen=True)
class LogRow:
    seq: int
    topic: str
    key: str
    ver: int
    op: str
    body: bytes | None
    schema: int
    chain: bytes


def head_of(realm: str) -> HeadOfLog:
    """Raises `NoLogYet`."""
    row = SyncHead.objects.using(alias_of(realm)).first()
    if row is None:
        raise NoLogYet(realm)
    return HeadOfLog(row.epoch, row.head, bytes(row.chain), row.floor, bytes(row.floor_chain))


def check(edge: EdgeScope, asked: io.Check) -> io.Checked:
    """Where may the tail of this edge begin, and how many of its ops were taken in?"""
    alias, cursor, realm = alias_of(asked.realm), asked.cursor, asked.realm
    taken = LastN.objects.using(alias).filter(edge=edge.node, epoch=edge.epoch).values_list("n", flat=True).first() or 0
    if cursor is None:
        return io.Checked(realm, None, "fetch", taken=taken)
    head = head_of(realm)
    chain = known_chain(cursor.seq, head)
    if chain is None:
        found = SyncLog.objects.using(alias).filter(seq=cursor.seq).values_list("chain", flat=True).first()
        chain = None if found is None else bytes(found)
    reason = why_refetch(cursor, head, chain) or ""
    return io.Checked(realm, cursor, "refetch" if reason else "tail", reason, head.seq, taken)


def read_log(read: io.ReadLog, interest: Mapping[str, frozenset[str]]) -> io.LogRead | io.LogLost:
    """The edge's part of what follows `read.after`, bodies read now. Raises `NotDense`: never guess about a gap."""
    reserved = (read.entries, read.size)
    epoch, head, floor, rows = _tail(read.realm, read.after.seq)
    if epoch != read.after.epoch:
        return io.LogLost(read.realm, "epoch", reserved)
    if read.after.seq < floor:
        return io.LogLost(read.realm, "below_floor", reserved)
    assert_dense(read.after.seq, [row.seq for row in rows])
    to, taken = _select(read, rows, interest)
    entries = tuple(_with_bodies(read.realm, taken))
    return io.LogRead(read.realm, to, head, entries, reserved)


def _tail(realm: str, after: int) -> tuple[str, int, int, list[LogRow]]:
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(_TAIL, [after, SCAN])
        found = cursor.fetchall()
    if not found:
        raise NoLogYet(realm)
    epoch, head, floor = found[0][:3]
    rows = [
        LogRow(seq, topic, key, ver, op, None if body is None else bytes(body), schema, bytes(chain))
        for _, _, _, seq, topic, key, ver, op, body, schema, chain in found
        if seq is not None
    ]
    return epoch, head, floor, rows


def _select(
    read: io.ReadLog, rows: Sequence[LogRow], interest: Mapping[str, frozenset[str]]
) -> tuple[Cursor, list[LogRow]]:
    """The rows that are this edge's, as many as its credit takes, and the place they reach to."""
    taken: list[LogRow] = []
    to, size = read.after, 0
    for row in rows:
        if row.topic in read.topics and (row.topic not in interest or row.key in interest[row.topic]):
            size += len(row.body or b"") + len(row.key) + len(row.topic) + 40
            if taken and (len(taken) >= read.entries or size > read.size):
                break
            taken.append(row)
        to = Cursor(read.after.epoch, row.seq, row.chain)
    return to, taken


def _with_bodies(realm: str, rows: Sequence[LogRow]) -> list[Entry]:
    """Facts as they are; of each state key only the last pointer, with the body as it stands now."""
    last = {(row.topic, row.key): row.seq for row in rows if row.op != Op.FACT}
    wanted: dict[str, list[str]] = {}
    for topic, key in last:
        wanted.setdefault(topic, []).append(key)
    bodies = {topic: _read_bodies(topic, keys) for topic, keys in wanted.items()}
    entries = []
    for row in rows:
        if row.op == Op.FACT:
            entries.append(Entry(row.seq, row.topic, row.key, row.ver, "f", row.body, row.schema))
        elif last[row.topic, row.key] == row.seq:
            entries.append(_state_entry(row, bodies[row.topic].get(row.key)))
    return entries


def _read_bodies(full: str, keys: list[str]) -> dict[str, tuple[int, bytes | None]]:
    topic = topic_of(full)
    return topic.read(full, keys) if isinstance(topic, StateTopic) else {}


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
    EdgeCursor.objects.using(alias_of(realm)).update_or_create(
        edge=edge.node, defaults={"epoch": epoch, "seq": seq, "heard": timezone.now()}
    )


def realm_of_topic(full: str) -> str | None:
    topic = topic_of(full)
    return topic.realm if topic is not None else None


__all__ = ["NoLogYet", "check", "name_of", "read_head", "read_log", "read_page", "read_state", "save_acked"]
