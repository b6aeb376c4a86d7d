"""How fast pages are: counted by steps, told by five minutes, nothing of who looked."""

from __future__ import annotations

import json

import pytest

from edge.http import BadRequest, CrossSite, Request, TooLarge
from edge.pages import speed as speeds
from edge.pages.seen import EVERY, seen
from edge.pages.speed import Speed
from node.places import ROOT
from sync.contracts.codec import unpack
from sync.contracts.speed import STEPS, WINDOW_S, SpeedFigure, SpeedTold, percentile, step_of, value_of
from sync.store.edge.models import Outgoing
from sync.store.writer import reader

NOW_S = 1_790_000_100


@pytest.fixture
def told(monkeypatch):
    """What is told of the visits of a test."""
    made = Speed()
    monkeypatch.setattr(speeds, "speed", made)
    monkeypatch.setattr("edge.pages.seen.speed", made)
    monkeypatch.setattr("edge.pages.serving.speed", made)
    return lambda: [figure for one in made.take(all_=True) for figure in one.figures]


def figures(told) -> dict[tuple[str, str, str], float | None]:
    return {(one.site, one.kind, one.measure): percentile(dict(one.counts), 0.5) for one in told}


def test_a_value_is_read_off_within_a_tenth():
    for value in (1.5, 7, 120, 950, 4_000, 60_000):
        assert value_of(step_of(value)) == pytest.approx(value, rel=0.11)
    assert (step_of(0), step_of(1), step_of(1e9)) == (0, 0, STEPS)


def test_percentiles_of_counts_add_up():
    fast, slow = {step_of(100): 75}, {step_of(800): 25}

    assert percentile(fast | slow, 0.75) == pytest.approx(100, rel=0.11)
    assert percentile(fast | slow, 0.76) == pytest.approx(800, rel=0.11)
    assert percentile({}, 0.5) is None


def test_a_window_is_told_when_it_is_over_and_once(monkeypatch):
    speed = Speed()
    at = NOW_S // WINDOW_S * WINDOW_S
    monkeypatch.setattr(speeds.clock, "time_ms", lambda: NOW_S * 1000)
    speed.note("tea", "home", "lcp", 500)
    assert speed.take() == []

    monkeypatch.setattr(speeds.clock, "time_ms", lambda: (at + WINDOW_S) * 1000)

    [one] = speed.take()
    assert (one.at, one.figures) == (
        at,
        [SpeedFigure(site="tea", kind="home", measure="lcp", counts=[(step_of(500), 1)])],
    )
    assert speed.take() == []


async def see(body: object, **headers: str):
    sent = json.dumps(body).encode()
    given = {"host": "tea.localhost", "sec-fetch-site": "same-origin", "cookie": "rialto=abc"} | headers
    scope = {"type": "http", "method": "POST", "path": "/_r/seen", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]

    async def receive():
        return {"type": "http.request", "body": sent, "more_body": False}

    return await seen(Request(scope, receive))


async def test_what_a_browser_tells_of_a_page_is_counted_and_leaves_no_cookie(visitor, told):
    await visitor.get("/p/sencha")
    told()

    answer = await see({"path": "/p/sencha", "ttfb": 80, "lcp": 900, "cls": 0.05})

    assert (answer.status, answer.body, answer.headers) == (204, b"", [])
    assert figures(told()) == {
        ("tea", "product", "ttfb"): pytest.approx(80, rel=0.11),
        ("tea", "product", "lcp"): pytest.approx(900, rel=0.11),
        ("tea", "product", "cls"): pytest.approx(50, rel=0.11),
    }


@pytest.mark.parametrize("body", [{"path": "/p/made-up", "lcp": 5}, {"path": "/cart", "lcp": 5}])
async def test_pages_that_are_not_there_count_for_nothing(visitor, told, body):
    assert (await see(body)).status == 204
    assert told() == []


@pytest.mark.parametrize("body", [{"path": "/", "lcp": -1}, {"path": "/", "lcp": 1e9}, {"lcp": 5}, [1], "x" * 3000])
async def test_what_no_page_of_ours_tells_is_refused(visitor, told, body):
    await visitor.get("/")
    told()

    with pytest.raises((BadRequest, TooLarge)):
        await see(body)

    assert told() == []


async def test_another_sites_page_tells_nothing(visitor, told):
    with pytest.raises(CrossSite):
        await see({"path": "/"}, **{"sec-fetch-site": "cross-site"})

    assert told() == []


async def test_the_time_of_making_and_of_answering_is_noted(visitor, told):
    await visitor.get("/p/sencha")
    await visitor.get("/p/none")

    assert set(figures(told())) == {("tea", "product", "render"), ("tea", "product", "answer")}


def test_the_script_tells_of_as_many_visits_as_are_counted():
    assert f"const EVERY = {EVERY};" in (ROOT / "sites/static/shop/js/seen.js").read_text()


async def test_what_was_counted_waits_for_central_on_the_disk(visitor, told):
    await visitor.get("/p/sencha")

    await speeds.speed.tell(all_=True)

    rows = await reader.run(lambda: list(Outgoing.objects.filter(kind="speed").values_list("body", flat=True)))
    [queued] = [unpack(bytes(body), SpeedTold) for body in rows]
    assert {(one.kind, one.measure) for one in queued.figures} == {("product", "render"), ("product", "answer")}
