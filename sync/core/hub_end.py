"""Central's end of a session, pure. See `sync.core.link` for how it is driven.

It holds nothing that must outlive the socket: where an edge stands is what the edge says, checked against the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync.contracts import frames as f
from sync.contracts.frames import Cursor, Op
from sync.core import link as io


@dataclass(frozen=True)
class Introduced:
    """The HELLO was verified; `welcome` is signed.

    `realms`: those this central has. `facts`: the topics whose keys an edge may follow; nothing else may be followed,
    or a node could ask for the documents of shops that are not its own, key by key. `doubts`: realm -> ops of the node
    that central was known to have taken in before this connection was opened, as far as any session has told.
    """

    hello: f.Hello
    welcome: f.Welcome
    realms: frozenset[str]
    facts: frozenset[str]
    doubts: Mapping[str, int] = field(default_factory=dict)


Event = (
    io.Opened
    | io.Received
    | io.Tick
    | Introduced
    | io.Checked
    | io.LogRead
    | io.LogLost
    | io.ReadFailed
    | io.HeadRead
    | io.PageRead
    | io.StateRead
    | io.StateFailed
    | io.Taken
    | io.TakeFailed
    | io.Nudged
    | io.Say
    | io.ScopeChanged
    | io.ShutOut
)
Effects = list[object]


@dataclass(frozen=True)
class SayWelcome:
    """Verify this HELLO, then `Introduced` or `ShutOut`."""

    hello: f.Hello


@dataclass(frozen=True)
class Feed:
    """One realm's log on its way to the edge: scanned up to `cursor`, told up to `told`, on its disk up to `acked`."""

    cursor: Cursor | None = None
    told: Cursor | None = None
    acked: int = 0
    head: int = 0
    is_checking: bool = False
    must_check: bool = False  # not answered yet, or failed: again at retry_at
    to_check: Cursor | None = None
    is_reading: bool = False
    read_again: bool = False
    was_pulled: bool = False
    retry_at: float = 0.0
    owes_since: float | None = None
    saved: int = -1
    has_skipped: bool = False


@dataclass(frozen=True)
class Intake:
    """One realm's ops: what has come and is not taken in yet."""

    first: int = 0
    ops: tuple[Op, ...] = ()
    floor: int = 0
    in_hand: int = 0  # how many of `ops` a transaction is working on
    highest: int = 0  # the greatest number that the edge knew at its HELLO, or that this session has taken in since
    retry_at: float = 0.0
    told_stalled: bool = False


@dataclass(frozen=True)
class HubEnd:
    """A session as central sees it."""

    phase: str = "new"  # -> "challenged" -> "verifying" -> "up" -> "closed"
    node: str = ""
    realms: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    intakes: Mapping[str, Intake] = field(default_factory=dict)
    audience: Mapping[str, frozenset[str]] = field(default_factory=dict)
    interest: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owed_state: Mapping[str, frozenset[str]] = field(default_factory=dict)
    credit_entries: int = io.CREDIT_ENTRIES
    credit_bytes: int = io.CREDIT_BYTES
    opened_at: float = 0.0
    heard_at: float = 0.0
    save_at: float = 0.0
    state_at: float = 0.0


def _feed(state: HubEnd, realm: str, **changes: object) -> HubEnd:
    changed = replace(state.feeds.get(realm, Feed()), **changes)  # type: ignore[arg-type]
    return replace(state, feeds={**state.feeds, realm: changed})


def _intake(state: HubEnd, realm: str, **changes: object) -> HubEnd:
    changed = replace(state.intakes.get(realm, Intake()), **changes)  # type: ignore[arg-type]
    return replace(state, intakes={**state.intakes, realm: changed})


def step(state: HubEnd, event: Event, now: float) -> tuple[HubEnd, Effects]:
    """One event in, the new state and the effects out, in the order they must be carried out."""
    if state.phase == "closed":
        return state, []
    out: Effects = []
    match event:
        case io.Opened(nonce):
            out.append(io.Send(f.Challenge(nonce=nonce, proto=(f.PROTO_MIN, f.PROTO_MAX))))
            state = replace(state, phase="challenged", opened_at=now, heard_at=now)
        case io.Received(frame):
            state = _receive(replace(state, heard_at=now), frame, now, out)
        case io.Tick():
            state = _tick(state, now, out)
        case Introduced():
            state = _introduced(state, event, now, out)
        case io.Nudged(realm):
            state = _read(state, realm, now, out)
        case io.Checked():
            state = _checked(state, event, now, out)
        case io.LogRead():
            state = _log_read(state, event, now, out)
        case io.LogLost(realm, reason, reserved):
            state = _feed(_give_back(state, *reserved), realm, cursor=None, told=None, is_reading=False)
            out.append(io.Send(f.Refetch(realm=realm, reason=reason)))
        case io.ReadFailed(realm, reserved):
            state = _feed(_give_back(state, *reserved), realm, is_reading=False, retry_at=now + io.RETRY_AFTER)
            out.append(io.Send(f.Stalled(realm=realm)))
        case io.HeadRead(realm, cursor):
            topics = sorted(state.audience.get(realm, ()))
            out.append(io.Send(f.SnapHead(realm=realm, cursor=cursor, topics=topics)))
        case io.PageRead(page):
            out.append(io.Send(page))
        case io.StateRead(topic, bodies):
            out.extend(io.Send(f.Fact(topic=topic, key=key, body=body)) for key, body in bodies)
        case io.StateFailed(topic, keys):
            owed = state.owed_state.get(topic, frozenset()) | keys
            state = replace(state, owed_state={**state.owed_state, topic: owed}, state_at=now + io.RETRY_AFTER)
        case io.Taken():
            state = _taken(state, event, now, out)
        case io.TakeFailed(realm):
            state = _intake(state, realm, in_hand=0, retry_at=now + io.RETRY_AFTER)
            out.append(io.Send(f.Stalled(realm=realm)))
        case io.Say(frame):
            if state.phase == "up":
                out.append(io.Send(frame))
        case io.ScopeChanged(audience, paused):
            state = replace(state, audience={realm: frozenset(topics) for realm, topics in audience.items()})
            out.append(io.Send(f.Audience(audience=audience, paused=paused)))
        case io.ShutOut(code, message):
            state = _refuse(state, code, message, out)
    return state, out


def _refuse(state: HubEnd, code: str, message: str, out: Effects) -> HubEnd:
    out += [io.Send(f.Refused(code=code, message=message)), io.Close(code)]
    return replace(state, phase="closed")


def _receive(state: HubEnd, frame: f.Frame, now: float, out: Effects) -> HubEnd:
    if state.phase != "up":
        return _before(state, frame, out)
    if getattr(frame, "realm", None) not in (None, *state.realms):
        return _refuse(state, "bad_realm", "central has no such realm", out)
    match frame:
        case f.Ack():
            return _acked(state, frame, now, out)
        case f.Pull(realm=realm):
            return _pulled(state, realm, now, out)
        case f.Ops():
            return _ops(state, frame, now, out)
        case f.SnapAsk(realm=realm):
            out.append(io.ReadHead(realm))
            # A check that is owed stays owed, of what the node has sent if no longer of its place.
            return _feed(state, realm, cursor=None, told=None, owes_since=None, to_check=None, has_skipped=True)
        case f.PageAsk(realm=realm, topic=topic, after=after):
            if topic in state.audience.get(realm, ()):
                out.append(io.ReadPage(realm, topic, after))
            else:  # not its to read (any more): as good as empty
                page = f.Page(realm=realm, epoch="", topic=topic, after=after, rows=[], is_last=True)
                out.append(io.Send(page))
        case f.Resume(realm=realm, cursor=cursor):
            feed = state.feeds.get(realm, Feed())
            if feed.is_checking:  # of an older claim; this one comes next
                return _feed(state, realm, to_check=cursor)
            if feed.cursor is None:
                return _check(state, realm, cursor, out)
        case f.Follow(topic=topic, keys=keys):
            if topic not in state.facts:
                return _refuse(state, "bad_topic", "nobody may follow keys of this topic", out)
            followed = state.interest.get(topic, frozenset()) | frozenset(keys)
            if len(followed) > io.MOST_FOLLOWED:
                return _refuse(state, "too_many_keys", f"an edge follows {io.MOST_FOLLOWED} keys at most", out)
            out.append(io.ReadState(topic, frozenset(keys)))
            return replace(state, interest={**state.interest, topic: followed})
        case f.Unfollow(topic=topic, keys=keys):
            followed = state.interest.get(topic, frozenset()) - frozenset(keys)
            return replace(state, interest={**state.interest, topic: followed})
        case f.Request():
            out.append(io.AnswerRequest(frame))
        case f.Ping():
            out += [io.Send(f.Pong()), io.Heard(frame)]
        case _:
            pass  # not for this end
    return state


# --- handshake ---------------------------------------------------------------------------------------------------


def _before(state: HubEnd, frame: f.Frame, out: Effects) -> HubEnd:
    if state.phase != "challenged" or not isinstance(frame, f.Hello):
        return state
    lowest, newest = frame.proto
    if lowest > f.PROTO_MAX or newest < f.PROTO_MIN:
        message = f"central speaks {f.PROTO_MIN} to {f.PROTO_MAX}, the edge {lowest} to {newest}: upgrade the older one"
        return _refuse(state, "protocol", message, out)
    out.append(SayWelcome(frame))
    return replace(state, phase="verifying", node=frame.node)


def _introduced(state: HubEnd, event: Introduced, now: float, out: Effects) -> HubEnd:
    hello, welcome = event.hello, event.welcome
    audience = {realm: frozenset(topics) for realm, topics in welcome.audience.items()}
    state = replace(state, phase="up", audience=audience, save_at=now + io.SAVE_ACKED_EVERY)
    state = replace(state, realms=event.realms, facts=event.facts)
    for realm, taken in sorted(event.doubts.items()):
        if taken > (known := hello.last_n.get(realm, 0)):
            message = f"central took in {taken} ops of '{realm}' from this node, which knows of {known}: "
            return _refuse(state, "rolled_back", message + "its disk was rolled back; run `rialto adopt` there", out)
    out.append(io.Send(welcome))
    for realm in sorted({*hello.cursors, *hello.last_n, *audience} & state.realms):
        # No number at all is a claim too: "I never sent anything".
        state = _intake(state, realm, highest=hello.last_n.get(realm, 0))
        state = _check(state, realm, hello.cursors.get(realm), out)
    return state


def _check(state: HubEnd, realm: str, cursor: Cursor | None, out: Effects) -> HubEnd:
    out.append(io.Check(realm, cursor))
    return _feed(state, realm, is_checking=True, must_check=True, to_check=cursor)


def _checked(state: HubEnd, checked: io.Checked, now: float, out: Effects) -> HubEnd:
    realm = checked.realm
    state = _feed(state, realm, is_checking=False)
    if checked.verdict == "failed":
        out.append(io.Send(f.Stalled(realm=realm)))
        return _feed(state, realm, retry_at=now + io.RETRY_AFTER)
    if checked.taken > (highest := state.intakes.get(realm, Intake()).highest):
        # Compared now, not when it was asked: ops of this very session may have been taken in since. None is before
        # the first answer: what a rolled-back disk sends under old numbers must not hide that it is one.
        # Or the node has sent more through a newer session, and this one was late to ask: the next connection tells.
        out.append(io.Doubt(realm, checked.taken))
        message = f"central took in {checked.taken} ops of '{realm}' from this node, which knew of {highest}: "
        return _refuse(state, "look_again", message + "dial again", out)
    if checked.cursor != state.feeds[realm].to_check:
        return state  # the edge has claimed another place meanwhile, which is checked at the next tick
    state = _feed(state, realm, must_check=False, to_check=None)
    if realm in state.intakes:
        state = _take(state, realm, now, out)
    if checked.verdict == "refetch":
        out.append(io.Send(f.Refetch(realm=realm, reason=checked.reason)))
    elif checked.verdict == "tail" and checked.cursor is not None:
        cursor = checked.cursor
        if state.feeds[realm].has_skipped:
            # A snapshot leaps over the facts before its place: followed keys get their whole state once more.
            out.extend(io.ReadState(topic, keys) for topic, keys in state.interest.items() if keys)
        state = _feed(state, realm, cursor=cursor, told=cursor, acked=cursor.seq, head=checked.head)
        state = _feed(state, realm, was_pulled=True, has_skipped=False)
        return _read(state, realm, now, out)
    return state


# --- the log -----------------------------------------------------------------------------------------------------


def _pulled(state: HubEnd, realm: str, now: float, out: Effects) -> HubEnd:
    feed = state.feeds.get(realm, Feed())
    if feed.cursor is None and not feed.must_check and realm in state.audience:
        # The edge believes it is on the tail and we hold no place for it: it has missed our REFETCH.
        out.append(io.Send(f.Refetch(realm=realm, reason="no_place")))
    return _read(_feed(state, realm, was_pulled=True), realm, now, out)


def _read(state: HubEnd, realm: str, now: float, out: Effects) -> HubEnd:
    """Read on, if the edge's place is known, nothing is being read and there is credit."""
    feed = state.feeds.get(realm)
    if state.phase != "up" or feed is None or feed.cursor is None:
        return state
    if feed.is_reading:
        return _feed(state, realm, read_again=True)
    if now < feed.retry_at:
        return state
    entries = min(state.credit_entries, io.BATCH_ENTRIES)
    size = min(state.credit_bytes, io.BATCH_BYTES)
    if entries <= 0 or size <= 0:
        return _feed(state, realm, read_again=True)
    known = frozenset((*state.audience.get(realm, ()), *state.interest))
    out.append(io.ReadLog(realm, feed.cursor, entries, size, known))
    state = replace(state, credit_entries=state.credit_entries - entries, credit_bytes=state.credit_bytes - size)
    return _feed(state, realm, is_reading=True, read_again=False)


def _give_back(state: HubEnd, entries: int, size: int) -> HubEnd:
    # Never above what was granted: an edge that acknowledges too much cannot open the gate wider.
    return replace(
        state,
        credit_entries=min(io.CREDIT_ENTRIES, state.credit_entries + entries),
        credit_bytes=min(io.CREDIT_BYTES, state.credit_bytes + size),
    )


def _log_read(state: HubEnd, read: io.LogRead, now: float, out: Effects) -> HubEnd:
    realm, feed = read.realm, state.feeds[read.realm]
    state = _give_back(state, *read.reserved)
    if feed.cursor is None or feed.told is None:  # a snapshot has begun meanwhile
        return _feed(state, realm, is_reading=False)
    quiet = read.to.seq - feed.told.seq
    must_tell = bool(read.entries) or quiet >= io.QUIET_ENTRIES or (feed.was_pulled and quiet > 0)
    if must_tell:
        state = _send_batch(state, read, feed.told, now, out)
    if feed.was_pulled:
        out.append(io.Send(f.Head(realm=realm, seq=read.head)))
    again = state.feeds[realm].read_again or read.to.seq < read.head
    state = _feed(state, realm, cursor=read.to, head=read.head, is_reading=False, read_again=False, was_pulled=False)
    return _read(state, realm, now, out) if again else state


def _send_batch(state: HubEnd, read: io.LogRead, told: Cursor, now: float, out: Effects) -> HubEnd:
    batch = f.Batch(
        realm=read.realm,
        epoch=read.to.epoch,
        start=told.seq,
        to=read.to.seq,
        prev_chain=told.chain,
        chain=read.to.chain,
        head=read.head,
        entries=list(read.entries),
    )
    out.append(io.Send(batch))
    owes_since = state.feeds[read.realm].owes_since
    state = _feed(state, read.realm, told=read.to, owes_since=now if owes_since is None else owes_since)
    return replace(
        state,
        credit_entries=state.credit_entries - len(batch.entries),
        credit_bytes=state.credit_bytes - batch.size,
    )


def _acked(state: HubEnd, ack: f.Ack, now: float, out: Effects) -> HubEnd:
    feed = state.feeds.get(ack.realm)
    if feed is None:
        return state
    state = _give_back(state, max(0, ack.entries), max(0, ack.size))
    is_even = feed.told is None or ack.seq >= feed.told.seq
    # The 30 s run from the last sign of life of this stream, not from the first batch of a long one.
    owes_since = None if is_even else now if ack.seq > feed.acked else feed.owes_since
    state = _feed(state, ack.realm, acked=max(feed.acked, ack.seq), owes_since=owes_since)
    for realm, waiting in state.feeds.items():
        if waiting.read_again and not waiting.is_reading:
            state = _read(state, realm, now, out)
    return state


# --- ops from the edge -------------------------------------------------------------------------------------------


def _ops(state: HubEnd, ops: f.Ops, now: float, out: Effects) -> HubEnd:
    intake = state.intakes.get(ops.realm, Intake())
    if intake.ops and ops.first == intake.first + len(intake.ops):
        if len(intake.ops) + len(ops.ops) > 2 * io.OPS_WINDOW:
            return _refuse(state, "window", "the edge sends more than it was given room for", out)
        queued = (*intake.ops, *ops.ops)
        state = _intake(state, ops.realm, ops=queued, floor=max(intake.floor, ops.floor))
    elif not intake.ops:
        state = _intake(state, ops.realm, first=ops.first, ops=tuple(ops.ops), floor=ops.floor)
    else:
        # Repeated or out of turn: once the queue is through, the answer to it says where to go on from.
        return state
    return _take(state, ops.realm, now, out)


def _take(state: HubEnd, realm: str, now: float, out: Effects) -> HubEnd:
    intake = state.intakes[realm]
    if not intake.ops or intake.in_hand or now < intake.retry_at or state.feeds.get(realm, Feed()).must_check:
        return state
    taking = intake.ops[: io.OPS_TOGETHER]
    out.append(io.TakeOps(realm, intake.first, taking, intake.floor))
    highest = max(intake.highest, intake.first + len(taking) - 1)
    return _intake(state, realm, in_hand=len(taking), highest=highest)


def _taken(state: HubEnd, taken: io.Taken, now: float, out: Effects) -> HubEnd:
    if taken.is_forked:
        message = f"central took in other ops of '{taken.realm}' under these numbers: "
        return _refuse(state, "rolled_back", message + "a disk was copied; run `rialto adopt` at the node", out)
    realm, intake = taken.realm, state.intakes[taken.realm]
    if taken.is_gap:
        out.append(io.Send(f.Expected(realm=realm, n=taken.last + 1)))
        return _intake(state, realm, ops=(), in_hand=0)
    out.append(io.Send(f.OpsAck(realm=realm, n=taken.last)))
    rest = intake.ops[intake.in_hand :]
    state = _intake(state, realm, first=intake.first + intake.in_hand, ops=rest, in_hand=0)
    return _take(state, realm, now, out)


# --- time --------------------------------------------------------------------------------------------------------


def _tick(state: HubEnd, now: float, out: Effects) -> HubEnd:
    if state.phase != "up":
        if now - state.opened_at > io.HANDSHAKE_WITHIN:
            return _refuse(state, "handshake", "no valid HELLO in time", out)
        return state
    if now - state.heard_at > io.SILENT_AFTER + io.PULL_EVERY:
        return _refuse(state, "silent", "nothing was heard", out)
    for realm, feed in state.feeds.items():
        if feed.owes_since is not None and now - feed.owes_since > io.OWES_FOR:
            return _refuse(state, "slow", f"no acknowledgement of '{realm}' for {io.OWES_FOR:.0f} s", out)
    state = _try_again(state, now, out)
    if now >= state.save_at:
        state = _save_acked(state, now, out)
    return state


def _try_again(state: HubEnd, now: float, out: Effects) -> HubEnd:
    for realm, feed in state.feeds.items():
        if feed.must_check and not feed.is_checking and now >= feed.retry_at:
            state = _check(state, realm, feed.to_check, out)
        elif feed.retry_at and now >= feed.retry_at and feed.cursor is not None:
            state = _read(_feed(state, realm, retry_at=0.0), realm, now, out)
    for realm in state.intakes:
        state = _take(state, realm, now, out)
    if state.owed_state and now >= state.state_at:
        out.extend(io.ReadState(topic, keys) for topic, keys in state.owed_state.items())
        state = replace(state, owed_state={})
    return state


def _save_acked(state: HubEnd, now: float, out: Effects) -> HubEnd:
    moved = [
        (realm, feed.told.epoch, feed.acked)
        for realm, feed in state.feeds.items()
        if feed.told is not None and feed.acked != feed.saved
    ]
    if moved:
        out.append(io.SaveAcked(tuple(moved)))
    for realm, _epoch, seq in moved:
        state = _feed(state, realm, saved=seq)
    return replace(state, save_at=now + io.SAVE_ACKED_EVERY)
