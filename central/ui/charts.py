"""A line over time as SVG, drawn at the server: colours are the style sheet's, words are the page's.

    chart([Series(_("Three in four"), points)], title=_("Largest paint"), value=lambda ms: f"{ms:.0f} ms", ...)

Where there is no value the line breaks. Whoever cannot see it reads the table the caller puts beside it, or its label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH: Final = 640
HEIGHT: Final = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 24


@dataclass(frozen=True)
class Series:
    """A line: its values at equal distances, None where there are none."""

    title: str
    values: Sequence[float | None]


def chart(
    series: Sequence[Series], *, title: str, value: Callable[[float], str], marks: Sequence[tuple[int, str]] = ()
) -> SafeString:
    """`value` words a number of the axis; `marks`: (index, words) along the bottom."""
    top = _rounded(max((each for one in series for each in one.values if each is not None), default=0))
    count = max((len(one.values) for one in series), default=0)
    grid = format_html_join("", _GRID, [(_y(at, top), value(at)) for at in (0, top / 2, top)] if top else [])
    lines = format_html_join("", _PATH, [(n, _path(one.values, top)) for n, one in enumerate(series, 1)])
    under = format_html_join("", _MARK, [(_x(index, count), words) for index, words in marks])
    return format_html(_SVG, title=title, width=WIDTH, height=HEIGHT, grid=grid, lines=lines, under=under)


_SVG: Final = (
    '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{title}"><title>{title}</title>'
    "{grid}{lines}{under}</svg>"
)
_GRID: Final = (
    f'<line class="chart-grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{{0}}" y2="{{0}}"/>'
    f'<text class="chart-text" x="{_LEFT - 6}" y="{{0}}" dy="4" text-anchor="end">{{1}}</text>'
)
_PATH: Final = '<path class="chart-line chart-line-{}" d="{}"/>'
_MARK: Final = f'<text class="chart-text" x="{{}}" y="{HEIGHT - 6}" text-anchor="middle">{{}}</text>'


def _path(values: Sequence[float | None], top: float) -> str:
    """One that stands alone is drawn as a dot: a line of no length with round ends."""
    parts, is_down = [], False
    for index, value in enumerate(values):
        if value is not None and top:
            place = f"{_x(index, len(values))} {_y(value, top)}"
            is_alone = not is_down and (index + 1 == len(values) or values[index + 1] is None)
            parts.append(f"M{place}h0" if is_alone else f"L{place}" if is_down else f"M{place}")
        is_down = value is not None
    return "".join(parts)


def _x(index: int, count: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * index / max(1, count - 1), 1)


def _y(value: float, top: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - min(value, top) / top), 1)


def _rounded(most: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, … above."""
    if most <= 0:
        return 0.0
    size = 10.0 ** (len(str(int(most))) - 1) if most >= 1 else 1.0
    return next(size * times for times in (1, 2, 5, 10) if size * times >= most)
