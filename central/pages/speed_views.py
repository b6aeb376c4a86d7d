"""The screen of speed: how long pages take to be made, answered and seen, over time and against the usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from central.pages import speed
from central.pages.lists import SEE
from central.pages.models import Slowdown
from central.pages.speed import Span
from central.pages.views import sites_of
from central.pages.words import KINDS, MEASURES, SPANS, figure_in_words
from central.ui.charts import Series, chart
from central.ui.screens import StaffRequest, screen
from sync.contracts.speed import percentile

#: word in the address -> (what one point is, how far back)
_SPANS: Final = {
    "day": (Span.MINUTES, timedelta(days=1)),
    "week": (Span.HOUR, timedelta(days=7)),
    "quarter": (Span.DAY, timedelta(days=90)),
}


@dataclass(frozen=True)
class Shown:
    """A measure with its chart. `now`: of the span shown; `usual`: of the span of that length before it."""

    measure: str
    title: str
    note: str
    now: str
    usual: str
    count: int
    drawing: SafeString | None


@screen(SEE)
def overview(request: StaffRequest) -> HttpResponse:
    sites = sites_of(request)
    site = next((one for one in sites if one.pk == request.GET.get("site")), sites[0] if sites else None)
    word = request.GET.get("span", "")
    word = word if word in _SPANS else "day"
    kind = request.GET.get("kind", "") if request.GET.get("kind") in KINDS else ""
    now = timezone.now()
    context: dict[str, Any] = {"sites": sites, "site": site, "kinds": KINDS, "spans": SPANS, "span": word, "kind": kind}
    if site is not None:
        context["slow"] = [_slow(one) for one in speed.slow_of(Slowdown.objects.filter(site=site.pk))]
        context["shown"] = [_shown(site.pk, kind, measure, word, now) for measure in MEASURES]
        context["is_empty"] = not any(one.count for one in context["shown"])
    return render(request, "pages/speed.html", context)


def _shown(site: str, kind: str, measure: str, word: str, now: datetime) -> Shown:
    span, length = _SPANS[word]
    points = speed.line(site, kind, measure, span, now - length, now)
    counts = speed.over(site, kind, measure, now - length, span)
    before = speed.over(site, kind, measure, now - 2 * length, span) - counts
    value, usual = percentile(counts, speed.SHARE), percentile(before, speed.SHARE)
    title, note = MEASURES[measure]
    words: Callable[[float], str] = lambda number: figure_in_words(measure, number)  # noqa: E731
    drawing = None
    if counts:
        line = Series(str(title), [point.value for point in points])
        drawing = chart([line], title=str(title), value=words, marks=_marks(points, word))
    return Shown(
        measure=measure,
        title=str(title),
        note=str(note),
        now=words(value) if value is not None else "—",
        usual=words(usual) if usual is not None else "—",
        count=counts.total(),
        drawing=drawing,
    )


def _marks(points: list[speed.Point], word: str) -> list[tuple[int, str]]:
    form = "H:i" if word == "day" else "j M"
    step = max(1, len(points) // 5)
    at = range(step // 2, len(points), step)
    return [(index, date_format(timezone.localtime(points[index].at), form)) for index in at]


def _slow(one: Slowdown) -> dict[str, Any]:
    return {
        "kind": KINDS.get(one.kind, one.kind),
        "measure": MEASURES[one.measure][0] if one.measure in MEASURES else one.measure,
        "value": figure_in_words(one.measure, one.value),
        "usual": figure_in_words(one.measure, one.usual),
        "since": one.since,
        "url": f"?site={one.site}&kind={one.kind}",
    }
