"""How fast pages are made, answered and seen, as an edge tells of five minutes at once. Op `speed` of realm `stats`.

Each figure is counted into steps that grow by a fifth, so that counts of nodes and hours add up and percentiles of any
span can be read off, a tenth right. Measures are ms; `cls`, the shift of a layout, is counted in thousandths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

#: made by the maker or for a visitor; answered by the edge; as browsers tell: first byte, largest paint, layout shift
Measure = Literal["render", "answer", "ttfb", "lcp", "cls"]
MEASURES: Final[tuple[Measure, ...]] = ("render", "answer", "ttfb", "lcp", "cls")
#: kinds of pages, as `sites.urls.Address`
KINDS: Final = ("home", "about", "category", "product", "other")

WINDOW_S: Final = 300
_GROWTH: Final = 1.2
STEPS: Final = 66  # up to 130 s
MOST_FIGURES: Final = 2_000


class SpeedFigure(Struct, frozen=True, kw_only=True):
    """`counts`: (step, how often), the steps rising, each once."""

    site: str
    kind: str
    measure: Measure
    counts: list[tuple[int, int]]


class SpeedTold(Struct, frozen=True, kw_only=True):
    """`at`: when the five minutes began, s since 1970, a multiple of `WINDOW_S`. Told once for each node."""

    at: int
    figures: list[SpeedFigure]


def step_of(value: float) -> int:
    """The step a value is counted in; 0 holds all up to 1."""
    return 0 if value <= 1 else min(STEPS, math.ceil(math.log(value) / math.log(_GROWTH)))


def value_of(step: int) -> float:
    """What stands for a step: its middle."""
    return 1.0 if step == 0 else _GROWTH ** (step - 0.5)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The value that `share` (0 to 1) of all are at most; None of nothing."""
    total = sum(counts.values())
    seen = 0
    for step in sorted(counts):
        seen += counts[step]
        if total and seen >= share * total:
            return value_of(step)
    return None
