# ruff: noqa: E501 - a path is one line
"""Tea, herbs and what they come in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from central.setup.pictures.draw import (
    FLAT,
    FLOOR,
    MIDDLE,
    Sheet,
    around,
    at,
    circle,
    curve,
    ellipse,
    group,
    leaf,
    lighter,
    line,
    mixed,
    mouth,
    n,
    outline,
    oval,
    path,
    rect,
    shading,
    shadow,
    turned,
    turned_body,
)  # fmt: skip

if TYPE_CHECKING:
    from central.setup.pictures.scene import Palette


def _emblem(sheet: Sheet, x: float, y: float, size: float, colour: str) -> list[str]:
    """A mark for a label: leaves, a sun or a hill, as chance has it."""
    kind = sheet.random.randrange(4)
    if kind == 0:
        return [leaf(x, y + size * 0.5, size * 1.1, size * 0.5, degrees, colour) for degrees in (-90, -140, -40)]
    if kind == 1:
        rays = [line([at(x, y, size * 0.42, a), at(x, y, size * 0.62, a)], colour, 3.5) for a in around(12)]
        return [circle(x, y, size * 0.3, colour), *rays]
    if kind == 2:
        hill = f"M{n(x - size * 0.7)} {n(y + size * 0.4)}L{n(x - size * 0.15)} {n(y - size * 0.45)}L{n(x + size * 0.1)} {n(y)}"
        hill += f"L{n(x + size * 0.32)} {n(y - size * 0.2)}L{n(x + size * 0.7)} {n(y + size * 0.4)}Z"
        return [path(hill, colour), circle(x + size * 0.42, y - size * 0.5, size * 0.14, colour)]
    petals = [leaf(x, y, size * 0.6, size * 0.32, degrees, colour, vein=False) for degrees in around(7, -90)]
    return [*petals, circle(x, y, size * 0.13, lighter(colour, 0.65))]


def _print(x: float, y: float, width: float, colour: str) -> list[str]:
    """Lines that stand for a label's print."""
    return [
        rect(x - width / 2, y, width, 7, colour, 3.5, opacity="0.85"),
        rect(x - width * 0.34, y + 17, width * 0.68, 4.5, colour, 2, opacity="0.55"),
        rect(x - width * 0.24, y + 28, width * 0.48, 4.5, colour, 2, opacity="0.55"),
    ]


def tin(sheet: Sheet, colours: Palette) -> None:
    """A round tin with a lid and a paper label."""
    r = 118 + sheet.random.randrange(-12, 13)
    top = 292 + sheet.random.randrange(-26, 27)
    shadow(sheet, r)
    body = outline([(r, top), (r, (top + FLOOR) / 2), (r, FLOOR)])
    sheet.add(path(body, colours.main))
    low, high = top + 96, FLOOR - 44
    label = f"M{n(MIDDLE - r)} {n(low)}A{n(r)} {n(r * FLAT)} 0 0 0 {n(MIDDLE + r)} {n(low)}V{n(high)}"
    label += f"A{n(r)} {n(r * FLAT)} 0 0 1 {n(MIDDLE - r)} {n(high)}Z"
    middle = (low + high) / 2 + r * FLAT
    sheet.add(path(label, colours.second))
    sheet.add(*_emblem(sheet, MIDDLE, middle - 28, 66, colours.accent), *_print(MIDDLE, middle + 34, 96, colours.main))
    for y in (low + 9, high - 9):
        arc = f"M{n(MIDDLE - r)} {n(y)}A{n(r)} {n(r * FLAT)} 0 0 0 {n(MIDDLE + r)} {n(y)}"
        sheet.add(curve(arc, colours.accent, 3, opacity="0.8"))
    sheet.add(*shading(sheet, body, 0.7))
    lid_r, lid_top = r + 5, top - 34
    lid = outline([(lid_r, lid_top), (lid_r, lid_top + 30), (lid_r, lid_top + 62)])
    sheet.add(path(lid, lighter(colours.main, -0.18)), *shading(sheet, lid, 0.8))
    shine = sheet.slant((0, lighter(colours.main, 0.42), 1), (1, lighter(colours.main, -0.05), 1))
    sheet.add(ellipse(MIDDLE, lid_top, lid_r, lid_r * FLAT, shine))
    sheet.add(ellipse(MIDDLE, lid_top, lid_r * 0.8, lid_r * 0.8 * FLAT, "none", stroke=lighter(colours.main, 0.5),
                      stroke_width="2", opacity="0.6"))  # fmt: skip


def caddy(sheet: Sheet, colours: Palette) -> None:
    """A square caddy, seen from a corner."""
    half, deep, top = 112, 34, 268 + sheet.random.randrange(-20, 21)
    shadow(sheet, half + 22)
    corner = MIDDLE + 26
    left, right = MIDDLE - half - 10, MIDDLE + half + 18
    front = f"M{n(left)} {n(top)}L{n(corner)} {n(top + deep)}V{n(FLOOR + 6)}L{n(left)} {n(FLOOR - 24)}Z"
    side = f"M{n(corner)} {n(top + deep)}L{n(right)} {n(top - 6)}V{n(FLOOR - 30)}L{n(corner)} {n(FLOOR + 6)}Z"
    lid = f"M{n(left)} {n(top)}L{n(corner - 62)} {n(top - 38)}L{n(right)} {n(top - 6)}L{n(corner)} {n(top + deep)}Z"
    sheet.add(path(front, sheet.across((0, lighter(colours.main, 0.28), 1), (1, colours.main, 1))))
    sheet.add(path(side, sheet.across((0, lighter(colours.main, -0.22), 1), (1, lighter(colours.main, -0.42), 1))))
    sheet.add(path(lid, sheet.slant((0, lighter(colours.main, 0.5), 1), (1, lighter(colours.main, 0.18), 1))))
    seam = [(left, top + 58), (corner, top + 58 + deep), (right, top + 52)]
    sheet.add(line(seam, lighter(colours.main, -0.5), 3, opacity="0.55"))
    label = f"M{n(left + 20)} {n(top + 106)}L{n(corner - 18)} {n(top + 106 + deep - 9)}V{n(FLOOR - 56)}"
    label += f"L{n(left + 20)} {n(FLOOR - 80)}Z"
    sheet.add(path(label, colours.second, opacity="0.96"))
    x, y = (left + corner) / 2, (top + FLOOR) / 2 + 12
    mark = [*_emblem(sheet, x, y - 14, 58, colours.accent), *_print(x, y + 42, 84, colours.main)]
    sheet.add(group(mark, transform=f"skewY(7) translate(0 {n(-x * math.tan(math.radians(7)))})"))


def pouch(sheet: Sheet, colours: Palette) -> None:
    """A paper pouch with a folded top, a label and a string."""
    wide, top = 132 + sheet.random.randrange(-10, 11), 236 + sheet.random.randrange(-20, 21)
    paper = mixed("#d9b98c", colours.wall, 0.15) if sheet.random.random() < 0.6 else colours.second
    shadow(sheet, wide)
    left, right = MIDDLE - wide, MIDDLE + wide
    body = f"M{n(left + 16)} {n(top)}L{n(right - 16)} {n(top)}C{n(right - 10)} {n(top + 120)} {n(right + 8)} {n(FLOOR - 150)} "
    body += f"{n(right)} {n(FLOOR - 8)}C{n(right - 60)} {n(FLOOR + 14)} {n(left + 60)} {n(FLOOR + 14)} {n(left)} {n(FLOOR - 8)}"
    body += f"C{n(left - 8)} {n(FLOOR - 150)} {n(left + 10)} {n(top + 120)} {n(left + 16)} {n(top)}Z"
    sheet.add(path(body, paper))
    sheet.add(
        path(
            f"M{n(left + 16)} {n(top)}L{n(MIDDLE - 30)} {n(FLOOR)}L{n(left)} {n(FLOOR - 8)}Z", "#ffffff", opacity="0.16"
        )
    )
    sheet.add(
        path(
            f"M{n(right - 16)} {n(top)}L{n(MIDDLE + 64)} {n(FLOOR + 6)}L{n(right)} {n(FLOOR - 8)}Z",
            "#3a2412",
            opacity="0.10",
        )
    )
    sheet.add(*shading(sheet, body, 0.15))
    fold = f"M{n(left + 12)} {n(top - 4)}H{n(right - 12)}L{n(right - 15)} {n(top + 52)}H{n(left + 15)}Z"
    sheet.add(
        path(fold, lighter(paper, 0.14)),
        path(f"M{n(left + 15)} {n(top + 52)}H{n(right - 15)}v9H{n(left + 15)}Z", "#2a1a0c", opacity="0.18"),
    )
    sheet.add(rect(left + 6, top + 22, wide * 2 - 12, 8, colours.accent, 4))
    x, y, w, h = MIDDLE - 78, top + 116, 156, 190
    sheet.add(rect(x + 3, y + 5, w, h, "#2a1a0c", 10, opacity="0.2"), rect(x, y, w, h, colours.main, 10))
    sheet.add(rect(x + 9, y + 9, w - 18, h - 18, "none", 6, stroke=lighter(colours.main, 0.55), stroke_width="2"))
    light = lighter(colours.main, 0.8)
    sheet.add(*_emblem(sheet, MIDDLE, y + 74, 62, light), *_print(MIDDLE, y + 132, 92, light))


def _loose(
    sheet: Sheet, colour: str, clip: str, cx: float, cy: float, rx: float, ry: float, count: int, size: float
) -> None:
    """A heap of dry leaves inside an ellipse, dark ones first."""
    shapes = []
    for step in range(count):
        angle, far = sheet.random.uniform(0, 360), math.sqrt(sheet.random.random())
        x, y = at(cx, cy, rx * far, angle, ry / rx)
        tone = lighter(colour, -0.45 + 0.75 * step / count + sheet.random.uniform(-0.1, 0.1))
        length = size * sheet.random.uniform(0.7, 1.3)
        shapes.append(leaf(x, y, length, length * 0.26, sheet.random.uniform(0, 360), tone, vein=False))
    sheet.add(group(shapes, clip_path=clip) if clip else group(shapes))


def _leaf_tone(colours: Palette) -> str:
    """What a dry leaf may look like under this palette: tea is green or brown, whatever the wall."""
    return mixed(colours.main, "#6b8433", 0.5) if _is_green(colours.main) else mixed(colours.main, "#5a3a1e", 0.62)


def leaves(sheet: Sheet, colours: Palette) -> None:
    """A bowl of loose leaf; a few have fallen on the table."""
    r, top = 212, 452
    bowl, tone = mixed(colours.second, "#ffffff", 0.3), _leaf_tone(colours)
    shadow(sheet, 150)
    heap = f"M{n(MIDDLE - r + 14)} {n(top)}C{n(MIDDLE - 120)} {n(top - 120)} {n(MIDDLE - 40)} {n(top - 150)} {n(MIDDLE + 10)} {n(top - 146)}"
    heap += f"C{n(MIDDLE + 90)} {n(top - 136)} {n(MIDDLE + 150)} {n(top - 70)} {n(MIDDLE + r - 14)} {n(top)}Z"
    sheet.add(ellipse(MIDDLE, top, r, r * FLAT, lighter(bowl, -0.25)))
    sheet.add(
        path(heap, lighter(tone, -0.5)),
        ellipse(MIDDLE, top, r - 12, (r - 12) * FLAT, lighter(tone, -0.5)),
    )
    clip = sheet.clip(heap + oval(MIDDLE, top, r - 10, (r - 10) * FLAT))
    _loose(sheet, tone, clip, MIDDLE, top - 46, r, 108, 130, 54)
    body = outline([(r, top), (r - 12, top + 58), (r * 0.68, top + 126), (92, top + 152), (88, FLOOR)], is_open=False)
    sheet.add(path(body, bowl), *shading(sheet, body, 0.5))
    lip = f"M{n(MIDDLE - r)} {n(top)}A{n(r)} {n(r * FLAT)} 0 0 0 {n(MIDDLE + r)} {n(top)}"
    sheet.add(curve(lip, lighter(bowl, 0.6), 6))
    band = sheet.clip(body)
    sheet.add(
        group(
            [
                curve(
                    f"M{n(MIDDLE - r)} {n(top + 34)}A{n(r)} {n(r * 0.24)} 0 0 0 {n(MIDDLE + r)} {n(top + 34)}",
                    colours.accent,
                    10,
                    opacity="0.8",
                )
            ],
            clip_path=band,
        )
    )
    for _ in range(7):
        x = sheet.random.choice((-1, 1)) * sheet.random.uniform(170, 290) + MIDDLE
        sheet.add(
            leaf(
                x,
                FLOOR + sheet.random.uniform(6, 60),
                44,
                12,
                sheet.random.uniform(0, 360),
                lighter(tone, -0.2),
                vein=False,
            )
        )


def cake(sheet: Sheet, colours: Palette) -> None:
    """A pressed cake leaning in its paper, another lying before it."""
    shadow(sheet, 210)
    tone = lighter(_leaf_tone(colours), -0.3)
    cx, cy, r = 420, 398, 204
    sheet.add(circle(cx + 14, cy + 10, r, lighter(tone, -0.3)), circle(cx, cy, r, tone))
    clip = sheet.clip(oval(cx, cy, r, r))
    _loose(sheet, mixed(tone, colours.accent, 0.25), clip, cx, cy, r, r, 170, 40)
    rim = sheet.radial(0.4, 0.36, 0.66, (0, "#ffffff", 0.12), (0.7, "#000000", 0), (1, "#000000", 0.42))
    sheet.add(circle(cx, cy, r, rim))
    wrap = (
        f"M{n(cx - 196)} {n(cy - 54)}C{n(cx - 90)} {n(cy + 10)} {n(cx + 70)} {n(cy + 84)} {n(cx + 172)} {n(cy + 110)}"
    )
    wrap += f"A{r} {r} 0 0 1 {n(cx - 196)} {n(cy - 54)}Z"
    sheet.add(path(wrap, colours.second), path(wrap, sheet.slant((0, "#ffffff", 0.3), (1, "#3b2614", 0.32))))
    folds = [
        curve(
            f"M{n(cx - 150 + k * 62)} {n(cy - 8 + k * 22)}L{n(cx - 96 + k * 34)} {n(cy + 164 + k * 4)}",
            lighter(colours.second, -0.35),
            2.5,
            opacity="0.4",
        )
        for k in range(5)
    ]
    seal = [
        circle(cx - 30, cy + 118, 42, colours.accent),
        circle(cx - 30, cy + 118, 34, "none", stroke=lighter(colours.accent, 0.6), stroke_width="2.5"),
    ]
    sheet.add(
        group([*folds, *seal, *_emblem(sheet, cx - 30, cy + 116, 34, lighter(colours.accent, 0.75))], clip_path=clip)
    )
    for x, y, turn in ((196, 628, -12), (232, 650, 30), (170, 662, 80), (262, 672, 10)):
        sheet.add(leaf(x, y, 46, 12, turn, lighter(tone, 0.05), vein=False))


def sprig(sheet: Sheet, colours: Palette) -> None:
    """Herbs bound with a string, lying across the picture."""
    shadow(sheet, 64, y=652, strength=0.24)
    tie = (396, 560)
    shapes = []
    for degrees in (-128.0, -112.0, -98.0, -84.0, -70.0, -54.0):
        degrees += sheet.random.uniform(-4, 4)
        long = sheet.random.uniform(330, 400)
        tip = at(*tie, long, degrees)
        bend = at(*tie, long * 0.5, degrees + sheet.random.uniform(-9, 9))
        stem = lighter(colours.main, -0.3)
        shapes.append(curve(f"M{n(tie[0])} {n(tie[1])}Q{n(bend[0])} {n(bend[1])} {n(tip[0])} {n(tip[1])}", stem, 5))
        for step in range(3, 10):
            share = step / 10
            x = (1 - share) ** 2 * tie[0] + 2 * share * (1 - share) * bend[0] + share**2 * tip[0]
            y = (1 - share) ** 2 * tie[1] + 2 * share * (1 - share) * bend[1] + share**2 * tip[1]
            size = 76 * (1.15 - share * 0.62) * sheet.random.uniform(0.85, 1.1)
            for turn in (-52, 52):
                tone = lighter(colours.main, sheet.random.uniform(-0.15, 0.3))
                shapes.append(leaf(x, y, size, size * 0.4, degrees + turn + sheet.random.uniform(-9, 9), tone))
        shapes.append(leaf(*tip, 54, 22, degrees, lighter(colours.main, 0.34)))
    for degrees in (62, 76, 92, 106, 120):
        end = at(*tie, sheet.random.uniform(84, 112), degrees)
        shapes.append(line([tie, end], lighter(colours.main, -0.25), 6))
    knot = [curve(f"M{tie[0] - 30} {tie[1] + dy}q30 12 60 0", colours.accent, 6.5) for dy in (-14, -6, 2)]
    knot += [
        curve(
            f"M{tie[0]} {tie[1] - 4}c34 -34 74 -22 58 4s-48 4 -58 -4c-34 -32 -74 -22 -58 6s48 2 58 -6",
            colours.accent,
            5,
        )
    ]
    knot += [curve(f"M{tie[0]} {tie[1]}c16 26 18 54 34 78M{tie[0]} {tie[1]}c-10 30 -22 48 -24 80", colours.accent, 5)]
    sheet.add(turned([*shapes, *knot], sheet.random.choice((-9, -4, 7, 12))))


def blossoms(sheet: Sheet, colours: Palette) -> None:
    """Daisy-like flowers on thin stems in a small glass."""
    shadow(sheet, 92)
    white = colours.second if colours.second != "#ffffff" else "#fffdf6"
    heads = [(-150, 250), (-78, 178), (8, 222), (84, 160), (156, 258), (-30, 318), (70, 318)]
    for dx, y in heads:
        foot = (MIDDLE + dx * 0.16, 560)
        sheet.add(
            curve(
                f"M{n(foot[0])} 600Q{n(MIDDLE + dx * 0.5)} {n(y + 190)} {n(MIDDLE + dx)} {y}",
                lighter(colours.accent if _is_green(colours.accent) else "#6f8a4e", -0.1),
                5,
            )
        )
        sheet.add(leaf(MIDDLE + dx * 0.45, y + 150, 62, 18, -150 if dx < 0 else -30, "#7b9a58"))
    for dx, y in heads:
        size = sheet.random.uniform(56, 74)
        x, tilt = MIDDLE + dx, sheet.random.uniform(0.72, 0.95)
        petals = [
            leaf(0, 0, size, size * 0.36, a, lighter(white, 0.4 if k % 2 else -0.04), vein=False)
            for k, a in enumerate(around(14, sheet.random.uniform(0, 25)))
        ]
        heart = sheet.radial(0.4, 0.35, 0.7, (0, lighter(colours.main, 0.45), 1), (1, lighter(colours.main, -0.12), 1))
        heads_ = [*petals, circle(0, 0, size * 0.3, heart)]
        sheet.add(
            group(
                heads_,
                transform=f"translate({n(x)} {y}) scale(1 {tilt:.2f}) rotate({n(sheet.random.uniform(-20, 20))})",
            )
        )
    glass = outline([(86, 444), (80, 530), (72, FLOOR)])
    sheet.add(path(glass, "#ffffff", opacity="0.34"))
    water = outline([(83, 500), (79, 560), (73, FLOOR - 4)], is_open=False)
    sheet.add(path(water, mixed("#a9cfd6", colours.halo, 0.3), opacity="0.55"), *shading(sheet, glass, 0.8))
    sheet.add(ellipse(MIDDLE, 444, 86, 86 * FLAT, "none", stroke="#ffffff", stroke_width="4", opacity="0.9"))


def _is_green(colour: str) -> bool:
    return int(colour[3:5], 16) > max(int(colour[1:3], 16), int(colour[5:7], 16))


def berries(sheet: Sheet, colours: Palette) -> None:
    """A heap of berries with two leaves."""
    shadow(sheet, 210, y=610)
    spots: list[tuple[float, float, int]] = []
    for row, (count, high) in enumerate(((7, 590), (6, 540), (5, 488), (3, 440), (2, 398))):
        for k in range(count):
            across = MIDDLE + (k - (count - 1) / 2) * 68 + sheet.random.uniform(-10, 10)
            spots.append((across, high + sheet.random.uniform(-8, 8), row))
    for dx, turn in ((-30, -150), (42, -28), (6, -92)):
        sheet.add(leaf(MIDDLE + dx, 420, 170, 66, turn, colours.accent if _is_green(colours.accent) else "#6b8a4a"))
    for x, y, _ in sorted(spots, key=lambda spot: spot[2], reverse=True):
        r = sheet.random.uniform(37, 45)
        tone = lighter(colours.main, sheet.random.uniform(-0.18, 0.16))
        skin = sheet.radial(0.36, 0.3, 0.75, (0, lighter(tone, 0.5), 1), (0.35, tone, 1), (1, lighter(tone, -0.5), 1))
        sheet.add(
            ellipse(x, y, r, r * 1.06, skin),
            ellipse(x - r * 0.3, y - r * 0.42, r * 0.2, r * 0.13, "#ffffff", opacity="0.75"),
        )
        if sheet.random.random() < 0.55:
            crown = [
                leaf(x + r * 0.25, y - r * 0.72, 17, 8, a, lighter(colours.main, -0.6), vein=False)
                for a in around(5, -90)
            ]
            sheet.add(group(crown))


def matcha(sheet: Sheet, colours: Palette) -> None:
    """A bowl of whisked tea, and the whisk."""
    bowl = mixed(colours.second, "#cfc2ae", 0.4)
    shadow(sheet, 128, cx=360)
    shape = turned_body(sheet, [(196, 428), (190, 494), (150, 574), (96, 606), (92, FLOOR)], bowl, 360, gloss=0.4)
    sheet.add(
        group(
            [path("M120 560C240 520 300 600 420 556S600 560 640 540V700H120Z", lighter(bowl, -0.35))],
            clip_path=sheet.clip(shape),
            opacity="0.55",
        )
    )
    mouth(sheet, 196, 428, bowl, 360, liquid=colours.main, lip=9)
    foam = [
        circle(
            360 + sheet.random.uniform(-120, 120),
            440 + sheet.random.uniform(-14, 14),
            sheet.random.uniform(2, 5.5),
            lighter(colours.main, 0.6),
        )
        for _ in range(34)
    ]
    sheet.add(group(foam, opacity="0.7"))
    x, top = 640, 392
    shadow(sheet, 56, cx=x)
    wood = "#dcbd84"
    prongs = []
    for step in range(-7, 8):
        d = f"M{n(x + step * 3)} {top + 104}C{n(x + step * 5)} {top + 150} {n(x + step * 9.4)} {top + 188} {n(x + step * 7)} {FLOOR}"
        prongs.append(curve(d, lighter(wood, -0.28 if step % 2 else 0.12), 4))
    sheet.add(group(prongs))
    handle = outline([(25, top), (25, top + 60), (27, top + 108)], x)
    sheet.add(path(handle, wood), *shading(sheet, handle, 0.4), ellipse(x, top, 25, 25 * FLAT, lighter(wood, 0.4)))
    sheet.add(curve(f"M{x - 27} {top + 100}q27 10 54 0", colours.accent, 6))


def gift(sheet: Sheet, colours: Palette) -> None:
    """A box with a ribbon."""
    shadow(sheet, 200)
    x, y, w = 208, 352, 384
    box = sheet.across((0, lighter(colours.main, 0.22), 1), (0.6, colours.main, 1), (1, lighter(colours.main, -0.3), 1))
    sheet.add(rect(x, y, w, FLOOR - y, box, 6), rect(x, y, w, 22, "#1d120a", opacity="0.2"))
    dots = [
        circle(x + 24 + i * 42 + (21 if j % 2 else 0), y + 46 + j * 40, 4.5, lighter(colours.main, 0.5))
        for i in range(9)
        for j in range(6)
        if x + 24 + i * 42 + (21 if j % 2 else 0) < x + w - 10
    ]
    sheet.add(group(dots, opacity="0.6"))
    lid = sheet.across(
        (0, lighter(colours.main, 0.4), 1), (0.6, lighter(colours.main, 0.12), 1), (1, lighter(colours.main, -0.2), 1)
    )
    sheet.add(rect(x - 16, y - 62, w + 32, 72, lid, 6))
    band = sheet.across((0, lighter(colours.second, 0.2), 1), (1, lighter(colours.second, -0.16), 1))
    sheet.add(rect(372, y - 62, 56, FLOOR - y + 62, band), rect(x - 16, y - 44, w + 32, 34, band, opacity="0"))
    knot = (400, y - 64)
    for side in (-1, 1):
        loop = f"M{knot[0]} {knot[1]}c{n(side * 34)} -92 {n(side * 158)} -112 {n(side * 150)} -34c{n(side * -6)} 50 {n(side * -104)} 54 {n(side * -150)} 34Z"
        sheet.add(path(loop, band), path(loop, sheet.down((0, "#ffffff", 0.2), (1, "#4a2c17", 0.3))))
        tail = f"M{knot[0]} {knot[1]}c{n(side * 40)} 30 {n(side * 84)} 40 {n(side * 104)} 92l{n(side * -40)} -6l{n(side * -20)} 24c{n(side * -6)} -40 {n(side * -24)} -72 {n(side * -44)} -110Z"
        sheet.add(path(tail, lighter(colours.second, -0.1)))
    sheet.add(rect(knot[0] - 26, knot[1] - 24, 52, 46, lighter(colours.second, -0.05), 14))
    sheet.add(*_emblem(sheet, 300, 520, 62, lighter(colours.main, 0.66)))


def jar(sheet: Sheet, colours: Palette) -> None:
    """A glass jar with a cloth over its lid."""
    r, top = 124, 372
    shadow(sheet, r)
    glass = outline([(r - 26, top), (r - 6, top + 26), (r, top + 70), (r, FLOOR - 40), (r - 10, FLOOR)])
    inside = sheet.radial(
        0.4, 0.3, 0.8, (0, lighter(colours.main, 0.42), 1), (0.6, colours.main, 1), (1, lighter(colours.main, -0.35), 1)
    )
    sheet.add(path(glass, inside), *shading(sheet, glass, 0.9))
    sheet.add(
        path(
            f"M{n(MIDDLE - r + 20)} {top + 80}c-6 60 -6 110 0 150",
            "none",
            stroke="#ffffff",
            stroke_width="12",
            stroke_linecap="round",
            opacity="0.45",
        )
    )
    y = top + 92
    sheet.add(
        rect(MIDDLE - 78, y, 156, 118, colours.second, 10),
        rect(MIDDLE - 70, y + 8, 140, 102, "none", 6, stroke=colours.accent, stroke_width="2.5"),
    )
    sheet.add(*_emblem(sheet, MIDDLE, y + 42, 42, colours.accent), *_print(MIDDLE, y + 76, 84, colours.accent))
    cloth = f"M{n(MIDDLE - 96)} {top - 50}C{n(MIDDLE - 60)} {top - 72} {n(MIDDLE + 60)} {top - 72} {n(MIDDLE + 96)} {top - 50}"
    cloth += f"L{n(MIDDLE + 104)} {top + 4}L{n(MIDDLE + 142)} {top + 62}l-34 -6l-22 16l-26 -12l-28 14l-32 -12l-30 12l-30 -14l-26 12l-22 -16l-34 6L{n(MIDDLE - 104)} {top + 4}Z"
    sheet.add(
        path(cloth, lighter(colours.second, 0.1)),
        path(cloth, sheet.across((0, "#ffffff", 0.2), (0.6, "#000000", 0), (1, "#3a2412", 0.28))),
    )
    checks = [
        line([(MIDDLE - 130 + k * 24, top - 70), (MIDDLE - 130 + k * 24, top + 70)], colours.accent, 5, opacity="0.3")
        for k in range(12)
    ]
    checks += [
        line([(MIDDLE - 150, top - 48 + k * 24), (MIDDLE + 150, top - 48 + k * 24)], colours.accent, 5, opacity="0.3")
        for k in range(5)
    ]
    sheet.add(group(checks, clip_path=sheet.clip(cloth)))
    sheet.add(
        curve(f"M{n(MIDDLE - 104)} {top + 2}Q{n(MIDDLE)} {top + 26} {n(MIDDLE + 104)} {top + 2}", colours.accent, 7)
    )


def sachets(sheet: Sheet, colours: Palette) -> None:
    """Tea bags on strings over a cup."""
    shadow(sheet, 120)
    cup = colours.second
    for x, y, turn in ((262, 268, -10), (536, 250, 9)):
        sheet.add(curve(f"M{x} {y - 96}C{x + 20} {y - 150} 380 120 400 60", "#b9a58a", 3))
        bag = [path(f"M{x - 56} {y + 96}L{x - 56} {y - 30}L{x - 26} {y - 66}H{x + 26}L{x + 56} {y - 30}V{y + 96}Z", "#fbf6ea"),
               path(f"M{x - 46} {y + 88}V{y + 10}C{x - 20} {y - 6} {x + 20} {y + 8} {x + 46} {y - 4}V{y + 88}Z", colours.main, opacity="0.75"),
               path(f"M{x - 56} {y + 96}L{x - 56} {y - 30}L{x - 26} {y - 66}H{x + 26}L{x + 56} {y - 30}V{y + 96}Z", sheet.across((0, "#ffffff", 0.3), (1, "#3a2412", 0.16))),
               rect(x - 9, y - 74, 18, 12, "#c9ccd0", 3)]  # fmt: skip
        sheet.add(turned(bag, turn, x, y))
    turned_body(sheet, [(150, 430), (146, 500), (112, 580), (72, 606), (70, FLOOR)], cup)
    mouth(sheet, 150, 430, cup, liquid=mixed(colours.main, "#c9772a", 0.5))


MOTIFS = {
    "tin": tin,
    "caddy": caddy,
    "pouch": pouch,
    "leaves": leaves,
    "cake": cake,
    "sprig": sprig,
    "blossoms": blossoms,
    "berries": berries,
    "matcha": matcha,
    "gift": gift,
    "jar": jar,
    "sachets": sachets,
}
