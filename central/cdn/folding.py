"""Which purges to ask for now: the stale pages of an account, folded into as few calls as its plan wants. Pure.

    few pages wait          by URL, 100 a call, those that sell first; who waits longer gathers more (`patience`)
    more than FOLD_OVER     one call for all of a zone: by tags while so few tags cover them, else by the sites' hosts

Each page is purged twice: once when its bytes are new, and again after FILL_S: a CDN that was fetching the old bytes
in that moment has then stored them, and would keep them. A purge of a whole site counts for every page that waits.

Calls by tags and hosts are scarce (Cloudflare's Free plan: 25, and 5 more each minute, for the whole account), so a
storm of changes waits up to FILL_S for the next of them, and each is the second purge of what the last one was the
first of. 80 % of a plan is used: others may purge with the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from infra.cdn.protocol import Batch, Kind, Plan
from sites.tags import PURGED

#: seconds in which changes gather before they are purged together, and the longest that many of them may take
COALESCE_S: Final = 0.25
LONGEST_S: Final = 5.0
#: with so many pages waiting the gathering takes twice as long, with twice as many four times, ...
GATHERED: Final = 25
#: a CDN's slowest fetch of a page from its origin
FILL_S: Final = 10.0
#: pages of one zone that are purged by URL at most
FOLD_OVER: Final = 500
#: calls by URL in one turn
MOST_CALLS: Final = 5
#: the part of a plan that we use
SHARE: Final = 0.8


@dataclass(frozen=True)
class Stale:
    """A page whose copies at the CDN are old, or a whole site (no `urls`). Times are seconds since 1970.

    `due`: when it may be purged. `is_again`: it was once, and this is the second time.
    """

    id: int
    site: str
    hosts: tuple[str, ...]
    urls: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    due: float = 0.0
    is_urgent: bool = False
    is_again: bool = False
    must_fold: bool = False

    @property
    def is_folded(self) -> bool:
        """Whether it cannot be purged by URL: it is a whole site, or the provider did not take its address."""
        return self.must_fold or not self.urls


@dataclass(frozen=True)
class Budget:
    """What is left of the plan: calls by tags or hosts, and URLs, counted at `at`."""

    calls: float
    urls: float
    at: float

    def refilled(self, plan: Plan, now: float) -> Budget:
        passed = max(0.0, now - self.at)
        calls = min(SHARE * plan.burst, self.calls + SHARE * plan.calls_a_minute * passed / 60)
        urls = min(SHARE * plan.urls_a_second, self.urls + SHARE * plan.urls_a_second * passed)
        return Budget(calls, urls, max(self.at, now))

    def after(self, batch: Batch) -> Budget:
        if batch.kind == "urls":
            return replace(self, urls=self.urls - len(batch.items))
        return replace(self, calls=self.calls - 1)

    def seconds_to_call(self, plan: Plan) -> float:
        return max(0.0, (1 - self.calls) * 60 / (SHARE * plan.calls_a_minute))


def full(plan: Plan, now: float) -> Budget:
    """What a fresh account has."""
    return Budget(SHARE * plan.burst, SHARE * plan.urls_a_second, now)


@dataclass(frozen=True)
class ZoneQueue:
    """The stale pages of a zone. `called`, `folded`: when it was last purged by URL, and by tags or hosts.

    `has_tags`: its pages carry `Cache-Tag`.
    """

    zone: str
    rows: tuple[Stale, ...]
    called: float = 0.0
    folded: float = 0.0
    has_tags: bool = False


@dataclass(frozen=True)
class Call:
    """One call, and the rows it does for: each is purged by it once more."""

    zone: str
    batch: Batch
    rows: tuple[Stale, ...]

    @property
    def is_folded(self) -> bool:
        """Whether it takes pages of the rows' sites that have not changed, too."""
        return self.batch.kind != "urls"


@dataclass
class Turn:
    """What to do now. `wake`: when to look again, None: nothing is left. `budget`: after the calls.

    `is_held`: something is due and waits, for its plan or for more to gather.
    """

    budget: Budget
    calls: list[Call] = field(default_factory=list)
    wake: float | None = None
    is_held: bool = False

    def take(self, call: Call) -> None:
        self.calls.append(call)
        self.budget = self.budget.after(call.batch)

    def look_at(self, moment: float) -> None:
        self.wake = moment if self.wake is None else min(self.wake, moment)

    def hold_until(self, moment: float) -> None:
        self.is_held = True
        self.look_at(moment)


def patience(waiting: int) -> float:
    """Seconds between two purges by URL of a zone with so many rows in its queue."""
    return min(LONGEST_S, COALESCE_S * max(1.0, waiting / GATHERED))


def plan_turn(queues: Iterable[ZoneQueue], plan: Plan, budget: Budget, now: float) -> Turn:
    """The calls an account should make at `now`, the zone that has waited longest first."""
    turn = Turn(budget.refilled(plan, now))
    for queue in sorted(queues, key=lambda queue: min((row.due for row in queue.rows), default=0.0)):
        _plan_zone(turn, queue, plan, now)
    return turn


def _plan_zone(turn: Turn, queue: ZoneQueue, plan: Plan, now: float) -> None:
    due = [row for row in queue.rows if row.due <= now]
    if due:
        _plan_due(turn, queue, due, plan, now)
    if not (turn.is_held and len(queue.rows) > FOLD_OVER):  # in a storm each moment brings a page that is due
        coming = [row.due for row in queue.rows if row.due > now]
        if coming:
            turn.look_at(max(min(coming), now + COALESCE_S))


def _plan_due(turn: Turn, queue: ZoneQueue, due: Sequence[Stale], plan: Plan, now: float) -> None:
    is_storm = len(queue.rows) > FOLD_OVER
    folded = {row.site for row in due if is_storm or row.is_folded}
    # What has come but is not due yet goes along; what was purged a moment ago waits for its second time.
    rows = [row for row in queue.rows if row.due <= now or not row.is_again]
    if folded:
        _fold(turn, queue, [row for row in rows if row.site in folded], plan, now)
    exact = sorted((row for row in rows if row.site not in folded), key=lambda row: (not row.is_urgent, row.due))
    if any(row.due <= now for row in exact):
        _purge_exactly(turn, queue, [row for row in exact if not row.is_folded], plan, now)


# --- by URL ------------------------------------------------------------------------------------------------------


def _purge_exactly(turn: Turn, queue: ZoneQueue, due: Sequence[Stale], plan: Plan, now: float) -> None:
    soonest = queue.called + patience(len(queue.rows))
    if now < soonest:
        turn.hold_until(soonest)
        return
    for done, rows in enumerate(_by_call(due, plan.urls)):
        urls = tuple(url for row in rows for url in row.urls)
        if done == MOST_CALLS or len(urls) > turn.budget.urls:
            turn.hold_until(now + COALESCE_S)
            return
        turn.take(Call(queue.zone, Batch("urls", urls), tuple(rows)))


def _by_call(rows: Sequence[Stale], most: int) -> Iterator[list[Stale]]:
    """Rows in calls of at most `most` URLs; all of a row's addresses are in one call."""
    gathered: list[Stale] = []
    count = 0
    for row in rows:
        if gathered and count + len(row.urls) > most:
            yield gathered
            gathered, count = [], 0
        gathered.append(row)
        count += len(row.urls)
    if gathered:
        yield gathered


# --- folded ------------------------------------------------------------------------------------------------------


def _fold(turn: Turn, queue: ZoneQueue, rows: Sequence[Stale], plan: Plan, now: float) -> None:
    soonest = max(queue.folded + FILL_S, now + turn.budget.seconds_to_call(plan))
    if now < soonest:
        turn.hold_until(soonest)
        return
    for batch, covered in _folded(rows, queue.has_tags, plan):
        if turn.budget.calls < 1:
            turn.hold_until(now + turn.budget.seconds_to_call(plan))
            return
        turn.take(Call(queue.zone, batch, covered))


def _folded(rows: Sequence[Stale], has_tags: bool, plan: Plan) -> Iterator[tuple[Batch, tuple[Stale, ...]]]:
    if has_tags and "tags" in plan.kinds and (tags := _few_tags(rows, plan.operations)):
        yield Batch("tags", tags), tuple(rows)
    elif "hosts" in plan.kinds:
        yield from _by_hosts(rows, plan.operations)
    else:
        yield Batch("everything"), tuple(rows)


def _few_tags(rows: Sequence[Stale], most: int) -> tuple[str, ...]:
    """The finest tags that cover all the rows in one call; none when even their coarsest are too many."""
    if any(row.is_folded for row in rows):
        return ()  # a whole site holds more than its tagged pages
    for level in PURGED:
        firsts = {next((tag for tag in row.tags if tag.startswith(level)), "") for row in rows}
        if "" not in firsts and len(firsts) <= most:
            return tuple(sorted(firsts))
    return ()


def _by_hosts(rows: Sequence[Stale], most: int) -> Iterator[tuple[Batch, tuple[Stale, ...]]]:
    hosts: list[str] = []
    covered: list[Stale] = []
    kind: Kind = "hosts"
    for _site, of_site in groupby(sorted(rows, key=lambda row: row.site), key=lambda row: row.site):
        each = list(of_site)
        named = list(dict.fromkeys(host for row in each for host in row.hosts))
        if covered and len(hosts) + len(named) > most:
            yield Batch(kind, tuple(hosts)), tuple(covered)
            hosts, covered = [], []
        hosts += named
        covered += each
    if covered:
        yield Batch(kind, tuple(hosts)), tuple(covered)
