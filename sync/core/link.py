"""What both ends of the link share: events that come in, effects that go out, and the figures they go by.

An end is a pure machine: `step(state, event, now) -> (state, effects)`. `now` is seconds of any clock that only goes
forward; jitter is an input. The glue (`sync.link`, `sync.hub`) owns sockets, databases and time, carries effects out
in the order given, and feeds their results back as events. A machine lives as long as its socket: what must outlive
it (cursor, documents, ops) is on disk, and the next session starts from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.contracts.frames import Batch, Cursor, Entry, Frame, Op, Ops, Page, Ping, Request

#: credit an edge grants: what central may have sent and not seen acknowledged
CREDIT_ENTRIES = 2_000
CREDIT_BYTES = 4 * 1024 * 1024
#: one batch, one page
BATCH_ENTRIES = 500
BATCH_BYTES = 512 * 1024
PAGE_ROWS = 1_000
#: ops of one realm in flight, and how many of them one transaction takes
OPS_WINDOW = 400
OPS_BYTES = 1024 * 1024
OPS_TOGETHER = 200
FOLLOW_KEYS = 500
#: keys one session may follow; an edge follows the carts that are open there
MOST_FOLLOWED = 50_000

#: seconds
PULL_EVERY = 5.0
PULL_JITTER = 0.2
PING_EVERY = 5.0
STUCK_AFTER = 15.0  # a known backlog and no movement
SILENT_AFTER = 15.0  # no frame at all
OWES_FOR = 30.0  # a socket that does not acknowledge
HANDSHAKE_WITHIN = 10.0
RETRY_AFTER = 1.0  # a realm whose database failed
SAVE_ACKED_EVERY = 5.0
#: entries scanned in silence before the edge is told all the same
QUIET_ENTRIES = 1_000


# --- events of both ends -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """The socket is open. `nonce`: fresh random bytes."""

    nonce: bytes


@dataclass(frozen=True)
class Received:
    frame: Frame


@dataclass(frozen=True)
class Tick:
    """Time has passed; comes a few times a second. `jitter` in [-1, 1]."""

    jitter: float = 0.0


# --- effects of both ends ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Send:
    frame: Frame


@dataclass(frozen=True)
class Close:
    """Close the socket. An edge dials again unless it was refused."""

    reason: str


# --- the edge's own ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fetch:
    """A snapshot under way; on disk, so that a broken one goes on where it was.

    `full`: everything, with the log's place it began at; then the tail goes on from `cursor`. Otherwise only topics
    that the edge has come to read, beside the tail. `todo[0]` is being paged, from the key `after`.
    """

    full: bool
    todo: tuple[str, ...]
    after: str = ""
    cursor: Cursor | None = None
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """The batch up to `seq` is on disk."""

    realm: str
    seq: int
    entries: int
    size: int


@dataclass(frozen=True)
class Saved:
    """The `SaveFetch` last asked for is on disk."""

    realm: str


@dataclass(frozen=True)
class Enqueued:
    """An op was committed here; `op` when it is at hand."""

    realm: str
    n: int
    op: Op | None = None


@dataclass(frozen=True)
class Loaded:
    """Ops read from disk, from `first` on; possibly none."""

    realm: str
    first: int
    ops: tuple[Op, ...]


@dataclass(frozen=True)
class Ask:
    rid: int
    kind: str
    body: bytes
    ms: int


@dataclass(frozen=True)
class Follows:
    topic: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Leaves:
    topic: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class SayPing:
    """Time for a heartbeat: the glue fills in the figures and sends it."""


@dataclass(frozen=True)
class SayHello:
    """Send the signed HELLO that answers this challenge."""

    nonce_c: bytes


@dataclass(frozen=True)
class IsUp:
    """The session stands."""


@dataclass(frozen=True)
class Apply:
    """Write the entries and the cursor at the batch's end, in one transaction; then `Applied`."""

    batch: Batch


@dataclass(frozen=True)
class SaveFetch:
    """In one transaction: the page's rows (if any), the fetch as it stands now; then `Saved`.

    `begins`: a new generation. `ends`: topics fetched whole; what they hold of older generations is gone.
    `cursor`: set it too, the full fetch is complete. `guarded`: rows only above the held version, as the tail runs
    beside.
    """

    realm: str
    fetch: Fetch | None
    covered: frozenset[str]
    page: Page | None = None
    begins: bool = False
    ends: tuple[str, ...] = ()
    cursor: Cursor | None = None
    guarded: bool = False


@dataclass(frozen=True)
class Uncover:
    """These topics are not kept up to date any more; `drop`: delete their documents too."""

    realm: str
    covered: frozenset[str]
    drop: frozenset[str]


@dataclass(frozen=True)
class Load:
    """Read ops from `first` on, at most `limit`; then `Loaded`."""

    realm: str
    first: int
    limit: int


@dataclass(frozen=True)
class DropAcked:
    """Central has committed the ops up to `n`: tell who waits, then forget them."""

    realm: str
    n: int


@dataclass(frozen=True)
class Answered:
    rid: int
    body: bytes
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class TakeFact:
    topic: str
    key: str
    body: bytes


@dataclass(frozen=True)
class TakeTell:
    kind: str
    body: bytes


# --- central's own -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """Is this cursor a place in the log, and how many ops of this edge were taken in? Then `Checked`."""

    realm: str
    cursor: Cursor | None


@dataclass(frozen=True)
class Checked:
    """`verdict`: "tail", "fetch" (no cursor), "refetch" (why in `reason`), "failed". `taken`: the last op taken in."""

    realm: str
    cursor: Cursor | None
    verdict: str
    reason: str = ""
    head: int = 0
    taken: int = 0


@dataclass(frozen=True)
class Doubt:
    """Central has taken in up to `taken`, more than the node says it knows of: remember it for its next connection."""

    realm: str
    taken: int


@dataclass(frozen=True)
class ReadLog:
    """Read on from `after`; topics and interest say what to keep. Then `LogRead`, `LogLost` or `ReadFailed`."""

    realm: str
    after: Cursor
    entries: int
    size: int
    topics: frozenset[str]


@dataclass(frozen=True)
class LogRead:
    """`to` is scanned; `entries` are the edge's, bodies read. `reserved` is what `ReadLog` had asked for."""

    realm: str
    to: Cursor
    head: int
    entries: tuple[Entry, ...]
    reserved: tuple[int, int]


@dataclass(frozen=True)
class LogLost:
    """The place is not in the log any more: it was cut, or began anew."""

    realm: str
    reason: str
    reserved: tuple[int, int]


@dataclass(frozen=True)
class ReadFailed:
    """The realm's database failed; `reserved` is credit to give back."""

    realm: str
    reserved: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class ReadHead:
    realm: str


@dataclass(frozen=True)
class HeadRead:
    realm: str
    cursor: Cursor


@dataclass(frozen=True)
class ReadPage:
    realm: str
    topic: str
    after: str


@dataclass(frozen=True)
class PageRead:
    page: Page


@dataclass(frozen=True)
class ReadState:
    """The whole state of followed keys; then `StateRead` or `StateFailed`."""

    topic: str
    keys: frozenset[str]


@dataclass(frozen=True)
class StateRead:
    topic: str
    bodies: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class StateFailed:
    topic: str
    keys: frozenset[str]


@dataclass(frozen=True)
class TakeOps:
    """Take these ops in, in one transaction; then `Taken` or `TakeFailed`. Below `floor` all were acked once."""

    realm: str
    first: int
    ops: tuple[Op, ...]
    floor: int


@dataclass(frozen=True)
class Taken:
    """Committed up to `last`. `is_gap`: the ops began after `last` + 1, none was taken.

    `is_forked`: an op differs from the one taken in under its number, so another disk speaks here; none was taken.
    """

    realm: str
    last: int
    is_gap: bool = False
    is_forked: bool = False


@dataclass(frozen=True)
class TakeFailed:
    realm: str


@dataclass(frozen=True)
class Nudged:
    """Somebody says the log of `realm` has grown. May be late, repeated, or never come."""

    realm: str


@dataclass(frozen=True)
class AnswerRequest:
    """Ask the handler; its answer is sent by the glue, in no order with anything else."""

    request: Request


@dataclass(frozen=True)
class Heard:
    ping: Ping


@dataclass(frozen=True)
class SaveAcked:
    """Remember how far the edge is, for the cut and the lag; losing it costs nothing."""

    acked: tuple[tuple[str, str, int], ...]  # (realm, epoch, seq)


@dataclass(frozen=True)
class Say:
    """Send this frame once the session stands (tell, reply)."""

    frame: Frame


@dataclass(frozen=True)
class ScopeChanged:
    audience: dict[str, list[str]]
    paused: list[str]


@dataclass(frozen=True)
class ShutOut:
    """The node may not speak any more."""

    code: str
    message: str


# --- frames ------------------------------------------------------------------------------------------------------


def together(frames: Sequence[Frame]) -> list[Frame]:
    """Frames that wait to be sent, in order; ops that follow one another in one frame, up to a transaction's worth.

    What a group commit gathered so costs one message, not as many as it had ops.
    """
    merged: list[Frame] = []
    for frame in frames:
        last = merged[-1] if merged else None
        if isinstance(frame, Ops) and isinstance(last, Ops) and _follows(last, frame):
            ops, floor = [*last.ops, *frame.ops], max(last.floor, frame.floor)
            merged[-1] = Ops(realm=last.realm, first=last.first, ops=ops, floor=floor)
        else:
            merged.append(frame)
    return merged


def _follows(last: Ops, frame: Ops) -> bool:
    ops = [*last.ops, *frame.ops]
    is_next = (last.realm, last.first + len(last.ops)) == (frame.realm, frame.first)
    return is_next and len(ops) <= OPS_TOGETHER and sum(len(op.body) for op in ops) <= OPS_BYTES
