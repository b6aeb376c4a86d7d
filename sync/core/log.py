"""The log as arithmetic: chains, cursors, and who must fetch everything again.

The chain makes a cursor a claim about history, not only a number: the sequencer computes it over *every* entry of the
log and stores it beside the entry, so central checks a cursor by looking one row up, and remembers nothing per edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sync.contracts.frames import Batch, Cursor

CHAIN_BYTES = 16


class NotDense(AssertionError):
    """A log was read with a hole in it: nothing may be built on it."""


@dataclass(frozen=True)
class HeadOfLog:
    """Where a log stands. Rows up to and including `floor` are cut; `floor_chain` is the chain at it."""

    epoch: str
    seq: int
    chain: bytes
    floor: int
    floor_chain: bytes

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq, self.chain)


def genesis(epoch: str) -> bytes:
    """The chain of an empty log."""
    return blake2b(epoch.encode(), digest_size=CHAIN_BYTES, person=b"rialto-log").digest()


def link_chain(prev: bytes, seq: int, topic: str, key: str, ver: int) -> bytes:
    """The chain after one more entry. Lengths go in too, so that no two entries read the same."""
    topic_bytes, key_bytes = topic.encode(), key.encode()
    digest = blake2b(prev, digest_size=CHAIN_BYTES, person=b"rialto-log")
    digest.update(b"%d,%d,%d,%d;" % (seq, ver, len(topic_bytes), len(key_bytes)))
    digest.update(topic_bytes)
    digest.update(key_bytes)
    return digest.digest()


def number(head: HeadOfLog, entries: Iterable[tuple[str, str, int]]) -> list[tuple[int, bytes]]:
    """(seq, chain) of each new entry (topic, key, ver), behind `head`."""
    seq, chain = head.seq, head.chain
    numbered = []
    for topic, key, ver in entries:
        seq += 1
        chain = link_chain(chain, seq, topic, key, ver)
        numbered.append((seq, chain))
    return numbered


def assert_dense(after: int, seqs: Sequence[int]) -> None:
    """Raises `NotDense` unless `seqs` is after+1, after+2, ... with nothing left out."""
    for wanted, seq in enumerate(seqs, start=after + 1):
        if seq != wanted:
            raise NotDense(f"entry {wanted} is missing: {seq} follows {wanted - 1}")


def why_refetch(cursor: Cursor, head: HeadOfLog, chain_at_cursor: bytes | None) -> str | None:
    """Why an edge at `cursor` must fetch a snapshot; None when the tail will do.

    `chain_at_cursor` is the log's own chain at `cursor.seq`, None when it has no such row.
    """
    if cursor.epoch != head.epoch:
        return "epoch"
    if cursor.seq < head.floor:
        return "below_floor"
    if cursor.seq > head.seq:
        return "ahead"
    if chain_at_cursor != cursor.chain:
        return "chain"
    return None


def known_chain(seq: int, head: HeadOfLog) -> bytes | None:
    """The chain at `seq` as far as the head row tells it; None when the log row must be looked up."""
    if seq == head.seq:
        return head.chain
    if seq == head.floor:
        return head.floor_chain
    return None


def fits(cursor: Cursor, batch: Batch) -> str:
    """What an edge at `cursor` does with a batch: "take" it, "skip" a repeat, or find a "gap" or another "history"."""
    if batch.epoch != cursor.epoch:
        return "history"
    if batch.to < batch.start:
        return "history"
    if batch.to <= cursor.seq and batch.start < cursor.seq:
        return "skip"
    if batch.start == cursor.seq:
        if batch.prev_chain != cursor.chain:
            return "history"
        return "take" if batch.to > batch.start else "skip"
    return "gap"


def admit(last: int, n: int) -> str:
    """What central does with op `n` after it took in up to `last`: "take", "repeat" (ack again) or "gap"."""
    if n <= last:
        return "repeat"
    return "take" if n == last + 1 else "gap"
