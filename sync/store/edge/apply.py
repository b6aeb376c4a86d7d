"""Writing what central sends into the edge's database. Everything here runs inside the writer's transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from node.realms import EDGE, atomic
from sync.contracts import frames as f
from sync.contracts.frames import Batch, Entry
from sync.core import link as io
from sync.core.edge_end import Down
from sync.core.link import Fetch
from sync.replica import apply_hooks, fact_hooks
from sync.store.edge import sql
from sync.store.edge.models import Cursor, Document, Parked

logger = logging.getLogger(__name__)

#: (full topic, key)
Changed = list[tuple[str, str]]

_UPSERT = (
    "INSERT INTO sync_edge_document (topic, key, ver, body, schema, generation) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (topic, key) DO UPDATE SET ver = excluded.ver, body = excluded.body, schema = excluded.schema, "
    "generation = excluded.generation"
)
_CHUNK = 500
#: documents one job of the writer takes of a batch: a few milliseconds of it
PART = 25


class CursorMoved(Exception):
    """A batch does not begin where this disk stands: nothing of it was written."""


@dataclass(frozen=True)
class _Row:
    topic: str
    key: str
    ver: int
    body: bytes | None
    schema: int


def parts(batch: Batch) -> list[Callable[[], Changed]]:
    """The jobs that write a batch, in order, so that others may come between two of them. Each raises `CursorMoved`.

    Documents may stand there before the cursor covers them: should the rest never come, they come again and are known
    by their versions. The last part moves the cursor.
    """
    states = [entry for entry in batch.entries if entry.op != "f"]
    facts = [entry for entry in batch.entries if entry.op == "f"]
    cut = max(0, len(states) - 1) // PART * PART
    early = [partial(_apply_early, batch, states[start : start + PART]) for start in range(0, cut, PART)]
    last = msgspec.structs.replace(batch, entries=[*states[cut:], *facts])
    return [*early, partial(apply_batch, last)]


def apply_batch(batch: Batch) -> Changed:
    """Entries and cursor in one transaction. Returns what changed. Raises `CursorMoved`."""
    generation = _generation_at(batch)
    changed = _store(_rows(batch.entries), generation, guarded=True)
    facts = [entry for entry in batch.entries if entry.op == "f"]
    changed += apply_facts([(entry.topic, entry.key, entry.body or b"") for entry in facts])
    sql.execute("UPDATE sync_edge_cursor SET seq = ?, chain = ? WHERE realm = ?", [batch.to, batch.chain, batch.realm])
    return changed


def _apply_early(batch: Batch, states: Sequence[Entry]) -> Changed:
    return _store(_rows(states), _generation_at(batch), guarded=True)


def _rows(entries: Iterable[Entry]) -> list[_Row]:
    return [_Row(e.topic, e.key, e.ver, e.body, e.schema) for e in entries if e.op != "f"]


def _generation_at(batch: Batch) -> int:
    """The realm's generation, where the disk stands at the batch's beginning. Raises `CursorMoved`."""
    row = sql.fetch_one("SELECT epoch, seq, chain, generation FROM sync_edge_cursor WHERE realm = ?", [batch.realm])
    if row is None or row[:3] != (batch.epoch, batch.start, batch.prev_chain):
        raise CursorMoved(f"{batch.realm}: the batch begins at {batch.start}, the disk stands at {row and row[1]}")
    return int(row[3])


def apply_facts(facts: Sequence[tuple[str, str, bytes]]) -> Changed:
    """Hand facts (topic, key, body) to their hooks. Returns what changed."""
    calls = [(topic, key, 0, partial(hook, key, body)) for topic, key, body in facts for hook in fact_hooks(topic)]
    _run_hooks(calls)
    return [(topic, key) for topic, key, _ in facts]


def save_fetch(save: io.SaveFetch) -> Changed:
    """A step of a snapshot. Returns what changed."""
    row, _ = Cursor.objects.get_or_create(realm=save.realm)
    if save.begins:
        row.generation += 1
        if not save.guarded:
            row.epoch, row.seq, row.chain = "", 0, b""
    changed: Changed = []
    if save.page is not None:
        page = save.page
        rows = [_Row(page.topic, one.key, one.ver, one.body, page.schema) for one in page.rows]
        changed += _store(rows, row.generation, guarded=save.guarded)
    for topic in save.ends:
        gone = Document.objects.filter(topic=topic, generation__lt=row.generation)
        changed += _drop(gone)
    if save.cursor is not None:
        row.epoch, row.seq, row.chain = save.cursor.epoch, save.cursor.seq, save.cursor.chain
    row.covered = sorted(save.covered)
    row.fetch = msgspec.to_builtins(save.fetch) if save.fetch is not None else {}
    row.save()
    return changed


def uncover(change: io.Uncover) -> Changed:
    """Stop keeping topics up to date; what is dropped goes, documents and derived rows."""
    Cursor.objects.filter(realm=change.realm).update(covered=sorted(change.covered))
    return _drop(Document.objects.filter(topic__in=sorted(change.drop)))


def load_downs() -> dict[str, Down]:
    """Where this disk stands in each realm, as a session begins with it."""
    return {row.realm: _down(row) for row in Cursor.objects.all()}


def _down(row: Cursor) -> Down:
    cursor = f.Cursor(row.epoch, row.seq, bytes(row.chain)) if row.epoch else None
    fetch = msgspec.convert(row.fetch, Fetch) if row.fetch else None
    return Down(cursor=cursor, applied=row.seq, head=row.seq, covered=frozenset(row.covered), fetch=fetch)


def _store(rows: Sequence[_Row], generation: int, *, guarded: bool) -> Changed:
    """Write rows; `guarded`: only those above the version held. Hooks run for what is really new."""
    held = _held(rows, with_bodies=not guarded)
    if guarded:
        rows = [row for row in rows if row.ver > held.get((row.topic, row.key), (0, None))[0]]
        fresh = rows
    else:
        fresh = [row for row in rows if held.get((row.topic, row.key)) != (row.ver, row.body)]
    if guarded and not rows:
        return []
    sql.execute_many(_UPSERT, [(r.topic, r.key, r.ver, r.body, r.schema, generation) for r in rows])
    _run_hooks(_state_calls(fresh))
    return [(row.topic, row.key) for row in fresh]


def _held(rows: Sequence[_Row], *, with_bodies: bool) -> dict[tuple[str, str], tuple[int, bytes | None]]:
    held: dict[tuple[str, str], tuple[int, bytes | None]] = {}
    by_topic: dict[str, list[str]] = {}
    for row in rows:
        by_topic.setdefault(row.topic, []).append(row.key)
    for topic, keys in by_topic.items():
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            body = "body" if with_bodies else "NULL"
            found = sql.fetch(
                f"SELECT key, ver, {body} FROM sync_edge_document WHERE topic = ? AND key IN ({sql.marks(part)})",  # noqa: S608
                [topic, *part],
            )
            held |= {(topic, key): (ver, content) for key, ver, content in found}
    return held


def _drop(documents: Any) -> Changed:
    rows = list(documents.values_list("topic", "key", "ver", "body"))
    gone = [_Row(topic, key, ver, None, 1) for topic, key, ver, body in rows if body is not None]
    documents.delete()
    _run_hooks(_state_calls(gone))
    return [(row.topic, row.key) for row in gone]


_Call = tuple[str, str, int, Callable[[], None]]


def _state_calls(rows: Iterable[_Row]) -> list[_Call]:
    return [
        (row.topic, row.key, row.ver, partial(hook, row.topic, row.key, row.ver, row.body))
        for row in rows
        for hook in apply_hooks(row.topic)
    ]


def _run_hooks(calls: Sequence[_Call]) -> None:
    """All under one savepoint; only when one fails, each under its own, and the failing document is parked."""
    if not calls:
        return
    try:
        with atomic(EDGE):
            for *_, call in calls:
                call()
            parked = {(topic, key) for topic, key, *_ in calls}
            _unpark(parked)
        return
    except Exception as error:
        logger.info("a hook failed, going one by one: %s", type(error).__name__)
    for topic, key, ver, call in calls:
        try:
            with atomic(EDGE):
                call()
            _unpark({(topic, key)})
        except Exception as error:
            logger.exception("document %s/%s version %s is parked", topic, key, ver)
            reason = f"{type(error).__name__}: {error}"[:2000]
            Parked.objects.update_or_create(topic=topic, key=key, defaults={"ver": ver, "reason": reason})


def _unpark(done: set[tuple[str, str]]) -> None:
    if sql.fetch_one("SELECT 1 FROM sync_edge_parked") is None:  # nearly always
        return
    for row in Parked.objects.all():
        if (row.topic, row.key) in done:
            row.delete()


def retry_parked() -> None:
    """Run the hooks of parked documents again: after an upgrade their cause may be gone."""
    for row in list(Parked.objects.all()):
        held = Document.objects.filter(topic=row.topic, key=row.key).first()
        if held is None:
            row.delete()
            continue
        body = None if held.body is None else bytes(held.body)
        _run_hooks(_state_calls([_Row(held.topic, held.key, held.ver, body, held.schema)]))
