# ruff: noqa: E501 - a path is one line
"""Ceramics: turned on a wheel, dipped in glaze, fired with specks of iron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.setup.pictures.draw import (
    FLAT,
    FLOOR,
    MIDDLE,
    Point,
    Sheet,
    around,
    at,
    circle,
    curve,
    dip,
    ellipse,
    group,
    leaf,
    lighter,
    mixed,
    mouth,
    n,
    outline,
    path,
    shading,
    shadow,
    speckled,
    turned_body,
)  # fmt: skip

if TYPE_CHECKING:
    from central.setup.pictures.scene import Palette


def _finish(sheet: Sheet, shape: str, colours: Palette, top: float, low: float) -> None:
    """One of five ways to finish a pot: dip, two dips, bands, brush strokes, specks alone."""
    kind = sheet.random.randrange(5)
    if kind in (0, 1):
        dip(sheet, shape, colours.second, 0, top + (low - top) * sheet.random.uniform(0.3, 0.55))
    if kind == 1:
        dip(sheet, shape, colours.accent, 0, top + (low - top) * 0.16)
    if kind == 2:
        _bands(sheet, shape, colours, top, low)
    if kind == 3:
        _strokes(sheet, shape, colours, top, low)
    speckled(sheet, shape, lighter(colours.accent, -0.4), (140, top, 660, low), 70 if kind == 4 else 34)


def _bands(sheet: Sheet, shape: str, colours: Palette, top: float, low: float) -> None:
    bands = []
    for share, width in ((0.3, 15), (0.4, 6), (0.72, 10)):
        y = top + (low - top) * share
        bands.append(curve(f"M120 {n(y)}Q400 {n(y + 62)} 680 {n(y)}", colours.second, width, opacity="0.9"))
    sheet.add(group(bands, clip_path=sheet.clip(shape)))


def _strokes(sheet: Sheet, shape: str, colours: Palette, top: float, low: float) -> None:
    """Brushed leaves round the belly."""
    y = top + (low - top) * 0.55
    strokes = []
    for step in range(-4, 5):
        x = MIDDLE + step * 56
        strokes.append(
            leaf(x, y + 34, 86, 25, -90 + step * 7 + sheet.random.uniform(-8, 8), colours.second, vein=False)
        )
        strokes.append(circle(x + 28, y - 8, 6, colours.accent))
    sheet.add(group(strokes, clip_path=sheet.clip(shape)))


def _handle(sheet: Sheet, x: float, top: float, low: float, reach: float, colour: str, width: float = 24) -> None:
    """An ear on the right side, behind the body."""
    d = f"M{n(x - 14)} {n(top)}C{n(x + reach * 0.9)} {n(top - 26)} {n(x + reach * 1.25)} {n(low - 26)} {n(x - 26)} {n(low)}"
    sheet.add(curve(d, lighter(colour, -0.3), width), curve(d, lighter(colour, -0.08), width - 8))
    sheet.add(curve(d, lighter(colour, 0.35), width * 0.22, opacity="0.6", transform="translate(-2 -4)"))


def piala(sheet: Sheet, colours: Palette) -> None:
    """A small cup without a handle, tea in it."""
    r, top = 150 + sheet.random.randrange(-14, 15), 404 + sheet.random.randrange(-12, 13)
    shadow(sheet, r * 0.7)
    profile = [(r, top), (r * 0.95, top + 70), (r * 0.76, top + 150), (r * 0.5, FLOOR - 18), (r * 0.48, FLOOR)]
    shape = turned_body(sheet, profile, colours.main)
    _finish(sheet, shape, colours, top, FLOOR)
    mouth(sheet, r, top, colours.main, liquid=mixed("#c07a35", colours.accent, 0.15))


def mug(sheet: Sheet, colours: Palette) -> None:
    r, top = 122 + sheet.random.randrange(-12, 13), 330 + sheet.random.randrange(-24, 25)
    shadow(sheet, r)
    _handle(sheet, MIDDLE + r, top + 62, FLOOR - 68, 118, colours.main, 30)
    belly = r + sheet.random.randrange(-8, 17)
    shape = turned_body(
        sheet, [(r, top), (belly, (top + FLOOR) / 2), (r - 4, FLOOR - 16), (r - 12, FLOOR)], colours.main
    )
    _finish(sheet, shape, colours, top, FLOOR)
    mouth(sheet, r, top, colours.main, lip=9, liquid="#5a3a26" if sheet.random.random() < 0.5 else "")


def teapot(sheet: Sheet, colours: Palette) -> None:
    top = 392
    r = 168 + sheet.random.randrange(-10, 11)
    shadow(sheet, r * 0.9)
    _handle(sheet, MIDDLE + r - 12, top + 34, FLOOR - 56, 132, colours.main, 28)
    spout = f"M{n(MIDDLE - r + 40)} {n(FLOOR - 60)}C{n(MIDDLE - r - 60)} {n(FLOOR - 80)} {n(MIDDLE - r - 44)} {n(top + 30)} {n(MIDDLE - r - 112)} {n(top - 4)}"
    spout += f"L{n(MIDDLE - r - 84)} {n(top - 26)}C{n(MIDDLE - r - 10)} {n(top + 6)} {n(MIDDLE - r + 6)} {n(top + 30)} {n(MIDDLE - r + 60)} {n(top + 60)}Z"
    sheet.add(path(spout, colours.main), path(spout, sheet.down((0, "#ffffff", 0.28), (1, "#1d1410", 0.34))))
    profile = [
        (82, top),
        (r * 0.86, top + 46),
        (r, top + 118),
        (r * 0.84, FLOOR - 44),
        (r * 0.58, FLOOR - 6),
        (r * 0.56, FLOOR),
    ]
    shape = turned_body(sheet, profile, colours.main, gloss=0.7)
    _finish(sheet, shape, colours, top, FLOOR)
    lid_colour = mixed(colours.main, colours.second, 0.0)
    lid = outline([(18, top - 46), (60, top - 34), (90, top - 4), (90, top + 4)])
    sheet.add(path(lid, lid_colour), *shading(sheet, lid, 0.7))
    knob = outline([(10, top - 92), (25, top - 78), (24, top - 60), (12, top - 46)])
    sheet.add(path(knob, colours.accent), *shading(sheet, knob, 0.9))


def plate(sheet: Sheet, colours: Palette) -> None:
    """A plate that stands upright on the wall side, another lying before it."""
    cx, cy, r = 400, 372, 232
    shadow(sheet, 190, y=FLOOR - 4)
    face = sheet.radial(
        0.4,
        0.34,
        0.8,
        (0, lighter(colours.main, 0.34), 1),
        (0.7, colours.main, 1),
        (1, lighter(colours.main, -0.22), 1),
    )
    sheet.add(circle(cx + 9, cy + 12, r, lighter(colours.main, -0.45)), circle(cx, cy, r, face))
    kind = sheet.random.randrange(4)
    if kind == 0:
        sheet.add(*(leaf(*at(cx, cy, 168, a), 62, 24, a + 90, colours.second) for a in around(16)))
    elif kind == 1:
        sheet.add(
            *(
                circle(cx, cy, r - 16 - k * 17, "none", stroke=colours.second, stroke_width=f"{9 - k * 2}")
                for k in range(3)
            )
        )
        sheet.add(*(circle(*at(cx, cy, 170, a), 7, colours.accent) for a in around(24)))
    elif kind == 2:
        d = f"M{cx - 300} {cy + 30}C{cx - 150} {cy - 70} {cx + 40} {cy + 120} {cx + 300} {cy - 20}V{cy + 300}H{cx - 300}Z"
        sheet.add(group([path(d, colours.second)], clip_path=sheet.clip(_disc(cx, cy, r))))
    else:
        petals = [leaf(cx, cy, 128, 46, a, colours.second) for a in around(9, -90)]
        sheet.add(*petals, circle(cx, cy, 24, colours.accent))
    well = sheet.radial(
        0.5, 0.46, 0.52, (0, "#ffffff", 0.14), (0.82, "#ffffff", 0.02), (0.93, "#1d1410", 0.2), (1, "#ffffff", 0.16)
    )
    sheet.add(
        circle(cx, cy, r * 0.7, well),
        circle(cx, cy, r - 3, "none", stroke=lighter(colours.main, 0.5), stroke_width="5", opacity="0.8"),
    )
    dots = [
        circle(
            *at(cx, cy, r * sheet.random.random() ** 0.5 * 0.97, sheet.random.uniform(0, 360)),
            sheet.random.choice((1.5, 2, 2.8)),
            lighter(colours.accent, -0.4),
        )
        for _ in range(60)
    ]
    sheet.add(group(dots, opacity="0.4"))
    shine = f"M{cx - 176} {cy - 96}A200 200 0 0 1 {cx - 40} {cy - 196}"
    sheet.add(curve(shine, "#ffffff", 12, opacity="0.35"))
    foot = outline([(78, FLOOR - 34), (70, FLOOR - 16), (96, FLOOR)], cx)
    sheet.add(path(foot, "#8a6a49"), *shading(sheet, foot, 0.2))


def _disc(cx: float, cy: float, r: float) -> str:
    return f"M{n(cx - r)} {n(cy)}A{n(r)} {n(r)} 0 1 1 {n(cx + r)} {n(cy)}A{n(r)} {n(r)} 0 1 1 {n(cx - r)} {n(cy)}Z"


def bowl(sheet: Sheet, colours: Palette) -> None:
    r, top = 216 + sheet.random.randrange(-16, 17), 430
    shadow(sheet, r * 0.62)
    profile = [(r, top), (r * 0.93, top + 60), (r * 0.68, top + 132), (96, FLOOR - 20), (90, FLOOR)]
    shape = turned_body(sheet, profile, colours.main)
    _finish(sheet, shape, colours, top, FLOOR)
    mouth(sheet, r, top, mixed(colours.main, colours.second, 0.5), lip=10)


_VASES: tuple[tuple[Point, ...], ...] = (
    ((46, 176), (40, 250), (74, 330), (138, 430), (132, 530), (78, 606), (74, FLOOR)),
    ((74, 190), (52, 226), (60, 270), (118, 360), (124, 470), (92, 590), (86, FLOOR)),
    ((30, 160), (28, 300), (52, 372), (150, 470), (150, 540), (92, 610), (88, FLOOR)),
    ((96, 208), (80, 300), (76, 420), (88, 540), (98, 606), (92, FLOOR)),
    ((60, 220), (62, 256), (146, 340), (160, 430), (120, 550), (70, 604), (66, FLOOR)),
)


def vase(sheet: Sheet, colours: Palette) -> None:
    profile = sheet.random.choice(_VASES)
    shadow(sheet, profile[-1][0] + 22)
    if sheet.random.random() < 0.55:
        _branches(sheet, colours, profile[0])
    shape = turned_body(sheet, profile, colours.main, gloss=0.6)
    _finish(sheet, shape, colours, profile[0][1], FLOOR)
    neck = profile[0]
    sheet.add(path(_front_lip(*neck), "none", stroke=lighter(colours.main, 0.4), stroke_width="5"))


def _front_lip(r: float, y: float) -> str:
    return f"M{n(MIDDLE - r)} {n(y)}A{n(r)} {n(r * FLAT)} 0 0 0 {n(MIDDLE + r)} {n(y)}"


def _branches(sheet: Sheet, colours: Palette, neck: Point) -> None:
    """Dry stems with small leaves, drawn before the vase that holds them."""
    r, y = neck
    sheet.add(ellipse(MIDDLE, y, r, r * FLAT, lighter(colours.main, -0.55)))
    tone = mixed("#8b7a4e", colours.accent, 0.35)
    for degrees in (-118, -98, -80, -60):
        tip = at(MIDDLE, y, sheet.random.uniform(96, 150), degrees)
        sheet.add(
            curve(
                f"M{MIDDLE} {n(y + 30)}Q{n(MIDDLE + (tip[0] - MIDDLE) * 0.2)} {n(y - 50)} {n(tip[0])} {n(tip[1])}",
                tone,
                4,
            )
        )
        for share in (0.45, 0.62, 0.78, 0.92):
            px, py = MIDDLE + (tip[0] - MIDDLE) * share**1.2, y + (tip[1] - y) * share
            for turn in (-40, 40):
                sheet.add(leaf(px, py, 34, 15, degrees + turn, lighter(tone, sheet.random.uniform(0, 0.4)), vein=False))


def jug(sheet: Sheet, colours: Palette) -> None:
    top = 270 + sheet.random.randrange(-16, 17)
    shadow(sheet, 112)
    _handle(sheet, MIDDLE + 96, top + 40, FLOOR - 130, 128, colours.main, 28)
    profile = [(92, top), (78, top + 74), (112, top + 160), (134, FLOOR - 128), (118, FLOOR - 34), (92, FLOOR)]
    shape = turned_body(sheet, profile, colours.main, gloss=0.6)
    beak = f"M{MIDDLE - 90} {n(top - 4)}C{MIDDLE - 126} {n(top - 14)} {MIDDLE - 142} {n(top - 6)} {MIDDLE - 148} {n(top + 2)}C{MIDDLE - 122} {n(top + 22)} {MIDDLE - 96} {n(top + 40)} {MIDDLE - 82} {n(top + 58)}Z"
    sheet.add(path(beak, colours.main))
    _finish(sheet, shape + beak, colours, top, FLOOR)
    mouth(sheet, 92, top, colours.main)


def planter(sheet: Sheet, colours: Palette) -> None:
    """A flower pot on its saucer, something green in it."""
    r, top = 136, 430
    shadow(sheet, r)
    green = "#5f8a54" if sheet.random.random() < 0.5 else "#3f7f67"
    kind = sheet.random.randrange(3)
    if kind == 0:
        for a in sorted((sheet.random.uniform(-160, -20) for _ in range(22)), key=lambda a: abs(a + 90), reverse=True):
            sheet.add(
                leaf(
                    MIDDLE, top, sheet.random.uniform(190, 268), 54, a, lighter(green, sheet.random.uniform(-0.2, 0.3))
                )
            )
    elif kind == 1:
        for _ in range(46):
            x, y = MIDDLE + sheet.random.uniform(-150, 150), top - sheet.random.uniform(10, 210)
            sheet.add(
                leaf(x, y, 64, 40, sheet.random.uniform(-170, -10), lighter(green, sheet.random.uniform(-0.25, 0.35)))
            )
    else:
        for dx, high in ((-52, 180), (0, 240), (58, 150)):
            body = f"M{MIDDLE + dx - 34} {top}C{MIDDLE + dx - 56} {top - high * 0.6} {MIDDLE + dx - 36} {top - high} {MIDDLE + dx} {top - high}S{MIDDLE + dx + 56} {top - high * 0.6} {MIDDLE + dx + 34} {top}Z"
            sheet.add(path(body, green), *shading(sheet, body, 0.3))
            sheet.add(
                *(
                    curve(
                        f"M{MIDDLE + dx + k * 15} {top - 10}Q{MIDDLE + dx + k * 22} {n(top - high * 0.6)} {MIDDLE + dx + k * 7} {n(top - high + 14)}",
                        lighter(green, 0.3),
                        3,
                        opacity="0.6",
                    )
                    for k in (-1, 0, 1)
                )
            )
    saucer = outline([(130, FLOOR - 16), (122, FLOOR + 2), (100, FLOOR + 8)])
    sheet.add(path(saucer, lighter(colours.main, -0.12)), *shading(sheet, saucer, 0.4))
    shape = outline([(r, top), (r - 6, top + 60), (r - 30, FLOOR - 30), (r - 36, FLOOR - 10)], is_open=False)
    sheet.add(path(shape, colours.main), *shading(sheet, shape, 0.5))
    _finish(sheet, shape, colours, top, FLOOR)
    sheet.add(path(_front_lip(r, top), "none", stroke=lighter(colours.main, 0.42), stroke_width="7"))


def candle(sheet: Sheet, colours: Palette) -> None:
    """A candlestick with a ring to hold it by; the candle burns."""
    shadow(sheet, 150)
    dish = outline([(164, FLOOR - 44), (150, FLOOR - 14), (112, FLOOR)])
    _handle(sheet, MIDDLE + 150, FLOOR - 58, FLOOR - 10, 74, colours.main, 20)
    sheet.add(path(dish, colours.main), *shading(sheet, dish, 0.6))
    mouth(sheet, 164, FLOOR - 44, colours.main, lip=10)
    cup = outline([(46, FLOOR - 118), (40, FLOOR - 84), (56, FLOOR - 40)])
    wax = outline([(30, 268), (31, 380), (31, FLOOR - 112)])
    glow = sheet.radial(0.5, 0.5, 0.5, (0, "#ffe9b0", 0.85), (1, "#ffe9b0", 0))
    sheet.add(circle(MIDDLE, 210, 150, glow))
    sheet.add(path(wax, "#fbf3e2"), *shading(sheet, wax, 0.3), ellipse(MIDDLE, 268, 30, 30 * FLAT, "#fffaf0"))
    sheet.add(path("M380 272c-2 26 4 44 -2 66c-6 10 -9 -8 -8 -20Z", "#fffaf0"))
    sheet.add(
        path(cup, colours.main),
        *shading(sheet, cup, 0.8),
        ellipse(MIDDLE, FLOOR - 118, 46, 46 * FLAT, "none", stroke=lighter(colours.main, 0.4), stroke_width="5"),
    )
    sheet.add(curve("M400 268v-18", "#3a2a20", 4))
    flame = "M400 168C424 208 430 236 400 256C370 236 376 208 400 168Z"
    sheet.add(
        path(flame, sheet.down((0, "#ffd257", 1), (1, "#f08a2c", 1))),
        path("M400 206C412 224 414 240 400 252C386 240 388 224 400 206Z", "#fff6d6"),
    )


def canister(sheet: Sheet, colours: Palette) -> None:
    """A lidded jar: sugar, salt, tea."""
    r, top = 126 + sheet.random.randrange(-10, 11), 372
    shadow(sheet, r)
    shape = turned_body(sheet, [(r - 10, top), (r, top + 54), (r - 2, FLOOR - 60), (r - 24, FLOOR)], colours.main)
    _finish(sheet, shape, colours, top, FLOOR)
    wood = sheet.random.random() < 0.5
    lid_colour = "#c89f6a" if wood else colours.second
    lid = outline([(r - 8, top - 40), (r - 2, top - 20), (r - 4, top + 8)])
    sheet.add(
        path(lid, lid_colour),
        *shading(sheet, lid, 0.5),
        ellipse(MIDDLE, top - 40, r - 8, (r - 8) * FLAT, lighter(lid_colour, 0.3)),
    )
    if wood:
        rings = [
            ellipse(
                MIDDLE,
                top - 40,
                (r - 8) * k,
                (r - 8) * k * FLAT,
                "none",
                stroke="#8f6a3c",
                stroke_width="2",
                opacity="0.5",
            )
            for k in (0.3, 0.55, 0.78)
        ]
        sheet.add(*rings)
    knob = outline([(20, top - 92), (32, top - 78), (26, top - 58), (18, top - 44)])
    sheet.add(path(knob, lid_colour), *shading(sheet, knob, 0.8))


def gaiwan(sheet: Sheet, colours: Palette) -> None:
    """Saucer, cup and lid."""
    shadow(sheet, 170)
    saucer = outline([(196, FLOOR - 46), (170, FLOOR - 18), (92, FLOOR)])
    sheet.add(path(saucer, colours.main), *shading(sheet, saucer, 0.5))
    mouth(sheet, 196, FLOOR - 46, colours.main, lip=12)
    top = 386
    shape = turned_body(
        sheet,
        [(152, top), (142, top + 62), (104, FLOOR - 88), (66, FLOOR - 56), (62, FLOOR - 44)],
        colours.main,
        gloss=0.7,
    )
    _finish(sheet, shape, colours, top, FLOOR - 44)
    sheet.add(ellipse(MIDDLE, top, 152, 152 * FLAT, lighter(colours.main, 0.2)))
    lid = outline([(30, top - 70), (92, top - 46), (136, top - 6), (137, top + 2)])
    sheet.add(path(lid, colours.main), *shading(sheet, lid, 0.8))
    knob = outline([(36, top - 96), (32, top - 84), (26, top - 66)])
    sheet.add(
        path(knob, colours.second),
        *shading(sheet, knob, 0.6),
        ellipse(MIDDLE, top - 96, 36, 36 * FLAT, lighter(colours.second, 0.2)),
    )


def service(sheet: Sheet, colours: Palette) -> None:
    """A set: a stack of bowls and a cup beside it."""
    shadow(sheet, 150, cx=330)
    tones = (colours.main, mixed(colours.main, colours.second, 0.55), mixed(colours.main, colours.accent, 0.35))
    bowls = [(470 - step * 52, FLOOR - step * 52, 172 - step * 11, tone) for step, tone in enumerate(tones)]
    for top, _, r, tone in bowls:
        sheet.add(ellipse(330, top, r, r * FLAT, lighter(tone, 0.25)))
        sheet.add(ellipse(330, top + 2, r - 8, (r - 8) * FLAT, lighter(tone, -0.4)))
    mouth(sheet, bowls[-1][2], bowls[-1][0], bowls[-1][3], 330, lip=9)
    for top, low, r, tone in reversed(bowls):  # each stands in the one below, whose front hides its foot
        shape = outline([(r, top), (r * 0.92, top + 50), (r * 0.62, low - 20), (r * 0.42, low)], 330, is_open=False)
        sheet.add(path(shape, tone), *shading(sheet, shape, 0.5))
        speckled(sheet, shape, lighter(colours.accent, -0.4), (150, top, 510, low), 22)
        lip = f"M{n(330 - r)} {n(top)}A{n(r)} {n(r * FLAT)} 0 0 0 {n(330 + r)} {n(top)}"
        sheet.add(curve(lip, lighter(tone, 0.45), 5))
    shadow(sheet, 62, cx=594)
    shape = turned_body(sheet, [(82, 470), (80, 540), (58, FLOOR - 10), (54, FLOOR)], colours.second, 594)
    speckled(sheet, shape, lighter(colours.accent, -0.4), (500, 470, 690, FLOOR), 16)
    mouth(sheet, 82, 470, colours.second, 594, liquid="#b8733a")


MOTIFS = {
    "piala": piala,
    "mug": mug,
    "teapot": teapot,
    "plate": plate,
    "bowl": bowl,
    "vase": vase,
    "jug": jug,
    "planter": planter,
    "candle": candle,
    "canister": canister,
    "gaiwan": gaiwan,
    "service": service,
}
