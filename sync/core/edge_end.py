"""The edge's end of a session, pure. See `sync.core.link` for how it is driven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sync.contracts import frames as f
from sync.contracts.frames import Cursor
from sync.core import link as io
from sync.core.link import Fetch
from sync.core.log import fits

Event = (
    io.Opened
    | io.Received
    | io.Tick
    | io.Applied
    | io.Saved
    | io.Enqueued
    | io.Loaded
    | io.Ask
    | io.Follows
    | io.Leaves
)
Effects = list[object]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Down:
    """One realm's log on its way here. `cursor`: taken from the socket; `applied`: on disk."""

    cursor: Cursor | None = None
    applied: int = 0
    head: int = 0
    covered: frozenset[str] = frozenset()
    fetch: Fetch | None = None
    #: what was asked and not answered: "", "head", "page", or "save" while a page is being written
    waiting: str = ""
    asked_at: float = 0.0
    moved_at: float = 0.0
    stalled_at: float = -1e9


@dataclass(frozen=True)
class Up:
    """One realm's ops on their way to central: up to `acked` they are there, up to `sent` they are on the way."""

    acked: int = 0
    sent: int = 0
    head: int = 0
    is_loading: bool = False
    moved_at: float = 0.0
    stalled_at: float = -1e9


@dataclass(frozen=True)
class EdgeEnd:
    """A session as the edge sees it."""

    downs: Mapping[str, Down] = field(default_factory=dict)
    ups: Mapping[str, Up] = field(default_factory=dict)
    follows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    phase: str = "new"  # -> "challenged" -> "up" -> "closed"
    audience: Mapping[str, frozenset[str]] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    window: int = io.OPS_WINDOW
    asked: Mapping[int, float] = field(default_factory=dict)
    opened_at: float = 0.0
    heard_at: float = 0.0
    pull_at: float = 0.0
    ping_at: float = 0.0


def _put(table: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    return {**table, key: value}


def _down(state: EdgeEnd, realm: str, **changes: object) -> EdgeEnd:
    changed = replace(state.downs.get(realm, Down()), **changes)  # type: ignore[arg-type]
    return replace(state, downs=_put(state.downs, realm, changed))


def _up(state: EdgeEnd, realm: str, **changes: object) -> EdgeEnd:
    changed = replace(state.ups.get(realm, Up()), **changes)  # type: ignore[arg-type]
    return replace(state, ups=_put(state.ups, realm, changed))


def step(state: EdgeEnd, event: Event, now: float) -> tuple[EdgeEnd, Effects]:
    """One event in, the new state and the effects out, in the order they must be carried out."""
    if state.phase == "closed":
        return state, []
    out: Effects = []
    match event:
        case io.Opened():
            state = replace(state, phase="challenged", opened_at=now, heard_at=now)
        case io.Received(frame):
            state = _receive(replace(state, heard_at=now), frame, now, out)
        case io.Tick(jitter):
            state = _tick(state, jitter, now, out)
        case io.Applied(realm, seq, entries, size):
            state = _down(state, realm, applied=max(seq, state.downs[realm].applied), moved_at=now)
            out.append(io.Send(f.Ack(realm=realm, seq=seq, entries=entries, size=size)))
        case io.Saved(realm):
            state = _after_save(state, realm, now, out)
        case io.Enqueued(realm, n, op):
            state = _enqueued(state, realm, n, op, now, out)
        case io.Loaded(realm, first, ops):
            state = _loaded(state, realm, first, list(ops), now, out)
        case io.Ask():
            state = _ask(state, event, now, out)
        case io.Follows(topic, keys):
            state = _follow(state, topic, frozenset(keys), out)
        case io.Leaves(topic, keys):
            kept = state.follows.get(topic, frozenset()) - frozenset(keys)
            state = replace(state, follows=_put(state.follows, topic, kept))
            if state.phase == "up":
                out.append(io.Send(f.Unfollow(topic=topic, keys=sorted(keys))))
    return state, out


def _close(state: EdgeEnd, reason: str, out: Effects) -> EdgeEnd:
    for rid in state.asked:
        out.append(io.Answered(rid, b"", "link_down", "the link to central was lost"))
    out.append(io.Close(reason))
    return replace(state, phase="closed", asked={})


def _receive(state: EdgeEnd, frame: f.Frame, now: float, out: Effects) -> EdgeEnd:
    if state.phase == "challenged":
        return _handshake(state, frame, now, out)
    match frame:
        case f.Batch():
            return _batch(state, frame, now, out)
        case f.Head(realm=realm, seq=seq):
            return _hear_of(state, realm, seq, now)
        case f.OpsAck(realm=realm, n=n):
            return _acked(state, realm, n, now, out)
        case f.Expected(realm=realm, n=n):
            up = state.ups.get(realm, Up())
            state = _up(state, realm, sent=max(n - 1, up.acked), moved_at=now)
            return _load(state, realm, out)
        case f.Refetch(realm=realm):
            return _refetch(state, realm, now, out)
        case f.SnapHead():
            return _snap_head(state, frame, now, out)
        case f.Page():
            return _page(state, frame, now, out)
        case f.Audience(audience=audience, paused=paused):
            return _aim(state, audience, paused, now, out)
        case f.Stalled(realm=realm):
            return _up(_down(state, realm, stalled_at=now), realm, stalled_at=now)
        case f.Fact(topic=topic, key=key, body=body):
            out.append(io.TakeFact(topic, key, body))
        case f.Reply():
            if frame.id in state.asked:
                out.append(io.Answered(frame.id, frame.body, frame.code, frame.message))
                return replace(state, asked={rid: at for rid, at in state.asked.items() if rid != frame.id})
        case f.Tell(kind=kind, body=body):
            out.append(io.TakeTell(kind, body))
        case f.Refused(code=code):
            return _close(state, f"refused:{code}", out)
        case _:
            pass  # not for this end, or not for now
    return state


# --- handshake ---------------------------------------------------------------------------------------------------


def _handshake(state: EdgeEnd, frame: f.Frame, now: float, out: Effects) -> EdgeEnd:
    match frame:
        case f.Challenge(nonce=nonce, proto=(lowest, newest)):
            if lowest > f.PROTO_MAX or newest < f.PROTO_MIN:
                return _close(state, "refused:protocol", out)
            out.append(io.SayHello(nonce))
        case f.Welcome():  # its signature was checked by the glue
            return _welcomed(state, frame, now, out)
        case f.Refused(code=code):
            return _close(state, f"refused:{code}", out)
        case _:
            pass
    return state


def _welcomed(state: EdgeEnd, welcome: f.Welcome, now: float, out: Effects) -> EdgeEnd:
    downs = {realm: replace(down, moved_at=now) for realm, down in state.downs.items()}
    ups = {realm: replace(up, moved_at=now) for realm, up in state.ups.items()}
    state = replace(
        state, phase="up", downs=downs, ups=ups, window=welcome.window, pull_at=now + io.PULL_EVERY, ping_at=now
    )
    out.append(io.IsUp())
    state = _aim(state, welcome.audience, welcome.paused, now, out)
    for topic, keys in state.follows.items():
        _send_follows(topic, keys, out)
    for realm in state.ups:
        state = _load(state, realm, out)
    return state


# --- what this edge reads ----------------------------------------------------------------------------------------


def _aim(state: EdgeEnd, audience: Mapping[str, list[str]], paused: list[str], now: float, out: Effects) -> EdgeEnd:
    reads = {realm: frozenset(topics) for realm, topics in audience.items()}
    state = replace(state, audience=reads, paused=frozenset(paused))
    for realm in reads:
        if realm not in state.downs:
            state = _down(state, realm, moved_at=now)
        state = _uncover(state, realm, out)
        state = _go_on(state, realm, now, out)
    return state


def _uncover(state: EdgeEnd, realm: str, out: Effects) -> EdgeEnd:
    """Forget what is not read any more. A paused topic keeps its documents: stale ones sell better than none."""
    down = state.downs.get(realm, Down())
    kept = down.covered & state.audience[realm]
    if kept != down.covered:
        out.append(io.Uncover(realm, kept, down.covered - kept - state.paused))
    return _down(state, realm, covered=kept)


def _go_on(state: EdgeEnd, realm: str, now: float, out: Effects) -> EdgeEnd:
    """Whatever the realm still lacks: a first snapshot, the rest of one, or topics the edge has come to read."""
    down = state.downs[realm]
    if down.waiting:
        return state
    if down.fetch is not None:
        todo = tuple(topic for topic in down.fetch.todo if topic in state.audience.get(realm, ()))
        if todo != down.fetch.todo:
            after = down.fetch.after if todo[:1] == down.fetch.todo[:1] else ""
            return _save(state, realm, replace(down.fetch, todo=todo, after=after), now, out)
        return _ask_page(state, realm, now, out)
    if down.cursor is None:
        return _begin_snapshot(state, realm, now, out)
    missing = state.audience.get(realm, frozenset()) - down.covered
    if missing:
        return _save(state, realm, Fetch(full=False, todo=tuple(sorted(missing))), now, out, begins=True)
    return state


def _refetch(state: EdgeEnd, realm: str, now: float, out: Effects) -> EdgeEnd:
    down = state.downs.get(realm, Down())
    if down.cursor is None and (down.fetch is not None or down.waiting):
        return state  # it is under way already
    return _begin_snapshot(_down(state, realm, cursor=None, fetch=None, moved_at=now), realm, now, out)


def _begin_snapshot(state: EdgeEnd, realm: str, now: float, out: Effects) -> EdgeEnd:
    out.append(io.Send(f.SnapAsk(realm=realm)))
    return _down(state, realm, waiting="head", asked_at=now)


def _snap_head(state: EdgeEnd, frame: f.SnapHead, now: float, out: Effects) -> EdgeEnd:
    down = state.downs.get(frame.realm, Down())
    if down.waiting != "head":
        return state
    state = _down(state, frame.realm, head=max(frame.cursor.seq, 0), moved_at=now, covered=frozenset())
    fetch = Fetch(full=True, todo=tuple(frame.topics), cursor=frame.cursor)
    return _save(state, frame.realm, fetch, now, out, begins=True)


def _ask_page(state: EdgeEnd, realm: str, now: float, out: Effects) -> EdgeEnd:
    fetch = state.downs[realm].fetch
    assert fetch is not None and fetch.todo  # noqa: S101  an empty fetch is ended by _save
    out.append(io.Send(f.PageAsk(realm=realm, topic=fetch.todo[0], after=fetch.after)))
    return _down(state, realm, waiting="page", asked_at=now)


def _page(state: EdgeEnd, page: f.Page, now: float, out: Effects) -> EdgeEnd:
    down = state.downs.get(page.realm, Down())
    fetch = down.fetch
    if fetch is None or down.waiting != "page" or (page.topic, page.after) != (fetch.todo[0], fetch.after):
        return state  # an answer to a question that is not open any more
    if fetch.cursor is not None and page.epoch != fetch.cursor.epoch:
        # The log began anew under our feet: the place the tail would go on from is gone.
        return _begin_snapshot(_down(state, page.realm, fetch=None), page.realm, now, out)
    if page.is_last:
        ahead = replace(fetch, todo=fetch.todo[1:], after="", done=(*fetch.done, page.topic))
        return _save(state, page.realm, ahead, now, out, page=page, ends=(page.topic,))
    return _save(state, page.realm, replace(fetch, after=page.rows[-1].key), now, out, page=page)


def _save(
    state: EdgeEnd,
    realm: str,
    fetch: Fetch,
    now: float,
    out: Effects,
    *,
    page: f.Page | None = None,
    begins: bool = False,
    ends: tuple[str, ...] = (),
) -> EdgeEnd:
    covered = state.downs[realm].covered | (frozenset() if fetch.full else frozenset(ends))
    is_done = not fetch.todo
    cursor = fetch.cursor if is_done else None
    if is_done and fetch.full:
        covered = frozenset(fetch.done)
    out.append(
        io.SaveFetch(
            realm,
            None if is_done else fetch,
            covered,
            page=page,
            begins=begins,
            ends=ends,
            cursor=cursor,
            guarded=not fetch.full,
        )
    )
    changes: dict[str, object] = {"fetch": None if is_done else fetch, "covered": covered, "waiting": "save"}
    if cursor is not None:
        changes |= {"cursor": cursor, "applied": cursor.seq}
    elif fetch.full:
        changes |= {"cursor": None}
    return _down(state, realm, moved_at=now, asked_at=now, **changes)


def _after_save(state: EdgeEnd, realm: str, now: float, out: Effects) -> EdgeEnd:
    was = state.downs[realm]
    state = _down(state, realm, waiting="", moved_at=now)
    if was.fetch is None and was.cursor is not None:
        # Harmless after a fill: central is at this place or ahead of it, and ignores it while it sends the tail.
        out.append(io.Send(f.Resume(realm=realm, cursor=was.cursor)))
    return _go_on(state, realm, now, out)


# --- the tail ----------------------------------------------------------------------------------------------------


def _batch(state: EdgeEnd, batch: f.Batch, now: float, out: Effects) -> EdgeEnd:
    down = state.downs.get(batch.realm, Down())
    if down.cursor is None:
        return state  # a snapshot has begun meanwhile
    match fits(down.cursor, batch):
        case "take":
            out.append(io.Apply(batch))
            state = _hear_of(state, batch.realm, batch.head, now)
            return _down(state, batch.realm, cursor=Cursor(batch.epoch, batch.to, batch.chain))
        case "skip":
            ack = f.Ack(realm=batch.realm, seq=down.applied, entries=len(batch.entries), size=batch.size)
            out.append(io.Send(ack))
            return state
        case wrong:
            # A WebSocket neither loses nor reorders: something is wrong. Dial again, from what is on disk.
            return _close(state, wrong, out)


def _hear_of(state: EdgeEnd, realm: str, seq: int, now: float) -> EdgeEnd:
    """The log goes up to `seq`. The watchdog's time runs from when there was something to wait for."""
    down = state.downs.get(realm, Down())
    moved_at = now if down.head <= down.applied else down.moved_at
    return _down(state, realm, head=max(seq, down.head), moved_at=moved_at)


# --- ops on their way up -----------------------------------------------------------------------------------------


def _enqueued(state: EdgeEnd, realm: str, n: int, op: f.Op | None, now: float, out: Effects) -> EdgeEnd:
    up = state.ups.get(realm, Up(acked=n - 1, sent=n - 1, moved_at=now))
    moved_at = now if up.acked >= up.head else up.moved_at
    is_next = op is not None and n == up.sent + 1 and not up.is_loading
    if op is None or not is_next or n - up.acked > state.window or state.phase != "up":
        up = replace(up, head=max(n, up.head), moved_at=moved_at)
        return _load(replace(state, ups=_put(state.ups, realm, up)), realm, out)
    out.append(io.Send(f.Ops(realm=realm, first=n, ops=[op], floor=up.acked + 1)))
    # One copy of each: every op of every shopper passes here.
    up = replace(up, head=max(n, up.head), moved_at=moved_at, sent=n)
    return replace(state, ups=_put(state.ups, realm, up))


def _load(state: EdgeEnd, realm: str, out: Effects) -> EdgeEnd:
    up = state.ups[realm]
    room = up.acked + state.window - up.sent
    if state.phase != "up" or up.is_loading or up.sent >= up.head or room <= 0:
        return state
    out.append(io.Load(realm, up.sent + 1, min(room, io.OPS_TOGETHER)))
    return _up(state, realm, is_loading=True)


def _loaded(state: EdgeEnd, realm: str, first: int, ops: list[f.Op], now: float, out: Effects) -> EdgeEnd:
    up = state.ups[realm]
    state = _up(state, realm, is_loading=False)
    if not ops:
        return state
    if first == up.sent + 1:  # else central has asked for another place meanwhile
        out.append(io.Send(f.Ops(realm=realm, first=first, ops=ops, floor=up.acked + 1)))
        last = first + len(ops) - 1
        # The disk may know of an op before its news comes: what is not known of could not be acknowledged.
        state = _up(state, realm, sent=last, head=max(last, up.head))
    return _load(state, realm, out)


def _acked(state: EdgeEnd, realm: str, n: int, now: float, out: Effects) -> EdgeEnd:
    up = state.ups.get(realm, Up())
    n = min(n, up.head)
    if n > up.acked:
        out.append(io.DropAcked(realm, n))
        state = _up(state, realm, acked=n, sent=max(n, up.sent), moved_at=now)
    return _load(state, realm, out) if realm in state.ups else state


# --- questions and interest --------------------------------------------------------------------------------------


def _ask(state: EdgeEnd, ask: io.Ask, now: float, out: Effects) -> EdgeEnd:
    if state.phase != "up":
        out.append(io.Answered(ask.rid, b"", "link_down", "central is not connected"))
        return state
    out.append(io.Send(f.Request(id=ask.rid, kind=ask.kind, body=ask.body, ms=ask.ms)))
    return replace(state, asked=_put(state.asked, ask.rid, now + ask.ms / 1000))


def _follow(state: EdgeEnd, topic: str, keys: frozenset[str], out: Effects) -> EdgeEnd:
    state = replace(state, follows=_put(state.follows, topic, state.follows.get(topic, frozenset()) | keys))
    if state.phase == "up":
        _send_follows(topic, keys, out)
    return state


def _send_follows(topic: str, keys: frozenset[str], out: Effects) -> None:
    ordered = sorted(keys)
    for start in range(0, len(ordered), io.FOLLOW_KEYS):
        out.append(io.Send(f.Follow(topic=topic, keys=ordered[start : start + io.FOLLOW_KEYS])))


# --- time --------------------------------------------------------------------------------------------------------


def _tick(state: EdgeEnd, jitter: float, now: float, out: Effects) -> EdgeEnd:
    if state.phase != "up":
        is_late = state.phase == "challenged" and now - state.opened_at > io.HANDSHAKE_WITHIN
        return _close(state, "handshake", out) if is_late else state
    if now - state.heard_at > io.SILENT_AFTER:
        return _close(state, "silent", out)
    if stuck := _stuck(state, now):
        return _close(state, f"stuck:{stuck}", out)
    state = _give_up(state, now, out)
    if now >= state.ping_at:
        out.append(io.SayPing())
        state = replace(state, ping_at=now + io.PING_EVERY)
    if now >= state.pull_at:
        state = _pull(state, now, out)
        state = replace(state, pull_at=now + io.PULL_EVERY * (1 + io.PULL_JITTER * jitter))
    return state


def _pull(state: EdgeEnd, now: float, out: Effects) -> EdgeEnd:
    for realm in state.audience:
        down = state.downs[realm]
        is_unanswered = now - down.asked_at >= io.PULL_EVERY * (1 - io.PULL_JITTER)
        if down.waiting == "head" and is_unanswered:
            state = _begin_snapshot(state, realm, now, out)
        elif down.waiting == "page" and is_unanswered:
            state = _ask_page(state, realm, now, out)
        if down.cursor is not None:
            out.append(io.Send(f.Pull(realm=realm)))
    return state


def _give_up(state: EdgeEnd, now: float, out: Effects) -> EdgeEnd:
    late = [rid for rid, deadline in state.asked.items() if now > deadline]
    for rid in late:
        out.append(io.Answered(rid, b"", "timeout", "central did not answer in time"))
    return replace(state, asked={rid: at for rid, at in state.asked.items() if rid not in late}) if late else state


def _stuck(state: EdgeEnd, now: float) -> str | None:
    """The realm with a known backlog that has not moved, unless central said that it cannot."""

    def is_still(moved_at: float, stalled_at: float) -> bool:
        return now - max(moved_at, stalled_at) > io.STUCK_AFTER

    for realm in state.audience:
        down = state.downs[realm]
        is_behind = down.fetch is not None or down.waiting != "" or down.cursor is None or down.head > down.applied
        if is_behind and is_still(down.moved_at, down.stalled_at):
            return realm
    for realm, up in state.ups.items():
        if up.head > up.acked and is_still(up.moved_at, up.stalled_at):
            return realm
    return None
