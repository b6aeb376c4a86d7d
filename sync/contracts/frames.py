"""The frames of the link: JSON text over one WebSocket that the edge dials. Bodies are bytes, base64 on the wire.

A frame this side does not know is ignored; a field it does not know is ignored; a field it misses has a default.
So N and N-1 understand each other. `realm` names one of central's logs; a `Cursor` is a place in one.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from node.limits import LINK_FRAME

#: protocol versions this code speaks: the newest, and the one before it
#:
#: 2  an order that a tab has carried to a sister shop goes up in its signed envelope (op `kept_order`). A node of 1
#:    sends the bare order, which central sets aside: a person lets it in.
#:
#: What a version said is recorded in `tests/upgrade`. HELLO and WELCOME are signed over the fields that both ends know:
#: a new field of theirs keeps its default towards a peer of an older version.
PROTO_MIN: Final = 1
PROTO_MAX: Final = 2

#: bytes a frame may have on the wire
MAX_FRAME: Final = LINK_FRAME


class Cursor(Struct, frozen=True):
    """A claim about history: "I have applied the log of `epoch` up to `seq`, where its chain was `chain`"."""

    epoch: str
    seq: int
    chain: bytes


class Entry(Struct, frozen=True, omit_defaults=True):
    """A log entry as it is sent. `op`: "s" state (body read now, `ver` its version), "d" deleted, "f" fact."""

    seq: int
    topic: str
    key: str
    ver: int = 0
    op: str = "s"
    body: bytes | None = None
    schema: int = 1

    @property
    def size(self) -> int:
        """Bytes it counts for in a credit."""
        return len(self.topic) + len(self.key) + len(self.body or b"") + 40


class Op(Struct, frozen=True):
    kind: str
    body: bytes


class _Frame(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t", tag=lambda name: name.lower()):
    pass


# --- handshake ---------------------------------------------------------------------------------------------------


class Challenge(_Frame, frozen=True, kw_only=True):
    """Central speaks first: sign this nonce, so that a recorded HELLO is worth nothing."""

    nonce: bytes
    proto: tuple[int, int] = (1, 1)


class Hello(_Frame, frozen=True, kw_only=True):
    """Who the edge is and where it stands. `signature`: its key's, over `signed_part(nonce_c)`."""

    node: str
    epoch: int
    nonce: bytes
    proto: tuple[int, int] = (1, 1)
    schema: dict[str, int] = {}
    cursors: dict[str, Cursor] = {}
    last_n: dict[str, int] = {}
    boottime: float = 0.0
    version: str = ""
    signature: bytes = b""

    def signed_part(self, nonce_c: bytes) -> bytes:
        unsigned = msgspec.structs.replace(self, signature=b"")
        return b"rialto-hello-1\n" + nonce_c + b"\n" + msgspec.json.encode(unsigned, order="deterministic")


class Welcome(_Frame, frozen=True, kw_only=True):
    """Central knows the edge. `audience`: realm -> full topics it reads. `signature`: central's, over both nonces."""

    node: str
    proto: int
    audience: dict[str, list[str]] = {}
    paused: list[str] = []
    window: int = 200  # ops in flight, per realm
    signature: bytes = b""

    def signed_part(self, nonce_c: bytes, nonce_e: bytes) -> bytes:
        unsigned = msgspec.structs.replace(self, signature=b"")
        body = msgspec.json.encode(unsigned, order="deterministic")
        return b"rialto-welcome-1\n" + nonce_c + b"\n" + nonce_e + b"\n" + body


class Refused(_Frame, frozen=True, kw_only=True):
    """Central closes the link, and why: `code` for machines, `message` says what to do."""

    code: str
    message: str


# --- down: the log -----------------------------------------------------------------------------------------------


class Audience(_Frame, frozen=True, kw_only=True):
    """What the edge reads has changed while it was connected."""

    audience: dict[str, list[str]]
    paused: list[str] = []


class Pull(_Frame, frozen=True, kw_only=True):
    """ "Send me what you have of this realm": asked each 5 s, whatever the nudges said."""

    realm: str


class Head(_Frame, frozen=True, kw_only=True):
    """Answer to a pull: how far the log goes, so that the edge knows what it misses."""

    realm: str
    seq: int


class Batch(_Frame, frozen=True, kw_only=True):
    """Covers (`start`, `to`] of a realm's log and holds only what this edge reads of it; it may be empty.

    `prev_chain` is the chain at `start`: the edge takes the batch only if both equal its cursor.
    """

    realm: str
    epoch: str
    start: int
    to: int
    prev_chain: bytes
    chain: bytes
    head: int
    entries: list[Entry] = []

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)


class Ack(_Frame, frozen=True, kw_only=True):
    """On the edge's disk up to `seq`; gives back the credit of that many entries and bytes."""

    realm: str
    seq: int
    entries: int
    size: int


class Refetch(_Frame, frozen=True, kw_only=True):
    """The cursor is not a place in this log: fetch a snapshot."""

    realm: str
    reason: str


class Resume(_Frame, frozen=True, kw_only=True):
    """A snapshot is complete: send the tail from here."""

    realm: str
    cursor: Cursor


class Stalled(_Frame, frozen=True, kw_only=True):
    """Central cannot serve this realm at the moment (its database is down); everything else goes on."""

    realm: str


class SnapAsk(_Frame, frozen=True, kw_only=True):
    """Begin a snapshot of a realm."""

    realm: str


class SnapHead(_Frame, frozen=True, kw_only=True):
    """Pages read from now on show at least this place of the log; the tail goes on from it."""

    realm: str
    cursor: Cursor
    topics: list[str]


class PageAsk(_Frame, frozen=True, kw_only=True):
    """The rows of a full topic with key > `after`."""

    realm: str
    topic: str
    after: str


class Row(Struct, frozen=True, array_like=True):
    key: str
    ver: int
    body: bytes


class Page(_Frame, frozen=True, kw_only=True):
    """Answer: rows in key order; `is_last`: there are no more. `epoch` is the log's, as of this page."""

    realm: str
    epoch: str
    topic: str
    after: str
    rows: list[Row]
    is_last: bool
    schema: int = 1


class Follow(_Frame, frozen=True, kw_only=True):
    """Interest in keys of a fact topic; central answers each with a Fact that holds the whole state."""

    topic: str
    keys: list[str]


class Unfollow(_Frame, frozen=True, kw_only=True):
    topic: str
    keys: list[str]


class Fact(_Frame, frozen=True, kw_only=True):
    """The whole state of a followed key."""

    topic: str
    key: str
    body: bytes


# --- up: ops -----------------------------------------------------------------------------------------------------


class Ops(_Frame, frozen=True, kw_only=True):
    """Ops `first`, `first`+1, ... of this edge for one realm. All below `floor` were acked once.

    So a central that was restored from a backup knows which ops it has lost, instead of waiting for them for ever.
    """

    realm: str
    first: int
    ops: list[Op]
    floor: int = 0


class OpsAck(_Frame, frozen=True, kw_only=True):
    """Committed at central up to `n`, effects included."""

    realm: str
    n: int


class Expected(_Frame, frozen=True, kw_only=True):
    """Central has taken in up to `n` - 1 and cannot skip: send from `n`."""

    realm: str
    n: int


# --- beside the streams ------------------------------------------------------------------------------------------


class Request(_Frame, frozen=True, kw_only=True):
    """A question; `ms` is how long the asker waits."""

    id: int
    kind: str
    body: bytes
    ms: int = 2000


class Reply(_Frame, frozen=True, kw_only=True):
    """The answer, or an error's code and sentence when `code` is not empty."""

    id: int
    body: bytes = b""
    code: str = ""
    message: str = ""


class Tell(_Frame, frozen=True, kw_only=True):
    kind: str
    body: bytes


class Ping(_Frame, frozen=True, kw_only=True):
    """Each 5 s. `backlog`: realm -> ops not acked; `detail`: more figures for the node list."""

    version: str = ""
    backlog: dict[str, int] = {}
    detail: dict[str, Any] = {}


class Pong(_Frame, frozen=True, kw_only=True):
    pass


Frame = (
    Challenge
    | Hello
    | Welcome
    | Refused
    | Audience
    | Pull
    | Head
    | Batch
    | Ack
    | Refetch
    | Resume
    | Stalled
    | SnapAsk
    | SnapHead
    | PageAsk
    | Page
    | Follow
    | Unfollow
    | Fact
    | Ops
    | OpsAck
    | Expected
    | Request
    | Reply
    | Tell
    | Ping
    | Pong
)


class _Tag(Struct):
    t: str


S = TypeVar("S", Hello, Welcome)


def signed(frame: S, signature: bytes) -> S:
    """The frame with its signature."""
    return msgspec.structs.replace(frame, signature=signature)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Frame)
_tag = msgspec.json.Decoder(_Tag)
_known = {str(kind.__struct_config__.tag) for kind in Frame.__args__}


class BadFrame(ValueError):
    """The bytes are not a frame: the other end is broken, or not one of ours."""


def encode(frame: Frame) -> str:
    return _encoder.encode(frame).decode()


def decode(data: str | bytes) -> Frame | None:
    """The frame in `data`; None when it is of a kind this version does not know. Raises `BadFrame`."""
    try:
        frame: Frame = _decoder.decode(data)
        return frame
    except msgspec.DecodeError as error:
        try:
            tag = _tag.decode(data).t
        except msgspec.DecodeError:
            tag = None
        if tag is not None and tag not in _known:
            return None
        raise BadFrame(str(error)) from error
