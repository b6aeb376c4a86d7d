"""The planner, by itself: what it promises whatever changes come, on a clock that only exists here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.cdn import folding
from central.cdn.folding import COALESCE_S, FILL_S, SHARE, Budget, Call, Stale, ZoneQueue, plan_turn
from infra.cdn.protocol import Plan
from infra.cdn.registry import PLANS
from infra.cdn.tests.pretend import Bucket
from sites import tags

FREE = PLANS["cloudflare"]["free"]
START = 1_000_000.0


@cache
def tags_of(site: str, path: str) -> tuple[str, ...]:
    return tags.page_tags(site, "product", categories=[path[-1:]])


@dataclass
class World:
    """A queue, a planner and a CDN that counts as the provider does. `changed`: (site, path) -> when it last was."""

    plan: Plan = FREE
    has_tags: bool = True
    now: float = START
    rows: dict[tuple[str, str], Stale] = field(default_factory=dict)
    changed: dict[tuple[str, str], float] = field(default_factory=dict)
    all_changes: list[tuple[float, str, str]] = field(default_factory=list)
    calls: list[tuple[float, Call]] = field(default_factory=list)
    named: dict[int, tuple[str, str]] = field(default_factory=dict)
    called: float = 0.0
    folded: float = 0.0

    def __post_init__(self) -> None:
        self.budget = folding.full(self.plan, self.now)
        self.theirs = Bucket(self.plan.calls_a_minute / 60, self.plan.burst, self.now)
        self.their_urls = Bucket(self.plan.urls_a_second, self.plan.urls_a_second, self.now)

    def change(self, site: str, path: str, *, is_urgent: bool = False) -> None:
        old = self.rows.get((site, path))
        due = old.due if old and not old.is_again else self.now + COALESCE_S
        self.rows[site, path] = Stale(
            id=len(self.all_changes) + 1,
            site=site,
            hosts=(f"{site}.example",),
            urls=(f"https://{site}.example{path}",) if path else (),
            tags=tags_of(site, path),
            due=due,
            is_urgent=is_urgent,
        )
        self.named[len(self.all_changes) + 1] = (site, path)
        self.changed[site, path] = self.now
        self.all_changes.append((self.now, site, path))

    def turn(self) -> float | None:
        """Plan and make the calls of this moment; returns when to look again, None: nothing is left."""
        queue = ZoneQueue("zone", tuple(self.rows.values()), self.called, self.folded, self.has_tags)
        turn = plan_turn([queue], self.plan, self.budget, self.now)
        for call in turn.calls:
            self._make(call)
        self.budget = turn.budget
        again = [self.now + FILL_S] if turn.calls else []
        moments = [*again, *([turn.wake] if turn.wake is not None else [])]
        return min(moments) if moments else None

    def _make(self, call: Call) -> None:
        bucket, count = (self.their_urls, len(call.batch.items)) if call.batch.kind == "urls" else (self.theirs, 1)
        assert bucket.take(count, self.now), "the provider would have refused it"
        assert len(call.batch.items) <= (self.plan.urls if call.batch.kind == "urls" else self.plan.operations)
        self.calls.append((self.now, call))
        if call.batch.kind == "urls":
            self.called = self.now
        else:
            self.folded = self.now
        for row in call.rows:
            key = self.named[row.id]
            assert self.rows[key].id == row.id
            if row.is_again:
                del self.rows[key]
            else:
                self.rows[key] = replace(row, is_again=True, due=self.now + FILL_S)

    def run(self, changes: list[tuple[float, str, str]], *, most_s: float = 900) -> None:
        """Let changes (seconds from the start, site, path) happen and go on until the queue is empty."""
        waiting = sorted((START + at, site, path) for at, site, path in changes)[::-1]
        wake: float | None = None
        while waiting or wake is not None:
            if waiting and (wake is None or waiting[-1][0] <= wake):
                self.now, site, path = waiting.pop()
                self.change(site, path)
                wake = self.now + COALESCE_S if wake is None else min(wake, self.now + 1)
            else:
                self.now = wake or self.now
                assert self.now < START + most_s, f"{len(self.rows)} rows wait for ever"
                wake = self.turn()
        assert not self.rows

    def covers(self, call: Call, site: str, path: str) -> bool:
        if call.batch.kind == "urls":
            return f"https://{site}.example{path}" in call.batch.items
        if call.batch.kind == "hosts":
            return f"{site}.example" in call.batch.items
        if call.batch.kind == "everything":
            return True
        return bool(path) and not set(tags.page_tags(site, "product", categories=[path[-1:]])).isdisjoint(
            call.batch.items
        )

    def lateness(self) -> Iterator[tuple[float, bool]]:
        """For each last change of a page: seconds to the first purge after it, whether one came after the fill too."""
        for (site, path), at in self.changed.items():
            after = [moment for moment, call in self.calls if moment >= at and self.covers(call, site, path)]
            first = after[0] if after else 9e9
            yield first - at, any(moment >= first + FILL_S for moment in after)


def storm(pages: int = 10_000, seconds: float = 60, sites: int = 3) -> list[tuple[float, str, str]]:
    return [(seconds * n / pages, f"shop{n % sites}", f"/p/{n}") for n in range(pages)]


@pytest.mark.parametrize("has_tags", [True, False])
@pytest.mark.parametrize("changes", [storm(), storm(seconds=0), storm(sites=1), storm(sites=90)])
def test_ten_thousand_changes_in_a_minute_cost_thirty_calls_and_none_stays_stale(
    changes: list[tuple[float, str, str]], has_tags: bool
) -> None:
    world = World(has_tags=has_tags)

    world.run(changes)

    late = list(world.lateness())
    assert len(late) == 10_000
    assert max(seconds for seconds, _ in late) <= 60
    assert all(is_again for _, is_again in late)
    assert len(world.calls) <= 30, [call.batch.kind for _, call in world.calls]


def test_one_change_is_purged_by_its_address_at_once_and_after_the_fill() -> None:
    world = World()

    world.run([(0, "tea", "/p/a")])

    assert [(round(at - START, 2), call.batch.items) for at, call in world.calls] == [
        (0.25, ("https://tea.example/p/a",)),
        (10.25, ("https://tea.example/p/a",)),
    ]


def test_changes_that_come_together_are_one_call() -> None:
    world = World()

    world.run([(n / 1000, "tea", f"/p/{n}") for n in range(90)])

    assert [len(call.batch.items) for _, call in world.calls] == [90, 90]


def test_what_sells_goes_first() -> None:
    world = World()
    for n in range(150):
        world.change("tea", f"/p/{n}", is_urgent=n >= 100)
    world.now += 1
    world.turn()

    first = world.calls[0][1].batch.items
    assert {f"https://tea.example/p/{n}" for n in range(100, 150)} <= set(first)


def test_a_steady_trickle_is_fresh_within_five_seconds() -> None:
    world = World()

    world.run([(n / 10, "tea", f"/p/{n}") for n in range(600)])

    late = sorted(seconds for seconds, _ in world.lateness())
    assert late[int(len(late) * 0.99)] <= 5


def test_pages_of_one_kind_are_purged_by_their_tag_and_not_with_the_whole_site() -> None:
    world = World()

    world.run([(0, "tea", f"/p/{n}") for n in range(600)])

    assert {call.batch.kind for _, call in world.calls} == {"tags"}
    assert {call.batch.items for _, call in world.calls} == {(tags.kind_tag("tea", "product"),)}


def test_a_whole_site_is_purged_by_its_hosts_and_its_sister_is_left_alone() -> None:
    world = World()

    world.run([(0, "tea", ""), (0, "coffee", "/p/a")])

    folded = [call.batch for _, call in world.calls if call.batch.kind != "urls"]
    assert {batch.items for batch in folded} == {("tea.example",)}
    assert {batch.kind for batch in folded} == {"hosts"}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, list[tuple[float, str, str]]]:
    plan = replace(
        FREE,
        burst=draw(st.sampled_from([2, 5, 25])),
        operations=draw(st.sampled_from([1, 3, 100])),
        urls=draw(st.sampled_from([1, 7, 100])),
        kinds=draw(st.sampled_from([FREE.kinds, frozenset({"urls", "everything"}), frozenset({"urls", "hosts"})])),
    )
    times = st.floats(0, 90, allow_nan=False)
    sites, paths = st.sampled_from(["tea", "mate", "toys"]), st.sampled_from(["", *(f"/p/{n}" for n in range(40))])
    changes = draw(st.lists(st.tuples(times, sites, paths), min_size=1, max_size=80))
    storms = draw(st.integers(0, 700))
    changes += [(draw(times), "tea", f"/p/s{n}") for n in range(0, storms, 100)]
    at = draw(times)
    changes += [(at, "tea", f"/p/{n}") for n in range(storms)]
    return World(plan=plan, has_tags=draw(st.booleans())), changes


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_every_change_is_purged_after_it_and_again_after_the_fill_within_any_plan(
    drawn: tuple[World, list[tuple[float, str, str]]],
) -> None:
    world, changes = drawn

    world.run(changes, most_s=3600)

    for seconds, is_again in world.lateness():
        assert seconds < 3600
        assert is_again


def test_a_fifth_of_the_plan_is_left_to_others() -> None:
    budget = Budget(0, 0, START).refilled(FREE, START + 3600)

    assert budget.calls == SHARE * 25
    assert budget.urls == SHARE * 800
