# ruff: noqa: E501 - a path is one line
"""Things to write with and on."""

from __future__ import annotations

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
    n,
    outline,
    path,
    rect,
    shading,
    shadow,
    turned,
)  # fmt: skip

if TYPE_CHECKING:
    from central.setup.pictures.scene import Palette


def _cover(sheet: Sheet, x: float, y: float, w: float, h: float, colours: Palette) -> list[str]:
    """One of five covers for a rectangle."""
    clip = sheet.clip(f"M{n(x)} {n(y)}h{n(w)}v{n(h)}h{n(-w)}Z")
    light, kind = lighter(colours.main, 0.45), sheet.random.randrange(5)
    if kind == 0:
        art = [
            leaf(
                sheet.random.uniform(x, x + w),
                sheet.random.uniform(y, y + h),
                84,
                32,
                sheet.random.uniform(0, 360),
                sheet.random.choice((light, colours.accent, lighter(colours.main, -0.25))),
            )
            for _ in range(34)
        ]
    elif kind == 1:
        art = [rect(x, y + h * 0.62, w, h * 0.38, colours.second), rect(x, y + h * 0.62 - 12, w, 6, colours.accent)]
    elif kind == 2:
        art = [
            circle(x + w * 0.66, y + h * 0.34, w * 0.25, colours.accent),
            path(
                f"M{n(x)} {n(y + h * 0.66)}Q{n(x + w * 0.3)} {n(y + h * 0.5)} {n(x + w * 0.6)} {n(y + h * 0.66)}T{n(x + w * 1.2)} {n(y + h * 0.62)}V{n(y + h)}H{n(x)}Z",
                light,
            ),
            path(
                f"M{n(x)} {n(y + h * 0.8)}Q{n(x + w * 0.4)} {n(y + h * 0.68)} {n(x + w)} {n(y + h * 0.84)}V{n(y + h)}H{n(x)}Z",
                lighter(colours.main, -0.3),
            ),
        ]
    elif kind == 3:
        art = [
            circle(x + 22 + i * 40, y + 22 + j * 40, 6.5, light)
            for i in range(int(w / 40) + 1)
            for j in range(int(h / 40) + 1)
        ]
    else:
        art = [
            rect(x + w * 0.2, y + h * 0.2, w * 0.6, h * 0.25, colours.second, 8),
            rect(x + w * 0.28, y + h * 0.27, w * 0.44, 9, colours.main, 4, opacity="0.8"),
            rect(x + w * 0.36, y + h * 0.34, w * 0.28, 6, colours.main, 3, opacity="0.5"),
        ]
    return [group(art, clip_path=clip)]


def _book(sheet: Sheet, colours: Palette, x: float, y: float, w: float, h: float) -> list[str]:
    """A bound book seen from the front: pages to the right and below, a ribbon, a band."""
    pages = [
        rect(x + 12, y + 10, w, h, "#efe6d4", 8),
        *(line([(x + w + 1 + k * 3, y + 18), (x + w + 1 + k * 3, y + h + 2)], "#cdbfa5", 1.2) for k in range(4)),
    ]
    shine = sheet.slant((0, "#ffffff", 0.26), (0.45, "#ffffff", 0), (1, "#120c08", 0.22))
    spine = sheet.across((0, "#120c08", 0.34), (0.7, "#120c08", 0.08), (1, "#ffffff", 0.14))
    return [
        rect(x + 16, y + 20, w + 4, h + 2, "#1b120a", 12, opacity="0.28", filter=sheet.blur(9)),
        *pages,
        rect(x, y, w, h, colours.main, 9),
        *_cover(sheet, x, y, w, h, colours),
        rect(x, y, w, h, shine, 9),
        rect(x, y, 30, h, spine, 9),
    ]


def notebook(sheet: Sheet, colours: Palette) -> None:
    w, h = 306, 410
    x, y = MIDDLE - w / 2, 186
    book = _book(sheet, colours, x, y, w, h)
    if sheet.random.random() < 0.6:
        book.append(rect(x + w - 54, y - 2, 15, h + 4, lighter(colours.accent, -0.1), 3))
    ribbon = f"M{n(x + w * 0.42)} {n(y + h + 6)}v52l11 -13l11 13v-52Z"
    sheet.add(turned([path(ribbon, colours.accent), *book], sheet.random.choice((-8, -5, 5, 8))))


def sketchbook(sheet: Sheet, colours: Palette) -> None:
    """A book on a spiral."""
    w, h = 360, 400
    x, y = MIDDLE - w / 2 + 14, 196
    shapes = _book(sheet, colours, x, y, w, h)
    for k in range(13):
        cy = y + 24 + k * 29.5
        shapes += [
            circle(x + 20, cy, 6, lighter(colours.main, -0.6)),
            curve(
                f"M{n(x + 20)} {n(cy)}C{n(x - 34)} {n(cy - 16)} {n(x - 34)} {n(cy + 16)} {n(x - 2)} {n(cy + 10)}",
                "#8f959b",
                5,
            ),
            curve(
                f"M{n(x + 20)} {n(cy - 1.5)}C{n(x - 30)} {n(cy - 16)} {n(x - 32)} {n(cy + 8)} {n(x - 8)} {n(cy + 8)}",
                "#e6e9ec",
                1.8,
            ),
        ]
    sheet.add(turned(shapes, sheet.random.choice((-6, 4, 7))))


def stack(sheet: Sheet, colours: Palette) -> None:
    """Notebooks lying on each other."""
    shadow(sheet, 220)
    tones = [colours.main, colours.second, colours.accent, mixed(colours.main, "#ffffff", 0.4)]
    y = FLOOR
    for step in range(4):
        high, w = 62 + sheet.random.randrange(-8, 13), 420 - step * 18 + sheet.random.randrange(-14, 15)
        x = MIDDLE - w / 2 + sheet.random.randrange(-16, 17)
        y -= high
        tone = tones[(step + sheet.random.randrange(2)) % 4]
        sheet.add(rect(x + 10, y + 9, w - 12, high - 18, "#f3ecdd"))
        sheet.add(
            *(
                line([(x + 16, y + 16 + k * 9), (x + w - 4, y + 16 + k * 9)], "#d2c6ad", 1.4)
                for k in range(int((high - 26) / 9) + 1)
            )
        )
        back = sheet.down((0, lighter(tone, 0.25), 1), (0.5, tone, 1), (1, lighter(tone, -0.35), 1))
        sheet.add(
            path(
                f"M{n(x + w)} {n(y)}H{n(x + 18)}Q{n(x - 6)} {n(y + high / 2)} {n(x + 18)} {n(y + high)}H{n(x + w)}v-10H{n(x + 26)}Q{n(x + 8)} {n(y + high / 2)} {n(x + 26)} {n(y + 10)}H{n(x + w)}Z",
                back,
            )
        )
        if step % 2:
            sheet.add(path(f"M{n(x + w * 0.7)} {n(y + high - 8)}v34l9 -9l9 9v-34Z", colours.accent))
    top = f"M{n(MIDDLE - 150)} {n(y)}L{n(MIDDLE + 176)} {n(y - 4)}"
    sheet.add(curve(top, "#2a1c12", 2, opacity="0.1"))
    _pen(sheet, colours, 292, y - 14, 254, -4)


def _pen(sheet: Sheet, colours: Palette, x: float, y: float, long: float, degrees: float) -> None:
    """A pencil that lies."""
    body = [
        rect(x, y - 11, long * 0.8, 22, lighter(colours.accent, 0.1)), rect(x, y - 11, long * 0.8, 8, "#ffffff", opacity="0.3"),
        path(f"M{n(x + long * 0.8)} {n(y - 11)}L{n(x + long)} {n(y)}L{n(x + long * 0.8)} {n(y + 11)}Z", "#e7c79a"),
        path(f"M{n(x + long * 0.94)} {n(y - 3.6)}L{n(x + long)} {n(y)}L{n(x + long * 0.94)} {n(y + 3.6)}Z", "#33302e"),
        rect(x - 22, y - 11, 22, 22, "#c3c8cc"), rect(x - 44, y - 11, 24, 22, "#d98d86", 6),
    ]  # fmt: skip
    sheet.add(turned(body, degrees, x, y))


def fountain(sheet: Sheet, colours: Palette) -> None:
    """A fountain pen and the line it has drawn."""
    trail = "M150 640C220 560 250 700 330 628S420 600 452 640S540 676 620 618"
    sheet.add(curve(trail, colours.main, 7, opacity="0.85"))
    x, y = 128, 388
    soft = [rect(x + 20, y + 22, 560, 54, "#1b120a", 26, opacity="0.25", filter=sheet.blur(10))]
    barrel = sheet.down(
        (0, lighter(colours.main, 0.12), 1),
        (0.25, lighter(colours.main, 0.6), 1),
        (0.5, colours.main, 1),
        (1, lighter(colours.main, -0.5), 1),
    )
    metal = sheet.down(
        (0, lighter(colours.accent, 0.2), 1),
        (0.3, lighter(colours.accent, 0.75), 1),
        (0.6, colours.accent, 1),
        (1, lighter(colours.accent, -0.45), 1),
    )
    nib = f"M{x + 466} {y + 8}C{x + 510} {y + 6} {x + 548} {y + 16} {x + 584} {y + 28}C{x + 548} {y + 40} {x + 510} {y + 50} {x + 466} {y + 48}Z"
    pen = [
        rect(x, y, 300, 56, barrel, 26), rect(x + 282, y, 16, 56, metal), rect(x + 298, y + 3, 128, 50, barrel, 4),
        rect(x + 420, y + 4, 12, 48, metal), path(f"M{x + 432} {y + 5}L{x + 468} {y + 9}V{y + 47}L{x + 432} {y + 51}Z", barrel),
        path(nib, metal), circle(x + 506, y + 28, 5, "#3a2a1a"), line([(x + 511, y + 28), (x + 582, y + 28)], "#3a2a1a", 1.8),
        rect(x + 18, y - 7, 190, 11, metal, 5.5), circle(x + 204, y + 3, 9, metal),
    ]  # fmt: skip
    sheet.add(turned([*soft, *pen], sheet.random.choice((-34, -28, -22, 20)), 400, 420))


def ballpoint(sheet: Sheet, colours: Palette) -> None:
    """Three pens side by side."""
    tones = (colours.main, colours.accent, lighter(colours.main, -0.3))
    shapes = []
    for step, tone in enumerate(tones):
        x = 268 + step * 104
        body = sheet.across(
            (0, lighter(tone, -0.25), 1), (0.3, lighter(tone, 0.5), 1), (0.6, tone, 1), (1, lighter(tone, -0.45), 1)
        )
        metal = sheet.across((0, "#8d9399", 1), (0.35, "#f4f6f7", 1), (1, "#787e85", 1))
        y = 196 + step * 14
        shapes += [
            rect(x + 12, y + 18, 54, 400, "#1b120a", 24, opacity="0.22", filter=sheet.blur(9)),
            rect(x + 16, y - 34, 20, 44, metal, 8), rect(x, y, 52, 300, body, 18), rect(x, y + 170, 52, 12, metal),
            path(f"M{x + 3} {y + 296}H{x + 49}L{x + 32} {y + 384}H{x + 20}Z", metal),
            path(f"M{x + 20} {y + 384}h12l-4 20h-4Z", "#4a4f55"), rect(x + 44, y + 18, 13, 128, metal, 6),
        ]  # fmt: skip
    sheet.add(turned(shapes, sheet.random.choice((-16, -11, 12, 17))))


def bottle(sheet: Sheet, colours: Palette) -> None:
    """A bottle of ink, and a drop."""
    shadow(sheet, 150)
    top = 372
    body = f"M270 {top + 62}Q270 {top + 30} 312 {top + 26}H488Q530 {top + 30} 530 {top + 62}L540 {FLOOR - 22}Q540 {FLOOR + 8} 506 {FLOOR + 8}H294Q260 {FLOOR + 8} 260 {FLOOR - 22}Z"
    sheet.add(path(body, "#ffffff", opacity="0.55"))
    ink = (
        f"M284 {top + 96}H516L524 {FLOOR - 28}Q524 {FLOOR - 10} 504 {FLOOR - 10}H296Q276 {FLOOR - 10} 276 {FLOOR - 28}Z"
    )
    deep = sheet.radial(
        0.4, 0.3, 0.9, (0, lighter(colours.main, 0.28), 1), (0.7, colours.main, 1), (1, lighter(colours.main, -0.4), 1)
    )
    sheet.add(
        path(ink, deep),
        path(
            body, sheet.across((0, "#ffffff", 0.4), (0.2, "#ffffff", 0.1), (0.7, "#0d0a14", 0.02), (1, "#0d0a14", 0.3))
        ),
    )
    sheet.add(rect(286, top + 58, 16, 150, "#ffffff", 8, opacity="0.5"))
    neck = outline([(54, top - 6), (54, top + 32)])
    sheet.add(path(neck, "#ffffff", opacity="0.6"), *shading(sheet, neck, 0.6))
    cap = outline([(72, top - 96), (74, top - 50), (74, top - 6)])
    sheet.add(path(cap, "#2b2a2e"), *shading(sheet, cap, 0.9), ellipse(MIDDLE, top - 96, 72, 72 * FLAT, "#4b4a50"))
    sheet.add(
        *(
            line([(MIDDLE - 62 + k * 14, top - 74), (MIDDLE - 62 + k * 14, top)], "#000000", 2.5, opacity="0.3")
            for k in range(10)
        )
    )
    y = top + 118
    sheet.add(
        rect(332, y, 136, 92, colours.second, 6),
        rect(340, y + 8, 120, 76, "none", 4, stroke=colours.accent, stroke_width="2.5"),
    )
    sheet.add(
        path(
            f"M400 {y + 20}C418 {y + 44} 420 {y + 62} 400 {y + 66}C380 {y + 62} 382 {y + 44} 400 {y + 20}Z",
            colours.main,
        )
    )
    blot = [
        circle(628, 640, 34, colours.main),
        *(
            circle(*at(628, 640, sheet.random.uniform(34, 58), a, 0.7), sheet.random.uniform(4, 13), colours.main)
            for a in around(9)
        ),
    ]
    sheet.add(group(blot, transform="translate(0 256) scale(1 0.6)"))


def pencils(sheet: Sheet, colours: Palette) -> None:
    """A cup full of pencils."""
    shadow(sheet, 112)
    tones = [colours.accent, colours.main, "#e9c46a", "#7fa99b", lighter(colours.main, 0.45), "#d9776a", "#54678f"]
    for step, degrees in enumerate((-21, -13, -6, 2, 8, 15, 23)):
        tone, long, x = tones[step], 330 + sheet.random.randrange(-36, 37), MIDDLE + (step - 3) * 22
        y = 520 - long
        wood = f"M{n(x - 17)} {n(y + 58)}L{n(x)} {n(y)}L{n(x + 17)} {n(y + 58)}q-8 10 -17 0q-9 10 -17 0Z"
        body = sheet.across(
            (0, lighter(tone, -0.28), 1),
            (0.34, lighter(tone, 0.3), 1),
            (0.36, tone, 1),
            (0.66, tone, 1),
            (0.68, lighter(tone, -0.2), 1),
        )
        tip = f"M{n(x - 6)} {n(y + 20)}L{n(x)} {n(y)}L{n(x + 6)} {n(y + 20)}Z"
        sheet.add(
            turned(
                [rect(x - 17, y + 56, 34, long, body), path(wood, "#ecd2a8"), path(tip, lighter(tone, -0.3))],
                degrees,
                MIDDLE,
                600,
            )
        )
    cup = outline([(104, 420), (106, 520), (100, FLOOR)], is_open=False)
    back = lighter(colours.second, -0.06)
    sheet.add(path(cup, back), *shading(sheet, cup, 0.4))
    clip = sheet.clip(cup)
    sheet.add(
        group(
            [
                rect(280, 498, 240, 30, colours.main, opacity="0.85"),
                rect(280, 540, 240, 9, colours.accent, opacity="0.85"),
            ],
            clip_path=clip,
        )
    )
    sheet.add(
        *shading(sheet, cup, 0.2),
        curve(f"M{MIDDLE - 104} 420A104 {n(104 * FLAT)} 0 0 0 {MIDDLE + 104} 420", lighter(back, 0.5), 6),
    )


def envelope(sheet: Sheet, colours: Palette) -> None:
    """An open envelope with its letter, and a seal."""
    x, y, w, h = 168, 330, 464, 292
    paper = colours.second if colours.second != "#ffffff" else "#fdf8ec"
    inside = lighter(colours.main, -0.12)
    soft = [rect(x + 14, y + 20, w, h, "#1b120a", 10, opacity="0.28", filter=sheet.blur(12))]
    flap = f"M{x} {y}L{x + w / 2} {y - 178}L{x + w} {y}Z"
    letter = [
        rect(x + 40, y - 96, w - 80, 330, "#fffdf7", 6),
        *(
            rect(x + 78, y - 58 + k * 26, sheet.random.uniform(210, 306), 6, "#b9b2a4", 3, opacity="0.7")
            for k in range(4)
        ),
    ]
    front = f"M{x} {y}L{x + w / 2} {y + 168}L{x + w} {y}V{y + h}H{x}Z"
    sides = f"M{x} {y + h}L{x + w / 2} {y + 128}L{x + w} {y + h}Z"
    seal = [
        circle(x + w / 2, y + 176, 42, colours.accent),
        circle(
            x + w / 2 - 3, y + 172, 30, "none", stroke=lighter(colours.accent, -0.35), stroke_width="4", opacity="0.6"
        ),
        *(leaf(x + w / 2, y + 190, 30, 13, a, lighter(colours.accent, 0.45), vein=False) for a in (-90, -135, -45)),
    ]
    shapes = [
        *soft, path(flap, inside), path(flap, sheet.down((0, "#ffffff", 0.2), (1, "#000000", 0.14))), rect(x, y, w, h, lighter(inside, -0.1)), *letter,
        path(front, paper), path(front, sheet.slant((0, "#ffffff", 0.35), (1, "#5b4027", 0.14))), path(sides, lighter(paper, -0.06)),
        curve(f"M{x + 4} {y + h - 3}L{x + w / 2} {y + 128}L{x + w - 4} {y + h - 3}", lighter(paper, -0.28), 2.5, opacity="0.6"), *seal,
    ]  # fmt: skip
    sheet.add(turned(shapes, sheet.random.choice((-6, -3, 4, 7)), 400, 460))


def tape(sheet: Sheet, colours: Palette) -> None:
    """Rolls of paper tape."""
    rolls = ((300, 500, 120, colours.main), (500, 470, 138, colours.accent), (398, 330, 112, colours.second))
    for cx, cy, r, tone in rolls:
        sheet.add(circle(cx + 16, cy + 22, r, "#1b120a", opacity="0.22", filter=sheet.blur(10)))
        edge = sheet.slant((0, lighter(tone, 0.3), 1), (1, lighter(tone, -0.3), 1))
        sheet.add(circle(cx + 9, cy + 10, r, lighter(tone, -0.4)), circle(cx, cy, r, edge))
        sheet.add(
            *(
                circle(cx, cy, r - 7 - k * 8, "none", stroke=lighter(tone, -0.25), stroke_width="1.6", opacity="0.5")
                for k in range(int(r * 0.36 / 8))
            )
        )
        marks = [
            leaf(
                *at(cx, cy, r * 0.78, a),
                26,
                12,
                a + 90,
                lighter(tone, 0.7 if tone != colours.second else -0.3),
                vein=False,
            )
            for a in around(11)
        ]
        sheet.add(group(marks, opacity="0.85"))
        sheet.add(
            circle(cx, cy, r * 0.56, "#c7a878"),
            circle(cx, cy, r * 0.49, lighter(colours.table, -0.1)),
            circle(cx + 5, cy + 7, r * 0.46, mixed(colours.table, colours.wall, 0.5)),
        )
    strip = "M560 604c40 30 76 30 104 18l16 12l-6 18l12 16c-46 26 -112 12 -160 -24Z"
    sheet.add(path(strip, colours.accent), path(strip, "#ffffff", opacity="0.25"))


def card(sheet: Sheet, colours: Palette) -> None:
    """Two greeting cards; the front one stands."""
    for x, y, degrees, tone in ((248, 226, -9, colours.second), (286, 196, 5, colours.main)):
        w, h = 262, 372
        shape = [
            rect(x + 12, y + 18, w, h, "#1b120a", 8, opacity="0.25", filter=sheet.blur(10)),
            rect(x, y, w, h, tone, 6),
        ]
        light = lighter(tone, 0.75) if tone == colours.main else colours.accent
        cx, cy = x + w / 2, y + h * 0.42
        kind, art = sheet.random.randrange(3), []
        if kind == 0:
            art = [leaf(cx, cy + 92, 190, 58, a, light) for a in (-90, -122, -58, -150, -30)]
        elif kind == 1:
            art = [leaf(cx, cy, 92, 34, a, light, vein=False) for a in around(12)] + [
                circle(cx, cy, 24, colours.accent)
            ]
        else:
            art = [
                circle(cx, cy, r, "none", stroke=light, stroke_width="7", opacity=f"{0.95 - r / 180:.2f}")
                for r in (26, 54, 84, 114)
            ]
        shape.append(group(art, clip_path=sheet.clip(f"M{x} {y}h{w}v{h}h-{w}Z")))
        shape += [
            rect(cx - 64, y + h - 74, 128, 9, light, 4),
            rect(cx - 40, y + h - 52, 80, 6, light, 3, opacity="0.7"),
        ]
        shape.append(rect(x, y, w, h, sheet.slant((0, "#ffffff", 0.25), (0.5, "#ffffff", 0), (1, "#1b120a", 0.15)), 6))
        sheet.add(turned(shape, degrees, x + w / 2, y + h / 2))


def stamp(sheet: Sheet, colours: Palette) -> None:
    """A wax seal stamp with its stick of wax."""
    x = 348
    shadow(sheet, 78, cx=x)
    wood = lighter(colours.main, 0.1)
    handle = outline([(20, 214), (50, 246), (56, 300), (34, 364), (28, 430), (44, 470)], x)
    sheet.add(path(handle, wood), *shading(sheet, handle, 0.8))
    brass = outline([(48, 468), (42, 506), (66, 544), (72, 566), (72, FLOOR - 22)], x)
    sheet.add(path(brass, "#c9a24a"), *shading(sheet, brass, 0.9))
    blob = "M252 628C244 602 290 596 348 598S452 604 446 628S396 652 348 650S258 652 252 628Z"
    sheet.add(path(blob, colours.accent), path(blob, sheet.down((0, "#ffffff", 0.3), (1, "#1d0a08", 0.35))))
    stick = [
        rect(520, 250, 44, 330, colours.accent, 6),
        rect(526, 256, 10, 316, "#ffffff", 4, opacity="0.35"),
        rect(520, 330, 44, 60, colours.second),
        rect(550, 250, 14, 330, "#000000", 5, opacity="0.16"),
    ]
    sheet.add(
        turned([rect(536, 268, 44, 330, "#1b120a", 6, opacity="0.25", filter=sheet.blur(8)), *stick], 17, 540, 420)
    )
    cx, cy = 566, 668
    sheet.add(
        ellipse(cx, cy, 62, 34, lighter(colours.accent, -0.25)),
        ellipse(cx, cy - 4, 58, 30, colours.accent),
        ellipse(cx, cy - 5, 40, 20, "none", stroke=lighter(colours.accent, -0.4), stroke_width="3"),
    )
    sheet.add(
        group(
            [leaf(0, 10, 30, 14, a, lighter(colours.accent, 0.4), vein=False) for a in (-90, -140, -40)],
            transform=f"translate({cx} {cy - 4}) scale(1 0.6)",
        )
    )


def brush(sheet: Sheet, colours: Palette) -> None:
    """Brushes and a pan of watercolours."""
    x, y, w = 176, 520, 448
    shadow(sheet, 230, y=FLOOR + 16)
    sheet.add(rect(x, y, w, 126, "#2f3034", 14), rect(x + 8, y + 8, w - 16, 110, "#f4f2ee", 8))
    tones = [
        colours.main,
        colours.accent,
        "#e6b93f",
        "#5c8f5a",
        "#3f6fa8",
        "#b4514b",
        "#6d4b86",
        "#3b3a3d",
        "#d88a4b",
        "#79a9b8",
    ]
    for step, tone in enumerate(tones):
        px, py = x + 22 + (step % 5) * 84, y + 18 + (step // 5) * 48
        pan = sheet.radial(0.4, 0.35, 0.8, (0, lighter(tone, 0.3), 1), (1, lighter(tone, -0.15), 1))
        sheet.add(rect(px, py, 70, 40, pan, 6), ellipse(px + 26, py + 15, 15, 7, "#ffffff", opacity="0.22"))
    for step, (bx, degrees, tone) in enumerate(
        ((330, -14, colours.main), (410, 3, colours.accent), (486, 18, "#3a3531"))
    ):
        top = 120 + step * 14
        wood = sheet.across((0, lighter(tone, -0.2), 1), (0.35, lighter(tone, 0.5), 1), (1, lighter(tone, -0.4), 1))
        metal = sheet.across((0, "#8d9399", 1), (0.35, "#f4f6f7", 1), (1, "#787e85", 1))
        hair = f"M{bx - 13} {top + 302}C{bx - 19} {top + 342} {bx - 9} {top + 366} {bx} {top + 392}C{bx + 9} {top + 366} {bx + 19} {top + 342} {bx + 13} {top + 302}Z"
        parts = [
            path(f"M{bx - 5} {top}Q{bx} {top - 10} {bx + 5} {top}L{bx + 12} {top + 236}H{bx - 12}Z", wood),
            path(f"M{bx - 12} {top + 236}h24l3 68h-30Z", metal),
            path(hair, "#6b4a30"),
            path(
                f"M{bx - 9} {top + 350}C{bx - 7} {top + 372} {bx - 3} {top + 384} {bx} {top + 392}C{bx + 3} {top + 384} {bx + 7} {top + 372} {bx + 9} {top + 350}Z",
                tones[step + 2],
            ),
        ]
        sheet.add(
            turned(
                [rect(bx + 8, top + 20, 20, 350, "#1b120a", 8, opacity="0.16", filter=sheet.blur(8)), *parts],
                degrees,
                bx,
                top + 200,
            )
        )


def ruler(sheet: Sheet, colours: Palette) -> None:
    """A wooden ruler and a set square."""
    wood = "#dcb57e"
    square = [
        path("M214 600L214 236L578 600ZM270 544H444L270 370Z", colours.main, opacity="0.82", fill_rule="evenodd"),
        path(
            "M214 600L214 236L578 600Z",
            sheet.slant((0, "#ffffff", 0.3), (1, "#000000", 0.12)),
            fill_rule="evenodd",
            opacity="0.5",
        ),
        *(
            line([(216, 590 - k * 14), (216 + (22 if k % 5 == 0 else 12), 590 - k * 14)], lighter(colours.main, 0.7), 2)
            for k in range(24)
        ),
    ]
    soft = path("M228 618L228 254L592 618Z", "#1b120a", opacity="0.2", filter=sheet.blur(10))
    bar = [
        rect(168, 300, 470, 76, "#1b120a", 6, opacity="0.25", filter=sheet.blur(9), transform="translate(8 12)"),
        rect(168, 300, 470, 76, sheet.down((0, lighter(wood, 0.3), 1), (1, lighter(wood, -0.16), 1)), 6),
        rect(168, 300, 470, 12, "#c3c8cc", 4),
        *(line([(184 + k * 11, 314), (184 + k * 11, 336 if k % 5 else 348)], "#5b4226", 2) for k in range(41)),
        *(
            curve(f"M176 {350 + k * 8}Q400 {346 + k * 9} 630 {352 + k * 7}", "#a87d48", 1.2, opacity="0.5")
            for k in range(3)
        ),
    ]
    sheet.add(soft, *square, turned(bar, sheet.random.choice((-38, -32, -27))))


def clips(sheet: Sheet, colours: Palette) -> None:
    """A scatter of paper clips in a dish."""
    sheet.add(circle(400, 470, 214, "#1b120a", opacity="0.22", filter=sheet.blur(14), transform="translate(12 20)"))
    dish = sheet.radial(
        0.42,
        0.36,
        0.75,
        (0, lighter(colours.second, 0.2), 1),
        (0.8, lighter(colours.second, -0.1), 1),
        (1, lighter(colours.second, -0.3), 1),
    )
    sheet.add(
        circle(400, 460, 220, lighter(colours.second, -0.22)),
        circle(396, 454, 214, dish),
        circle(396, 454, 176, "none", stroke=lighter(colours.second, -0.28), stroke_width="3", opacity="0.5"),
    )
    wire = "M-18 -46v76a18 18 0 0 0 36 0v-92a26 26 0 0 0 -52 0v96"
    tones = [colours.main, colours.accent, "#9aa0a6", lighter(colours.main, 0.35), "#c9a24a"]
    for _ in range(24):
        x, y = at(396, 450, 140 * sheet.random.random() ** 0.5, sheet.random.uniform(0, 360))
        tone, turn = sheet.random.choice(tones), sheet.random.uniform(0, 360)
        place = f"translate({n(x)} {n(y)}) rotate({n(turn)})"
        sheet.add(
            curve(wire, "#1b120a", 8, opacity="0.18", transform=f"translate(4 7) {place}"),
            curve(wire, tone, 8, transform=place),
            curve(wire, lighter(tone, 0.6), 2, opacity="0.7", transform=place),
        )


MOTIFS = {
    "notebook": notebook,
    "sketchbook": sketchbook,
    "stack": stack,
    "fountain": fountain,
    "ballpoint": ballpoint,
    "bottle": bottle,
    "pencils": pencils,
    "envelope": envelope,
    "tape": tape,
    "card": card,
    "stamp": stamp,
    "brush": brush,
    "ruler": ruler,
    "clips": clips,
}
