"""Two weeks of figures of speed for the demo's shops: by day and night, with a slow hour that has just begun."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from django.utils import timezone

from central.pages.models import SpeedSpan
from central.pages.speed import LENGTHS, Span, find_slow, start_of
from node.realms import STATS, atomic
from sync.contracts.speed import MEASURES, Measure, step_of

#: measure -> its middle on a page of goods (ms, thousandths for the shift)
_MIDDLE: Final[dict[Measure, float]] = {"render": 11, "answer": 1.6, "ttfb": 85, "lcp": 780, "cls": 9}
#: kind of page -> how heavy it is, and how many visits of an hour see one
_KINDS: Final = {"home": (1.3, 30), "category": (1.1, 40), "product": (1.0, 70)}
_SITES: Final = {"tea": 1.0, "clay": 1.15, "ink": 0.9}
#: site, kind, measure that have become slow in the last hour
_SLOW: Final = ("clay", "product", "lcp")
_WEEKS: Final = 2


def fill_speed(now: datetime | None = None) -> None:
    """Call once, when the shops are there."""
    now, chance = now or timezone.now(), random.Random(8)  # noqa: S311
    rows = [*_rows(Span.HOUR, now, timedelta(weeks=_WEEKS), chance), *_rows(Span.DAY, now, timedelta(days=60), chance)]
    rows += _rows(Span.MINUTES, now, timedelta(days=1), chance)
    with atomic(STATS):
        SpeedSpan.objects.bulk_create(rows, batch_size=2000)
    find_slow(now)


def _rows(span: Span, now: datetime, length: timedelta, chance: random.Random) -> list[SpeedSpan]:
    rows = []
    at = start_of(span, now - length)
    while at + LENGTHS[span] <= now:
        rows += [_row(*key, span, at, now, chance) for key in product(_SITES, _KINDS, MEASURES)]
        at += LENGTHS[span]
    return rows


def _row(
    site: str, kind: str, measure: Measure, span: Span, at: datetime, now: datetime, chance: random.Random
) -> SpeedSpan:
    heavy, visits = _KINDS[kind]
    hours = LENGTHS[span] / timedelta(hours=1)
    busy = 1.0 if span == Span.DAY else 0.65 + 0.5 * math.sin((at.hour - 9) / 24 * 2 * math.pi)
    middle = _MIDDLE[measure] * heavy * _SITES[site] * (0.9 + 0.25 * busy)
    if (site, kind, measure) == _SLOW and now - at < timedelta(minutes=70):
        middle *= 2.4
    times = max(3, round(visits * hours * busy))
    values = [middle * math.exp(chance.gauss(0, 0.35)) for _ in range(min(times, 12))]
    counts = Counter(step_of(value) for value in values)
    each = max(1, times // len(values))
    told = {str(step): count * each for step, count in sorted(counts.items())}
    return SpeedSpan(site=site, kind=kind, measure=measure, span=span, at=at, counts=told, total=sum(told.values()))
