# ruff: noqa: E501 - a path is one line
"""A picture as a whole: wall, table, light, and the thing that stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from central.setup.pictures import clay, ink, tea
from central.setup.pictures.draw import FLOOR, Sheet, circle, ellipse, group, lighter, mixed, path, rect


@dataclass(frozen=True)
class Palette:
    """Six colours of one picture: `wall`, `table` and `halo` behind the thing, `main` its own, two more on it."""

    wall: str
    table: str
    halo: str
    main: str
    second: str
    accent: str


PALETTES: dict[str, Palette] = {
    # tea
    "sage": Palette("#dfe6d3", "#c6d1b4", "#eef2e4", "#5d7a4f", "#f1ead6", "#c98b3f"),
    "jade": Palette("#d5e6dd", "#b4cfc2", "#e9f3ee", "#2f6f5e", "#f4efdf", "#d9a441"),
    "amber": Palette("#f3e1c4", "#e2c698", "#fbf1df", "#a9572b", "#f7e7c6", "#5b3a21"),
    "smoke": Palette("#dcd6cf", "#bfb5aa", "#ece8e3", "#40342e", "#d8b98a", "#a33b2a"),
    "rose": Palette("#f3dcd8", "#e3bcb6", "#fbeeeb", "#a8455a", "#fbeadf", "#6d7f4b"),
    "mint": Palette("#d9ece1", "#b8d8c6", "#edf7f1", "#3f8a63", "#fdf6e3", "#e0b04c"),
    "plum": Palette("#e4d9e6", "#cabbd0", "#f2ecf3", "#6a4470", "#f3e6d8", "#d08a4e"),
    "honey": Palette("#f8e9c1", "#ecd08c", "#fdf6e0", "#c7852a", "#fff3d4", "#7b4a1e"),
    "lilac": Palette("#e3dff0", "#c8c1e0", "#f2f0f9", "#6f65a5", "#fbf4e6", "#7f9a5a"),
    "linen": Palette("#ece5d9", "#d6cab7", "#f8f4ec", "#8a6f4e", "#fbf7ee", "#5f7355"),
    # clay
    "terracotta": Palette("#f0dccd", "#ddbfa8", "#f9eee5", "#b5603a", "#f3e3d3", "#7b3a22"),
    "sand": Palette("#ebe2d2", "#d5c6ab", "#f7f2e8", "#c9ac82", "#f6efe2", "#6f7f8c"),
    "slate": Palette("#d6dbdf", "#b6bec5", "#e9edf0", "#55626d", "#dfe5e8", "#c77b4f"),
    "cobalt": Palette("#dbe3ee", "#b9c6da", "#eef2f8", "#e9e6df", "#2f55a0", "#17305e"),
    "celadon": Palette("#dde8e0", "#bdd0c3", "#eff5f1", "#9dbba6", "#e9f0e6", "#5e7d69"),
    "charcoal": Palette("#e2dcd4", "#c6bcb0", "#f2eee9", "#37332f", "#8f8478", "#d5a15e"),
    "milk": Palette("#e6ddd3", "#cfc1b1", "#f4efe9", "#f3ede3", "#d9c8b0", "#a9714b"),
    "ochre": Palette("#f2e5c9", "#e0c993", "#faf4e4", "#c48a2c", "#f5ead0", "#5f5a3a"),
    "sea": Palette("#d3e5e8", "#aecbd1", "#e8f3f5", "#3d7f8c", "#eef3ee", "#d78e5b"),
    "blush": Palette("#f3e0dc", "#e2c2bb", "#fbf1ef", "#d99a8c", "#f8ebe4", "#7d4f4a"),
    # ink
    "navy": Palette("#dce4ef", "#bccadd", "#eff3f9", "#24406f", "#f4f1e8", "#d9a53f"),
    "paper": Palette("#f1ece1", "#ddd3c0", "#fbf9f3", "#e9dcc2", "#ffffff", "#b4432f"),
    "moss": Palette("#e2e8dc", "#c5d0ba", "#f2f5ee", "#4c6644", "#f4f0e2", "#c99a3c"),
    "coral": Palette("#fbe2da", "#f0c2b3", "#fdf2ee", "#dd6a4f", "#fff5ec", "#2f4a6b"),
    "graphite": Palette("#e0e2e5", "#c3c7cd", "#f1f2f4", "#363b43", "#e9e6df", "#d4523c"),
    "sky": Palette("#d9ebf5", "#b7d5e8", "#edf6fb", "#3a86b7", "#fdfaf2", "#f0a63c"),
    "berry": Palette("#f2dde6", "#e0bccb", "#faeef3", "#8d2f58", "#fbf1ea", "#4a7a70"),
    "lemon": Palette("#fbf0c9", "#f0dc94", "#fdf9e6", "#e3b023", "#fffaf0", "#33475b"),
    "teal": Palette("#d5eae8", "#aed2cf", "#ebf6f5", "#1f7a77", "#f8f3e6", "#e2754f"),
    "violet": Palette("#e5e0f3", "#c9c0e4", "#f4f1fb", "#5a46a0", "#fbf6ec", "#e3a74b"),
}

Motif = Callable[[Sheet, Palette], None]

MOTIFS: dict[str, Motif] = {**tea.MOTIFS, **clay.MOTIFS, **ink.MOTIFS}


#: small things are shown nearer
_ZOOM = {
    "tin": 1.24, "caddy": 1.28, "pouch": 1.2, "jar": 1.26, "blossoms": 1.08, "sachets": 1.06, "matcha": 1.06,
    "piala": 1.34, "mug": 1.32, "teapot": 1.14, "jug": 1.2, "planter": 1.14, "candle": 1.08, "canister": 1.26,
    "gaiwan": 1.2, "bowl": 1.12, "vase": 1.06, "bottle": 1.18, "pencils": 1.12, "stamp": 1.1, "cake": 1.08,
    "leaves": 1.08, "notebook": 1.1, "fountain": 1.1, "ballpoint": 1.14, "tape": 1.12, "card": 1.14, "stack": 1.06,
}  # fmt: skip


def picture(motif: str, palette: str, seed: str, title: str = "") -> bytes:
    """The bytes of one SVG, 800 × 800. Raises `KeyError` for a motif or palette there is not."""
    sheet, colours = Sheet(f"{motif}/{palette}/{seed}"), PALETTES[palette]
    _backdrop(sheet, colours)
    behind, sheet.body = sheet.body, []
    MOTIFS[motif](sheet, colours)
    zoom = _ZOOM.get(motif, 1)
    near = f"translate({400 * (1 - zoom):g} {600 * (1 - zoom):g}) scale({zoom})" if zoom != 1 else ""
    sheet.body = [*behind, group(sheet.body, transform=near)]
    _light(sheet)
    return sheet.svg(title or motif)


def _backdrop(sheet: Sheet, colours: Palette) -> None:
    horizon = 520 + sheet.random.randrange(-14, 15)
    wall = sheet.down((0, lighter(colours.wall, 0.28), 1), (1, colours.wall, 1))
    table = sheet.down((0, mixed(colours.table, colours.wall, 0.35), 1), (1, colours.table, 1))
    sheet.add(rect(0, 0, 800, 800, wall))
    sheet.add(*_SETTINGS[sheet.random.randrange(len(_SETTINGS))](sheet, colours))
    edge = sheet.down((0, "#3a2a1c", 0.1), (1, "#3a2a1c", 0))
    sheet.add(rect(0, horizon, 800, 800 - horizon, table), rect(0, horizon, 800, 26, edge))
    glow = sheet.radial(0.5, 0.5, 0.5, (0, "#ffffff", 0.4), (1, "#ffffff", 0))
    sheet.add(ellipse(400, FLOOR + 12, 350, 92, glow))


def _disc(sheet: Sheet, colours: Palette) -> list[str]:
    x = 400 + sheet.random.randrange(-70, 71)
    return [circle(x, 372, 258, colours.halo, opacity="0.85")]


def _arch(sheet: Sheet, colours: Palette) -> list[str]:
    x = 400 + sheet.random.randrange(-46, 47)
    arch = f"M{x - 212} 560V322A212 212 0 0 1 {x + 212} 322V560Z"
    inside = sheet.down((0, colours.halo, 1), (1, lighter(colours.wall, 0.15), 1))
    return [path(arch, inside)]


def _window(sheet: Sheet, colours: Palette) -> list[str]:
    """Light of a window on the wall."""
    shift = sheet.random.randrange(0, 90)
    panes = ((90, 70), (292, 70), (90, 312), (292, 312))
    shapes = [path(f"M{x + shift} {y}h176l58 214h-176Z", colours.halo, opacity="0.8") for x, y in panes]
    return [*shapes]


def _waves(sheet: Sheet, colours: Palette) -> list[str]:
    """Two hills, far off."""
    far, near = lighter(colours.halo, -0.02), mixed(colours.halo, colours.wall, 0.45)
    high = 250 + sheet.random.randrange(0, 50)
    return [
        path(
            f"M0 {high + 130}C180 {high - 70} 330 {high + 40} 470 {high + 60}S700 {high - 40} 800 {high + 10}V560H0Z",
            near,
        ),
        path(
            f"M0 {high + 240}C140 {high + 170} 300 {high + 150} 420 {high + 190}S680 {high + 120} 800 {high + 170}V560H0Z",
            far,
        ),
    ]


_SETTINGS: tuple[Callable[[Sheet, Palette], list[str]], ...] = (_disc, _arch, _disc, _window, _arch, _waves)


def _light(sheet: Sheet) -> None:
    """The whole picture is a little lighter at its upper left, a little darker at its edges."""
    sheet.add(rect(0, 0, 800, 800, sheet.slant((0, "#ffffff", 0.16), (0.5, "#ffffff", 0), (1, "#2b1c10", 0.08))))
