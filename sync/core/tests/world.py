"""A whole link in one thread with a clock of its own: both machines, what is on their disks, and a network that faults.

Nothing here is random: a list of actions (from Hypothesis) says what happens next. The disks are plain Python values;
the databases' work is a queue per side that an action runs a step of, so that any interleaving can be tried.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sync.contracts import frames as f
from sync.contracts.frames import Cursor, Entry, Op
from sync.core import edge_end, hub_end
from sync.core import link as io
from sync.core.log import HeadOfLog, admit, assert_dense, genesis, known_chain, number, why_refetch

REALM, ITEMS, NOTES = "r", "item:all", "note"
PAGE = 3  # rows, so that a snapshot takes several


@dataclass
class Central:
    """The realm's database."""

    epoch: str = "e1"
    items: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    vers: dict[str, int] = field(default_factory=dict)
    notes: list[bytes] = field(default_factory=list)
    log: list[tuple[int, str, str, int, str, bytes | None, bytes]] = field(default_factory=list)
    floor: int = 0
    floor_chain: bytes = genesis("e1")
    head: int = 0
    chain: bytes = genesis("e1")
    last_n: int = 0
    effects: list[int] = field(default_factory=list)
    acked: int = 0
    is_down: bool = False

    def publish(self, topic: str, key: str, ver: int, op: str, body: bytes | None) -> None:
        [(seq, chain)] = number(self.head_of_log(), [(topic, key, ver)])
        self.log.append((seq, topic, key, ver, op, body, chain))
        self.head, self.chain = seq, chain

    def put(self, key: str) -> None:
        self.vers[key] = ver = self.vers.get(key, 0) + 1
        self.items[key] = (ver, b"%d" % ver)
        self.publish(ITEMS, key, ver, "s", None)

    def drop(self, key: str) -> None:
        if self.items.pop(key, None):
            self.vers[key] += 1
            self.publish(ITEMS, key, self.vers[key], "d", None)

    def note(self) -> None:
        body = b"%d" % len(self.notes)
        self.notes.append(body)
        self.publish(NOTES, "k", 0, "f", body)

    def cut(self) -> None:
        """Everything the edge has acknowledged."""
        while self.log and self.log[0][0] <= self.acked:
            self.floor, self.floor_chain = self.log[0][0], self.log[0][6]
            self.log.pop(0)

    def begin_anew(self) -> None:
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.log, self.head, self.floor, self.acked = [], 0, 0, 0
        self.chain = self.floor_chain = genesis(self.epoch)

    def head_of_log(self) -> HeadOfLog:
        return HeadOfLog(self.epoch, self.head, self.chain, self.floor, self.floor_chain)

    # --- what the hub's glue does

    def run(self, effect: object, interest: frozenset[str]) -> object:
        failed = {
            io.Check: lambda e: io.Checked(REALM, e.cursor, "failed"),
            io.ReadLog: lambda e: io.ReadFailed(REALM, (e.entries, e.size)),
            io.ReadState: lambda e: io.StateFailed(e.topic, e.keys),
            io.TakeOps: lambda e: io.TakeFailed(REALM),
        }
        if self.is_down:
            return failed.get(type(effect), lambda e: io.ReadFailed(REALM))(effect)
        match effect:
            case io.Check():
                return self.check(effect)
            case io.ReadLog():
                return self.read(effect, interest)
            case io.ReadHead():
                self.acked = self.head
                return io.HeadRead(REALM, self.head_of_log().cursor)
            case io.ReadPage(_, topic, after):
                keys = sorted(key for key in self.items if key > after)
                rows = [f.Row(key, *self.items[key]) for key in keys[:PAGE]]
                page = f.Page(
                    realm=REALM, epoch=self.epoch, topic=topic, after=after, rows=rows, is_last=len(keys) <= PAGE
                )
                return io.PageRead(page)
            case io.ReadState(topic, keys):
                return io.StateRead(topic, tuple((key, b",".join(self.notes)) for key in keys))
            case io.TakeOps():
                return self.take(effect)
        raise AssertionError(effect)

    def check(self, check: io.Check) -> io.Checked:
        if check.cursor is None:
            return io.Checked(REALM, None, "fetch", taken=self.last_n)
        head = self.head_of_log()
        chain = known_chain(check.cursor.seq, head)
        if chain is None:
            chain = next((row[6] for row in self.log if row[0] == check.cursor.seq), None)
        reason = why_refetch(check.cursor, head, chain)
        return io.Checked(REALM, check.cursor, "refetch" if reason else "tail", reason or "", self.head, self.last_n)

    def read(self, read: io.ReadLog, interest: frozenset[str]) -> object:
        reserved = (read.entries, read.size)
        if read.after.epoch != self.epoch:
            return io.LogLost(REALM, "epoch", reserved)
        if read.after.seq < self.floor:
            return io.LogLost(REALM, "below_floor", reserved)
        rows = [row for row in self.log if row[0] > read.after.seq][:4]
        assert_dense(read.after.seq, [row[0] for row in rows])
        entries = []
        for seq, topic, key, ver, _op, body, _ in rows:
            if topic == NOTES and key in interest:
                entries.append(Entry(seq, topic, key, ver, "f", body))
            elif topic == ITEMS and topic in read.topics:
                now = self.items.get(key)
                entries.append(Entry(seq, topic, key, *((now[0], "s", now[1]) if now else (ver, "d", None))))
        to = Cursor(self.epoch, rows[-1][0], rows[-1][6]) if rows else read.after
        return io.LogRead(REALM, to, self.head, tuple(entries), reserved)

    def take(self, take: io.TakeOps) -> io.Taken:
        if take.floor - 1 > self.last_n:
            self.last_n = take.floor - 1
        if admit(self.last_n, take.first) == "gap":
            return io.Taken(REALM, self.last_n, is_gap=True)
        for n, op in enumerate(take.ops, start=take.first):
            if admit(self.last_n, n) == "take":
                self.effects.append(int(op.body))
                self.last_n = n
        return io.Taken(REALM, self.last_n)


@dataclass
class Disk:
    """The edge's database."""

    documents: dict[str, tuple[int, bytes | None, int]] = field(default_factory=dict)
    cursor: Cursor | None = None
    covered: frozenset[str] = frozenset()
    fetch: io.Fetch | None = None
    generation: int = 0
    facts: list[bytes] = field(default_factory=list)
    state: set[bytes] = field(default_factory=set)
    outgoing: dict[int, Op] = field(default_factory=dict)
    head: int = 0

    def run(self, effect: object) -> object | None:
        match effect:
            case io.Apply(batch):
                assert self.cursor is not None
                at = (self.cursor.epoch, self.cursor.seq, self.cursor.chain)
                assert at == (batch.epoch, batch.start, batch.prev_chain), "a batch that does not fit was taken"
                for entry in batch.entries:
                    if entry.op == "f":
                        self.facts.append(entry.body or b"")
                    elif entry.ver > self.documents.get(entry.key, (0, None, 0))[0]:
                        self.documents[entry.key] = (entry.ver, entry.body, self.generation)
                self.cursor = Cursor(batch.epoch, batch.to, batch.chain)
                return io.Applied(REALM, batch.to, len(batch.entries), batch.size)
            case io.SaveFetch():
                self.save(effect)
                return io.Saved(REALM)
            case io.Uncover(_, covered, drop):
                self.covered = covered
                if ITEMS in drop:
                    self.documents = {}
            case io.TakeFact(_, _, body):
                self.state |= set(body.split(b",")) - {b""}
            case io.DropAcked(_, n):
                self.outgoing = {number: op for number, op in self.outgoing.items() if number > n}
        return None

    def save(self, save: io.SaveFetch) -> None:
        if save.begins:
            self.generation += 1
            if not save.guarded:
                self.cursor = None
        for row in save.page.rows if save.page is not None else []:
            held = self.documents.get(row.key, (0, None, 0))
            if not save.guarded or row.ver > held[0]:
                self.documents[row.key] = (row.ver, row.body, self.generation)
        if ITEMS in save.ends:
            self.documents = {k: held for k, held in self.documents.items() if held[2] >= self.generation}
        if save.cursor is not None:
            self.cursor = save.cursor
        self.fetch, self.covered = save.fetch, save.covered

    def shown(self) -> dict[str, bytes]:
        return {key: body for key, (_, body, _) in self.documents.items() if body is not None}

    def begin(self) -> edge_end.EdgeEnd:
        seq = self.cursor.seq if self.cursor else 0
        down = edge_end.Down(cursor=self.cursor, applied=seq, head=seq, covered=self.covered, fetch=self.fetch)
        acked = min(self.outgoing, default=self.head + 1) - 1
        ups = {REALM: edge_end.Up(acked=acked, sent=acked, head=self.head)} if self.head else {}
        return edge_end.EdgeEnd(downs={REALM: down}, ups=ups, follows={NOTES: frozenset("k")})


class World:
    """Both ends, one session after another."""

    def __init__(self) -> None:
        self.now = 1e6  # a machine's clock does not begin with our session
        self.central, self.disk = Central(), Disk()
        self.sessions = 0
        self.closed: list[str] = []
        self.dial()

    def dial(self) -> None:
        self.sessions += 1
        self.edge, self.hub = self.disk.begin(), hub_end.HubEnd()
        self.up: deque[f.Frame] = deque()
        self.down: deque[f.Frame] = deque()
        self.at_disk: deque[object] = deque()
        self.at_central: deque[object] = deque()
        self.taking: deque[object] = deque()
        self.is_open = True
        self.feed_hub(io.Opened(b"c"))
        self.feed_edge(io.Opened(b"e"))

    # --- machines

    def feed_edge(self, event: object) -> None:
        self.edge, effects = edge_end.step(self.edge, event, self.now)  # type: ignore[arg-type]
        for effect in effects:
            match effect:
                case io.Send(frame):
                    self.up.append(frame)
                case io.SayHello():
                    cursors = {REALM: self.disk.cursor} if self.disk.cursor else {}
                    self.up.append(
                        f.Hello(node="a", epoch=1, nonce=b"", cursors=cursors, last_n={REALM: self.disk.head})
                    )
                case io.Close(reason):
                    self.close(f"edge:{reason}")
                case io.Load(_, first, limit):
                    numbers = [n for n in range(first, first + limit) if n in self.disk.outgoing]
                    self.at_disk.append(io.Loaded(REALM, first, tuple(self.disk.outgoing[n] for n in numbers)))
                case io.SayPing():
                    self.up.append(f.Ping())
                case io.IsUp() | io.Answered():
                    pass
                case _:
                    self.at_disk.append(effect)

    def feed_hub(self, event: object) -> None:
        self.hub, effects = hub_end.step(self.hub, event, self.now)  # type: ignore[arg-type]
        for effect in effects:
            match effect:
                case io.Send(frame):
                    self.down.append(frame)
                case io.Close(reason):
                    self.close(f"hub:{reason}")
                case hub_end.SayWelcome(hello):
                    welcome = f.Welcome(node="a", proto=1, audience={REALM: [ITEMS]}, window=5)
                    self.feed_hub(hub_end.Introduced(hello, welcome, frozenset({REALM}), frozenset({NOTES})))
                case io.SaveAcked(acked):
                    for _, epoch, seq in acked:
                        if epoch == self.central.epoch:
                            self.central.acked = seq
                case io.TakeOps():
                    self.taking.append(effect)
                case io.Heard() | io.AnswerRequest():
                    pass
                case _:
                    self.at_central.append(effect)

    def close(self, reason: str) -> None:
        self.closed.append(reason)
        self.is_open = False

    # --- actions

    def act(self, action: str, where: int) -> None:
        """One thing happens. `where` picks a key, a side or a place in a queue."""
        key = f"k{where % 7}"
        match action:
            case "put":
                self.central.put(key)
                self.nudge(where)
            case "drop":
                self.central.drop(key)
                self.nudge(where)
            case "note":
                self.central.note()
                self.nudge(where)
            case "other":
                self.central.publish("item:another", key, 1, "s", None)
                self.nudge(where)
            case "op":
                self.enqueue()
            case "deliver":
                self.deliver(self.up if where % 2 else self.down)
            case "lose" | "repeat" | "swap":
                self.fault(action, self.up if where % 2 else self.down)
            case "work":
                self.work(where)
            case "tick":
                self.tick(0.05 * (1 + where % 10))
            case "break":
                self.close("cut")
                self.dial()
            case "crash":
                self.at_disk.clear()
                self.close("crash")
                self.dial()
            case "cut_log":
                self.central.cut()
            case "begin_anew":
                self.central.begin_anew()
            case "database":
                self.central.is_down = bool(where % 2)
        if not self.is_open:
            self.dial()

    def nudge(self, where: int) -> None:
        if where % 3:  # a third is lost
            self.feed_hub(io.Nudged(REALM))

    def enqueue(self) -> None:
        self.disk.head += 1
        op = Op("thing", b"%d" % self.disk.head)
        self.disk.outgoing[self.disk.head] = op
        self.feed_edge(io.Enqueued(REALM, self.disk.head, op))

    def deliver(self, queue: deque[f.Frame]) -> None:
        if queue:
            frame = queue.popleft()
            self.feed_hub(io.Received(frame)) if queue is self.up else self.feed_edge(io.Received(frame))

    def fault(self, action: str, queue: deque[f.Frame]) -> None:
        if not queue:
            return
        if action == "lose":
            queue.popleft()
        elif action == "repeat":
            queue.append(queue[0])
        elif len(queue) > 1:
            queue[0], queue[1] = queue[1], queue[0]

    def work(self, where: int) -> None:
        """A step of one of the three kinds of work; each is in order by itself."""
        if where % 3 == 0 and self.at_disk:
            effect = self.at_disk.popleft()
            event = effect if isinstance(effect, io.Loaded) else self.disk.run(effect)
            if event is not None:
                self.feed_edge(event)
        elif where % 3 == 1 and self.at_central:
            effect = self.at_central.popleft()
            self.feed_hub(self.central.run(effect, self.hub.interest.get(NOTES, frozenset())))
        elif where % 3 == 2 and self.taking:
            self.feed_hub(self.central.run(self.taking.popleft(), frozenset()))

    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.feed_edge(io.Tick(0.0))
        self.feed_hub(io.Tick())

    # --- the end

    def settle(self, seconds: float) -> None:
        """No more faults, fair delivery, no nudges: how far does it get in so many seconds?"""
        self.central.is_down = False
        until = self.now + seconds
        while self.now < until:
            for _ in range(200):
                if not self.is_open:
                    self.dial()
                if not (self.up or self.down or self.at_disk or self.at_central or self.taking):
                    break
                self.deliver(self.up)
                self.deliver(self.down)
                for kind in range(3):
                    self.work(kind)
            self.tick(1.0)
            if not self.is_open:
                self.dial()

    def reconnect(self) -> None:
        self.close("cut")
        self.dial()
