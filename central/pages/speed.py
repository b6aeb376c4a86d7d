"""How fast pages are, over time: five minutes are kept two days, hours two months, days two years. Realm `stats`.

What a node tells is added to the five minutes, the hour and the day it belongs to; counts by steps add up, so every
span has its percentiles. What is slow is found against the same hour of the days before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from statistics import median
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from central.pages.models import Slowdown, SpeedSpan
from node import sql
from node.realms import STATS, alias_of, atomic
from sync.contracts.speed import Measure, SpeedFigure, percentile

Span = SpeedSpan.Span
LENGTHS: Final = {Span.MINUTES: timedelta(minutes=5), Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1)}
KEPT: Final = {Span.MINUTES: timedelta(days=2), Span.HOUR: timedelta(days=62), Span.DAY: timedelta(days=730)}
#: what is shown and compared: three visits in four are at least so fast
SHARE: Final = 0.75

#: a span says something of its own with so many figures; the usual takes so many days
LEAST: Final = 20
LEAST_DAYS: Final = 3
DAYS: Final = 14
#: slow is so many times the usual, and so much more: a step of the counting alone is a fifth
TIMES: Final = 1.5
MORE: Final[dict[Measure, float]] = {"render": 20, "answer": 20, "ttfb": 100, "lcp": 300, "cls": 50}


def wait_turn(sites: Collection[str]) -> None:
    """Two nodes that tell of one site add to the same rows; inside the caller's `atomic("stats")`."""
    keys = (blake2b(f"speed:{site}".encode(), digest_size=8).digest() for site in sites)
    sql.wait_turn(alias_of(STATS), sorted(int.from_bytes(key, signed=True) for key in keys))


def take_in(at: datetime, figures: Iterable[SpeedFigure]) -> None:
    """Add what a node tells of the five minutes from `at` on. Inside the caller's `atomic("stats")`."""
    for figure in figures:
        for span in Span:
            _add(figure, Span(span), start_of(Span(span), at))


def _add(figure: SpeedFigure, span: Span, at: datetime) -> None:
    row, _made = SpeedSpan.objects.get_or_create(
        site=figure.site, kind=figure.kind, measure=figure.measure, span=span, at=at
    )
    counts = row.steps + Counter(dict(figure.counts))
    row.counts = {str(step): times for step, times in sorted(counts.items())}
    row.total = counts.total()
    row.save(update_fields=["counts", "total"])


def start_of(span: Span, moment: datetime) -> datetime:
    """When the span began that a moment lies in; days are of UTC."""
    length = LENGTHS[span].total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // length * length, UTC)


def forget_old(now: datetime | None = None) -> None:
    now = now or timezone.now()
    with atomic(STATS):
        for span, kept in KEPT.items():
            SpeedSpan.objects.filter(span=span, at__lt=now - kept).delete()


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A span of a line: `value` None where there are no figures."""

    at: datetime
    value: float | None


def line(site: str, kind: str, measure: str, span: Span, since: datetime, now: datetime) -> list[Point]:
    """The percentile `SHARE` of each span from `since` on; `kind` "" for all pages together."""
    rows = SpeedSpan.objects.filter(site=site, measure=measure, span=span, at__gte=since)
    rows = rows.filter(kind=kind) if kind else rows
    merged: dict[datetime, Counter[int]] = {}
    for row in rows:
        merged.setdefault(row.at, Counter()).update(row.steps)
    points, at = [], start_of(span, since)
    while at <= now:
        points.append(Point(at, percentile(merged[at], SHARE) if at in merged else None))
        at += LENGTHS[span]
    return points


def over(site: str, kind: str, measure: str, since: datetime, span: Span) -> Counter[int]:
    """The counts of all spans from `since` on, together."""
    rows = SpeedSpan.objects.filter(site=site, measure=measure, span=span, at__gte=since)
    found: Counter[int] = Counter()
    for row in rows.filter(kind=kind) if kind else rows:
        found.update(row.steps)
    return found


# --- what is slow --------------------------------------------------------------------------------------------------


def find_slow(now: datetime | None = None) -> list[Slowdown]:
    """Compare the last hour with the same hours of the days before, and keep what is slow. Each five minutes."""
    now = now or timezone.now()
    recent = SpeedSpan.objects.filter(span=Span.MINUTES, at__gte=now - timedelta(hours=1), at__lte=now)
    together: dict[tuple[str, str, str], Counter[int]] = {}
    for row in recent:
        together.setdefault((row.site, row.kind, row.measure), Counter()).update(row.steps)
    with atomic(STATS):
        known = {(one.site, one.kind, one.measure): one for one in Slowdown.objects.select_for_update()}
        found = []
        for key, counts in together.items():
            usual = usual_of(*key, now) if counts.total() >= LEAST else None
            value = percentile(counts, SHARE)
            if usual is not None and value is not None and is_slow(key[2], value, usual):
                slow = known.pop(key, None) or Slowdown(site=key[0], kind=key[1], measure=key[2], since=now)
                slow.value, slow.usual = value, usual
                slow.save()
                found.append(slow)
        Slowdown.objects.filter(pk__in=[one.pk for one in known.values()]).delete()
    return found


def is_slow(measure: str, value: float, usual: float) -> bool:
    return value > usual * TIMES and value > usual + MORE[measure]  # type: ignore[index]


def usual_of(site: str, kind: str, measure: str, now: datetime) -> float | None:
    """The middle of what this hour showed on the days before; None when too little is known."""
    hour = start_of(Span.HOUR, now - timedelta(minutes=30))
    hours = [hour - timedelta(days=days) for days in range(1, DAYS + 1)]
    rows = SpeedSpan.objects.filter(site=site, kind=kind, measure=measure, span=Span.HOUR, at__in=hours)
    values = [percentile(row.steps, SHARE) for row in rows if row.total >= LEAST]
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= LEAST_DAYS else None


def slow_of(sites: QuerySet[Slowdown]) -> Sequence[Slowdown]:
    """The worst first."""
    return sorted(sites, key=lambda one: one.usual / one.value)
