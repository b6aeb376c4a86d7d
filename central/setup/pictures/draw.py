"""Shapes: a thing turned on a wheel, light from the left, a shadow on the table; all on an 800 × 800 sheet."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterable, Sequence
from random import Random

Point = tuple[float, float]

#: where things stand
FLOOR = 622.0
MIDDLE = 400.0


def n(value: float) -> str:
    """A number as short as a picture needs it."""
    return f"{round(value, 1):g}"


# --- colours ------------------------------------------------------------------------------------------------------


def _hls(colour: str) -> tuple[float, float, float]:
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(r, g, b)


def _hex(hue: float, light: float, saturation: float) -> str:
    r, g, b = colorsys.hls_to_rgb(hue % 1, min(1, max(0, light)), min(1, max(0, saturation)))
    return f"#{round(r * 255):02x}{round(g * 255):02x}{round(b * 255):02x}"


def lighter(colour: str, by: float) -> str:
    """`by` from -1 (black) to 1 (white)."""
    hue, light, saturation = _hls(colour)
    light = light + (1 - light) * by if by > 0 else light * (1 + by)
    return _hex(hue, light, saturation)


def mixed(one: str, other: str, share: float) -> str:
    """`share` of the other."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


# --- the sheet ----------------------------------------------------------------------------------------------------


class Sheet:
    """Collects definitions and shapes; hands out ids."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)  # noqa: S311 - a picture, not a secret
        self.defs: list[str] = []
        self.body: list[str] = []
        self._gradients: dict[str, str] = {}

    def add(self, *shapes: str) -> None:
        self.body.extend(shapes)

    def define(self, markup: str) -> str:
        """A definition with `{id}` in it; equal ones are one. Returns the id."""
        if markup not in self._gradients:
            self._gradients[markup] = f"d{len(self._gradients)}"
            self.defs.append(markup.replace("{id}", self._gradients[markup]))
        return self._gradients[markup]

    def across(self, *stops: tuple[float, str, float]) -> str:
        """A gradient from left to right of (offset, colour, opacity); returns `url(#…)`."""
        return self._linear("0", "0", "1", "0", stops)

    def down(self, *stops: tuple[float, str, float]) -> str:
        return self._linear("0", "0", "0", "1", stops)

    def slant(self, *stops: tuple[float, str, float]) -> str:
        return self._linear("0", "0", "1", "1", stops)

    def _linear(self, x1: str, y1: str, x2: str, y2: str, stops: Iterable[tuple[float, str, float]]) -> str:
        inner = "".join(_stop(*stop) for stop in stops)
        ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
        return self._use(f'<linearGradient id="{{id}}" {ends}>{inner}</linearGradient>')

    def radial(self, cx: float, cy: float, r: float, *stops: tuple[float, str, float]) -> str:
        inner = "".join(_stop(*stop) for stop in stops)
        return self._use(f'<radialGradient id="{{id}}" cx="{cx:g}" cy="{cy:g}" r="{r:g}">{inner}</radialGradient>')

    def clip(self, path: str) -> str:
        return self._use(f'<clipPath id="{{id}}"><path d="{path}"/></clipPath>')

    def blur(self, by: float) -> str:
        box = 'x="-40%" y="-40%" width="180%" height="180%"'
        return self._use(f'<filter id="{{id}}" {box}><feGaussianBlur stdDeviation="{by:g}"/></filter>')

    def _use(self, markup: str) -> str:
        return f"url(#{self.define(markup)})"

    def svg(self, title: str) -> bytes:
        head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800">'
        name = title.replace("&", "&amp;").replace("<", "&lt;")
        return f"{head}<title>{name}</title><defs>{''.join(self.defs)}</defs>{''.join(self.body)}</svg>".encode()


def _stop(offset: float, colour: str, opacity: float) -> str:
    see_through = "" if opacity == 1 else f' stop-opacity="{opacity:g}"'
    return f'<stop offset="{offset:g}" stop-color="{colour}"{see_through}/>'


# --- plain shapes -------------------------------------------------------------------------------------------------


def path(d: str, fill: str = "none", **more: object) -> str:
    return f'<path d="{d}" fill="{fill}"{_attributes(more)}/>'


def ellipse(cx: float, cy: float, rx: float, ry: float, fill: str, **more: object) -> str:
    return f'<ellipse cx="{n(cx)}" cy="{n(cy)}" rx="{n(rx)}" ry="{n(ry)}" fill="{fill}"{_attributes(more)}/>'


def circle(cx: float, cy: float, r: float, fill: str, **more: object) -> str:
    return f'<circle cx="{n(cx)}" cy="{n(cy)}" r="{n(r)}" fill="{fill}"{_attributes(more)}/>'


def rect(x: float, y: float, width: float, height: float, fill: str, r: float = 0, **more: object) -> str:
    round_ = f' rx="{n(r)}"' if r else ""
    size = f'width="{n(width)}" height="{n(height)}"'
    return f'<rect x="{n(x)}" y="{n(y)}" {size}{round_} fill="{fill}"{_attributes(more)}/>'


def line(points: Sequence[Point], stroke: str, width: float, **more: object) -> str:
    more = {"stroke": stroke, "stroke_width": n(width), "stroke_linecap": "round", "stroke_linejoin": "round", **more}
    return path("M" + " L".join(f"{n(x)} {n(y)}" for x, y in points), **more)  # type: ignore[arg-type]


def curve(d: str, stroke: str, width: float, **more: object) -> str:
    more = {"stroke": stroke, "stroke_width": n(width), "stroke_linecap": "round", **more}
    return path(d, **more)  # type: ignore[arg-type]


def group(shapes: Iterable[str], **more: object) -> str:
    return f"<g{_attributes(more)}>{''.join(shapes)}</g>"


def turned(shapes: Iterable[str], degrees: float, x: float = MIDDLE, y: float = MIDDLE) -> str:
    return group(shapes, transform=f"rotate({n(degrees)} {n(x)} {n(y)})")


def text(x: float, y: float, words: str, size: float, fill: str, **more: object) -> str:
    more = {"text_anchor": "middle", "font_family": "Georgia, 'Times New Roman', serif", **more}
    return f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}" fill="{fill}"{_attributes(more)}>{words}</text>'


def _attributes(more: dict[str, object]) -> str:
    return "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items() if value not in (None, ""))


def smooth(points: Sequence[Point], *, tension: float = 6) -> str:
    """A Catmull-Rom curve through the points, as bezier commands that follow an M to the first."""
    parts = []
    for i in range(len(points) - 1):
        before, here, there, after = (
            points[max(0, i - 1)],
            points[i],
            points[i + 1],
            points[min(len(points) - 1, i + 2)],
        )
        c1 = (here[0] + (there[0] - before[0]) / tension, here[1] + (there[1] - before[1]) / tension)
        c2 = (there[0] - (after[0] - here[0]) / tension, there[1] - (after[1] - here[1]) / tension)
        parts.append("C" + " ".join(f"{n(x)} {n(y)}" for x, y in (c1, c2, there)))
    return "".join(parts)


# --- turned on a wheel --------------------------------------------------------------------------------------------

#: how far one looks down on a round thing: its rim is an ellipse this flat
FLAT = 0.19


def outline(profile: Sequence[Point], cx: float = MIDDLE, *, is_open: bool = True) -> str:
    """The silhouette of a turned thing. `profile`: (radius, y) from the top to the foot."""
    right = [(cx + r, y) for r, y in profile]
    left = [(cx - r, y) for r, y in reversed(profile)]
    top, foot = profile[0], profile[-1]
    bottom = f"A{n(foot[0])} {n(foot[0] * FLAT)} 0 0 1 {n(cx - foot[0])} {n(foot[1])}"
    lid = f"A{n(top[0])} {n(top[0] * FLAT)} 0 0 {1 if is_open else 0} {n(cx + top[0])} {n(top[1])}"
    start = f"M{n(right[0][0])} {n(right[0][1])}"
    return f"{start}{smooth(right)}{bottom}{smooth(left)}{lid}Z"


def turned_body(sheet: Sheet, profile: Sequence[Point], colour: str, cx: float = MIDDLE, *, gloss: float = 0.5) -> str:
    """A turned thing with the light on its left, whole; returns its outline, to clip more onto it."""
    shape = outline(profile, cx)
    sheet.add(path(shape, colour), *shading(sheet, shape, gloss))
    return shape


def shading(sheet: Sheet, shape: str, gloss: float = 0.5) -> list[str]:
    """What makes a flat silhouette round: dusk to the right, a soft gleam on the left, a darker foot."""
    white, black = "#ffffff", "#1d1410"
    round_ = sheet.across(
        (0, black, 0.16), (0.12, white, 0.02), (0.3, white, 0.10 + gloss * 0.32), (0.48, white, 0.02),
        (0.75, black, 0.12), (1, black, 0.36),
    )  # fmt: skip
    low = sheet.down((0, white, 0.06), (0.6, black, 0), (1, black, 0.2))
    return [path(shape, round_), path(shape, low)]


def mouth(
    sheet: Sheet, r: float, y: float, colour: str, cx: float = MIDDLE, *, liquid: str = "", lip: float = 7
) -> None:
    """The open rim of a turned thing, and what stands in it."""
    ry = r * FLAT
    sheet.add(ellipse(cx, y, r, ry, lighter(colour, 0.22)))
    inner = sheet.down((0, lighter(colour, -0.55), 1), (1, lighter(colour, -0.18), 1))
    sheet.add(ellipse(cx, y + 1.5, r - lip, ry - lip * 0.42, inner))
    if liquid:
        r2, y2 = (r - lip) * 0.93, y + ry * 0.3
        clip = sheet.clip(oval(cx, y + 1.5, r - lip, ry - lip * 0.42))
        shine = sheet.radial(
            0.38, 0.3, 0.8, (0, lighter(liquid, 0.3), 1), (0.6, liquid, 1), (1, lighter(liquid, -0.25), 1)
        )
        sheet.add(group([ellipse(cx, y2, r2, r2 * FLAT, shine)], clip_path=clip))


def oval(cx: float, cy: float, rx: float, ry: float) -> str:
    arc = f"A{n(rx)} {n(ry)} 0 1 1"
    return f"M{n(cx - rx)} {n(cy)}{arc} {n(cx + rx)} {n(cy)}{arc} {n(cx - rx)} {n(cy)}Z"


def dip(sheet: Sheet, shape: str, colour: str, top: float, edge: float, *, upwards: bool = False) -> None:
    """Glaze over a turned thing from `top` to a hand-dipped, wavy `edge`."""
    waves = [(140 + step * 65, edge + sheet.random.uniform(-13, 13)) for step in range(9)]
    d = f"M140 {n(top)}L140 {n(waves[0][1])}{smooth(waves)}L660 {n(top)}Z"
    rim = curve(f"M140 {n(waves[0][1])}{smooth(waves)}", lighter(colour, -0.3), 5, opacity="0.35")
    sheet.add(group([path(d, colour), rim if not upwards else ""], clip_path=sheet.clip(shape)))
    sheet.add(*shading(sheet, shape, 0.55))


def speckled(sheet: Sheet, shape: str, colour: str, box: tuple[float, float, float, float], count: int) -> None:
    """Iron specks in the clay. `box`: left, top, right, bottom."""
    dots = []
    for _ in range(count):
        x, y = sheet.random.uniform(box[0], box[2]), sheet.random.uniform(box[1], box[3])
        dots.append(circle(x, y, sheet.random.choice((1.4, 1.8, 2.4, 3.2)), colour))
    sheet.add(group(dots, clip_path=sheet.clip(shape), opacity="0.45"))


def shadow(sheet: Sheet, rx: float, *, cx: float = MIDDLE, y: float = FLOOR, strength: float = 0.3) -> None:
    """A soft shadow that falls to the right of a thing that stands at `y`."""
    soft, tight = sheet.blur(16), sheet.blur(6)
    sheet.add(
        ellipse(
            cx + rx * 0.32, y + 6, rx * 1.25, max(14.0, rx * 0.2), "#2a1c12", opacity=n(strength * 0.75), filter=soft
        ),
        ellipse(cx + 6, y + 2, rx * 1.02, max(8.0, rx * 0.13), "#2a1c12", opacity=f"{strength:.2f}", filter=tight),
    )


def leaf(x: float, y: float, length: float, width: float, degrees: float, colour: str, *, vein: bool = True) -> str:
    """A leaf that grows from (x, y) in a direction, 0 = right, -90 = up."""
    half = width / 2
    d = f"M0 0C{n(length * 0.25)} {n(-half * 1.3)} {n(length * 0.7)} {n(-half)} {n(length)} 0"
    d += f"C{n(length * 0.7)} {n(half)} {n(length * 0.25)} {n(half * 1.3)} 0 0Z"
    shapes = [path(d, colour)]
    if vein:
        lower = f"M0 0C{n(length * 0.25)} {n(half * 1.3)} {n(length * 0.7)} {n(half)} {n(length)} 0Z"
        shapes.append(path(lower, lighter(colour, -0.22), opacity="0.55"))
        shapes.append(curve(f"M2 0L{n(length * 0.92)} 0", lighter(colour, 0.3), max(1.2, width * 0.045), opacity="0.7"))
    return group(shapes, transform=f"translate({n(x)} {n(y)}) rotate({n(degrees)})")


def around(count: int, start: float = 0) -> list[float]:
    """Angles in degrees, evenly round a circle."""
    return [start + 360 / count * step for step in range(count)]


def at(cx: float, cy: float, r: float, degrees: float, flat: float = 1) -> Point:
    angle = math.radians(degrees)
    return cx + r * math.cos(angle), cy + r * math.sin(angle) * flat
