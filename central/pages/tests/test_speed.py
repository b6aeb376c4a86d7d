"""Figures of speed: added up by spans, compared with the usual, shown as lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central.pages import speed
from central.pages.models import Slowdown, SpeedSpan
from central.pages.speed import Span
from central.pages.tests.conftest import REALMS, PretendNode
from central.ui.charts import Series, chart
from central.ui.tests import cast
from node.realms import STATS, atomic
from sync.contracts.speed import Measure, SpeedFigure, percentile, step_of

pytestmark = pytest.mark.django_db(databases=REALMS)
NOW = datetime(2026, 11, 26, 14, 40, tzinfo=UTC)


def tell(at: datetime, value: float, times: int = 30, *, measure: Measure = "lcp", site: str = "tea") -> None:
    figure = SpeedFigure(site=site, kind="product", measure=measure, counts=[(step_of(value), times)])
    with atomic(STATS):
        speed.take_in(at, [figure])


def usual(value: float, days: int = 5) -> None:
    for day in range(1, days + 1):
        tell(NOW - timedelta(days=day), value)


def slow() -> list[tuple[str, str, str]]:
    return list(Slowdown.objects.values_list("site", "kind", "measure"))


def test_what_is_told_is_added_to_its_five_minutes_hour_and_day() -> None:
    tell(NOW, 100, 3)
    tell(NOW, 900, 1)
    tell(NOW + timedelta(minutes=5), 100, 2)

    spans = {(row.span, row.at): row.total for row in SpeedSpan.objects.all()}

    assert spans == {
        ("m", NOW): 4,
        ("m", NOW + timedelta(minutes=5)): 2,
        ("h", NOW.replace(minute=0)): 6,
        ("d", NOW.replace(hour=0, minute=0)): 6,
    }
    assert percentile(speed.over("tea", "", "lcp", NOW, Span.MINUTES), 0.75) == pytest.approx(100, rel=0.11)


def test_a_line_breaks_where_nothing_was_told() -> None:
    tell(NOW, 100)
    tell(NOW + timedelta(minutes=10), 200)

    points = speed.line("tea", "product", "lcp", Span.MINUTES, NOW, NOW + timedelta(minutes=10))

    assert [point.value is None for point in points] == [False, True, False]


def test_slower_than_the_same_hour_of_other_days_is_found_and_its_end_too() -> None:
    usual(1_000)
    tell(NOW - timedelta(minutes=10), 2_000)

    speed.find_slow(NOW)

    assert slow() == [("tea", "product", "lcp")]
    since = Slowdown.objects.get().since

    speed.find_slow(NOW + timedelta(minutes=5))
    assert Slowdown.objects.get().since == since

    speed.find_slow(NOW + timedelta(minutes=90))
    assert slow() == []


@pytest.mark.parametrize(
    ("before", "days", "now", "times"),
    [
        (1_000, 5, 1_300, 30),  # not so much slower
        (100, 5, 300, 30),  # slower, and fast all the same
        (1_000, 2, 5_000, 30),  # nobody knows yet what is usual
        (1_000, 5, 5_000, 5),  # a few visits say nothing
    ],
)
def test_what_is_no_slow_down(before: float, days: int, now: float, times: int) -> None:
    usual(before, days)
    tell(NOW - timedelta(minutes=10), now, times)

    speed.find_slow(NOW)

    assert slow() == []


def test_old_spans_are_forgotten() -> None:
    tell(NOW - timedelta(days=3), 100)

    speed.forget_old(NOW)

    assert {row.span for row in SpeedSpan.objects.all()} == {"h", "d"}


def test_the_screen_shows_lines_of_the_sites_one_may_see(node: PretendNode) -> None:
    now = datetime.now(UTC)
    tell(now, 1_500)
    tell(now, 90_000, site="toys")
    Slowdown.objects.create(site="toys", kind="home", measure="lcp", value=9, usual=1, since=now)
    client: Any = cast.signed_in(cast.staff("mia", "manager", sites=["tea"]))

    shown = client.get("/speed?site=toys&span=week").content.decode()

    assert "1.6 s" in shown
    assert "90" not in shown.split('data-measure="lcp"')[1].split("</section>")[0]
    assert "Slower than usual" not in shown
    assert 'class="chart-line chart-line-1"' in shown
    assert "No figures yet" in client.get("/speed?kind=about").content.decode()


def test_a_chart_leaves_gaps_and_draws_a_lone_point() -> None:
    drawn = chart([Series("a", [1, 2, None, 4])], title="<b>", value=lambda n: f"{n:g} ms", marks=[(0, "10:00")])

    assert drawn.count("M") == 2
    assert "h0" in drawn
    assert "<b>" not in drawn
    assert "5 ms" in drawn
    assert "10:00" in drawn
