"""Photos of the ceramics, as a workshop would upload them: large JPEGs with grain, drawn with Pillow at the load.

`photo(motif, palette, seed)` gives the same bytes for the same arguments, so that hashes are the same each time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from random import Random
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from central.setup.pictures.scene import PALETTES, Palette

if TYPE_CHECKING:
    Profile = Sequence[tuple[float, float]]

SIDE: Final = 1_000
_FLOOR: Final = 770
_FLAT: Final = 0.24

#: light from the left across a turned thing: (place, brightness of 255, 128 is its own colour)
_ROUND: Final = ((0.0, 92), (0.1, 128), (0.28, 196), (0.45, 140), (0.75, 100), (1.0, 44))

#: (share of the height from the top, half the width as a share of the greatest)
_PIALA: Final = ((0, 1.0), (0.3, 0.95), (0.6, 0.74), (0.85, 0.46), (0.92, 0.4), (1, 0.42))
_MUG: Final = ((0, 0.97), (0.4, 1.0), (0.85, 0.96), (0.95, 0.88), (1, 0.82))
_POT: Final = ((0, 0.3), (0.08, 0.46), (0.3, 0.86), (0.5, 1.0), (0.75, 0.88), (0.94, 0.6), (1, 0.56))
_BOWL: Final = ((0, 1.0), (0.3, 0.96), (0.62, 0.76), (0.88, 0.42), (1, 0.4))
_VASE: Final = ((0, 0.46), (0.1, 0.36), (0.24, 0.42), (0.5, 0.86), (0.66, 1.0), (0.86, 0.82), (1, 0.56))
_JUG: Final = ((0, 0.72), (0.14, 0.6), (0.34, 0.74), (0.64, 1.0), (0.88, 0.86), (1, 0.66))
_PLANTER: Final = ((0, 1.0), (0.1, 1.0), (0.12, 0.94), (0.9, 0.74), (1, 0.7))
_CANDLE: Final = ((0, 0.62), (0.3, 0.5), (0.7, 0.6), (0.86, 0.9), (1, 1.0))
_CANISTER: Final = ((0, 0.94), (0.06, 1.0), (0.92, 1.0), (1, 0.92))


class Photo:
    """One picture on its way."""

    def __init__(self, seed: str, colours: Palette) -> None:
        self.random = Random(seed)  # noqa: S311 - a picture, not a secret
        self.colours = colours
        self.image = _wall(colours, self.random)

    def turned(
        self, profile: Profile, width: float, height: float, colour: str, x: float = 500, low: float = _FLOOR
    ) -> None:
        """A thing turned on a wheel, with its shadow, glaze and open rim; `width` of its widest, standing on `low`."""
        self.shadow(x, low, width)
        outline = _outline(profile, x, low - height, width / 2, height)
        mask = _mask(lambda draw: draw.polygon(outline, fill=255))
        body = _shaded(colour, round(width))
        area = _area(x, low, width, height)
        full = Image.new("RGB", (SIDE, SIDE), _lit(colour, -0.6))
        full.paste(body.resize((round(width), SIDE), Image.Resampling.NEAREST), (round(x - width / 2), 0))
        self.image.paste(full.crop(area), area, mask.crop(area))
        self._glaze(mask, x, low - height, width, height)
        self._rim(x, low - height, width * profile[0][1], colour)

    def handle(self, x: float, y: float, width: float, height: float, colour: str, thick: int = 34) -> None:
        """An ear: behind what is drawn after it."""
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for inset, shade in ((0, -0.35), (7, 0.05), (15, 0.3)):
            edge = (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset)
            mask = _mask(partial(_ring, edge=edge, width=thick - 2 * inset))
            self.paint(_lit(colour, shade), mask)

    def lid(self, x: float, y: float, width: float, colour: str) -> None:
        """A lid with a knob."""
        self.disc(x, y - 12, width, width * 0.3, _lit(colour, -0.1), _lit(colour, 0.3))
        self.disc(x, y - 12 - width * 0.14, width * 0.2, width * 0.18, _lit(colour, -0.2), _lit(colour, 0.45))

    def disc(self, x: float, y: float, width: float, height: float, edge: str, face: str) -> None:
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        self.paint(edge, _mask(lambda draw: draw.ellipse(box, fill=255)))
        inner = (box[0] + width * 0.03, box[1] + height * 0.04, box[2] - width * 0.03, box[3] - height * 0.1)
        self.paint(face, _mask(lambda draw: draw.ellipse(inner, fill=255)))

    def paint(self, colour: str, mask: Image.Image) -> None:
        if area := mask.getbbox():
            self.image.paste(colour, area, mask.crop(area))

    def leaves(self, x: float, y: float, colour: str) -> None:
        """What grows out of a pot."""
        for _ in range(11):
            lean, long = self.random.uniform(-1, 1), self.random.uniform(170, 300)
            tip = (x + lean * 230, y - long)
            side = self.random.uniform(22, 40)
            leaf = [
                (x + lean * 60, y),
                (x + lean * 150 - side, y - long * 0.55),
                tip,
                (x + lean * 150 + side, y - long * 0.5),
            ]
            shade = _lit(colour, self.random.uniform(-0.3, 0.3))
            self.paint(shade, _mask(partial(_filled, points=leaf)))

    def finished(self) -> bytes:
        """Light, grain, and the bytes."""
        grain = Image.merge("RGB", (_grain(),) * 3)
        out = io.BytesIO()
        Image.blend(self.image, grain, 0.07).save(out, "JPEG", quality=93)
        return out.getvalue()

    def shadow(self, x: float, low: float, width: float) -> None:
        mask = Image.new("L", (SIDE // 4, SIDE // 4))
        box = ((x - width * 0.5) / 4, (low - 34) / 4, (x + width * 0.74) / 4, (low + 46) / 4)
        ImageDraw.Draw(mask).ellipse(box, fill=120)
        soft = mask.filter(ImageFilter.GaussianBlur(6)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        self.paint("#2a1c12", soft)

    def _glaze(self, mask: Image.Image, x: float, top: float, width: float, height: float) -> None:
        """Dipped by a third or a half, or banded; specks of iron everywhere."""
        layer = Image.new("L", (SIDE, SIDE))
        draw = ImageDraw.Draw(layer)
        kind = self.random.randrange(3)
        sag = width * _FLAT / 2
        if kind == 0:
            depth = top + height * self.random.uniform(0.28, 0.5)
            draw.rectangle((0, 0, SIDE, depth), fill=215)
            draw.ellipse((x - width / 2, depth - sag, x + width / 2, depth + sag), fill=215)
        elif kind == 1:
            for share, thick in ((0.32, 26), (0.44, 10), (0.7, 16)):
                y = top + height * share
                draw.arc((x - width * 0.52, y - sag, x + width * 0.52, y + sag), 0, 180, fill=200, width=thick)
        self.paint(self.colours.second, ImageChops.multiply(layer, mask))
        specks = Image.new("L", (SIDE, SIDE))
        draw = ImageDraw.Draw(specks)
        for _ in range(90):
            left, above = x + self.random.uniform(-0.5, 0.5) * width, top + self.random.random() * height
            size = self.random.uniform(1.0, 3.6)
            draw.ellipse((left, above, left + size, above + size * 0.8), fill=170)
        self.paint(_lit(self.colours.accent, -0.5), ImageChops.multiply(specks, mask))

    def _rim(self, x: float, y: float, width: float, colour: str) -> None:
        self.disc(x, y, width, width * _FLAT, _lit(colour, 0.35), _lit(colour, -0.5))


def photo(motif: str, palette: str, seed: str) -> bytes:
    """The bytes of one JPEG, 1,000 × 1,000. Raises `KeyError` for a motif or palette there is not."""
    picture = Photo(f"{motif}/{palette}/{seed}", PALETTES[palette])
    MOTIFS[motif](picture)
    return picture.finished()


# --- the ground -----------------------------------------------------------------------------------------------------


def _wall(colours: Palette, random: Random) -> Image.Image:
    """A wall with a soft light on it, and a table."""
    image = Image.new("RGB", (SIDE, SIDE), colours.wall)
    light = Image.new("L", (50, 50))
    x = 20 + random.randrange(10)
    ImageDraw.Draw(light).ellipse((x - 16, 4, x + 16, 36), fill=210)
    soft = light.filter(ImageFilter.GaussianBlur(7)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    image.paste(colours.halo, mask=soft)
    edge = 640 + random.randrange(-20, 21)
    table = _across(((0.0, 150), (0.4, 128), (1.0, 96))).resize((SIDE, SIDE - edge))
    image.paste(_tinted(colours.table, table), (0, edge))
    return image


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    noise = Random("grain").randbytes(SIDE * SIDE)  # noqa: S311 - a picture, not a secret
    return Image.frombytes("L", (SIDE, SIDE), noise)


# --- colour and form ------------------------------------------------------------------------------------------------


def _lit(colour: str, by: float) -> str:
    """`by` from -1 (black) to 1 (white)."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (255 - one) * by if by > 0 else one * (1 + by)):02x}" for one in parts)


def _across(stops: Sequence[tuple[float, int]]) -> Image.Image:
    """A strip of 256 × 1 between brightnesses."""
    values = []
    for n in range(256):
        here = n / 255
        right = next(at for at in range(1, len(stops)) if stops[at][0] >= here)
        (a, low), (b, high) = stops[right - 1], stops[right]
        values.append(round(low + (high - low) * (here - a) / (b - a)))
    return Image.frombytes("L", (256, 1), bytes(values))


def _tinted(colour: str, light: Image.Image) -> Image.Image:
    """`colour` where the light is 128, darker and lighter elsewhere."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    tables = [
        [round(one * v / 128) if v <= 128 else round(one + (255 - one) * (v - 128) / 150) for v in range(256)]
        for one in parts
    ]
    return Image.merge("RGB", [light.point(table) for table in tables])


def _shaded(colour: str, width: int) -> Image.Image:
    return _tinted(colour, _across(_ROUND).resize((max(2, width), 1), Image.Resampling.BILINEAR))


def _ring(draw: ImageDraw.ImageDraw, *, edge: tuple[float, float, float, float], width: int) -> None:
    draw.ellipse(edge, outline=255, width=width)


def _filled(draw: ImageDraw.ImageDraw, *, points: Sequence[tuple[float, float]]) -> None:
    draw.polygon(points, fill=255)


def _mask(draw_on: Callable[[ImageDraw.ImageDraw], object]) -> Image.Image:
    """The shape with soft edges: drawn as it is, smoothed where it stands and nowhere else."""
    mask = Image.new("L", (SIDE, SIDE))
    draw_on(ImageDraw.Draw(mask))
    left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
    area = (max(0, left - 2), max(0, top - 2), min(SIDE, right + 2), min(SIDE, bottom + 2))
    mask.paste(mask.crop(area).filter(ImageFilter.BoxBlur(0.8)), area)
    return mask


def _area(x: float, low: float, width: float, height: float) -> tuple[int, int, int, int]:
    """Where a thing stands, with room for its foot."""
    return (
        max(0, int(x - width / 2) - 4),
        max(0, int(low - height) - 4),
        min(SIDE, int(x + width / 2) + 4),
        min(SIDE, int(low + width * 0.2)),
    )


def _outline(profile: Profile, x: float, top: float, half: float, height: float) -> list[tuple[float, float]]:
    """Right side down, foot and left side up, round between the points."""
    smooth: list[tuple[float, float]] = []
    points = [profile[0], *profile, profile[-1]]
    for at in range(1, len(points) - 2):
        p0, p1, p2, p3 = points[at - 1 : at + 3]
        smooth += [_between(p0, p1, p2, p3, step / 12) for step in range(12)]
    smooth.append(profile[-1])
    right = [(x + r * half, top + y * height) for y, r in smooth]
    foot = profile[-1][1] * half
    bowl = [
        (x + foot * share, top + height + foot * _FLAT * 0.5 * (1 - share * share)) for share in (0.6, 0.2, -0.2, -0.6)
    ]
    return [*right, *bowl, *[(2 * x - left, y) for left, y in reversed(right)]]


def _between(
    p0: tuple[float, float], p1: tuple[float, float], p2: tuple[float, float], p3: tuple[float, float], t: float
) -> tuple[float, float]:
    """Catmull-Rom."""

    def one(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)

    return one(p0[0], p1[0], p2[0], p3[0]), one(p0[1], p1[1], p2[1], p3[1])


# --- things ---------------------------------------------------------------------------------------------------------


def _mug(picture: Photo) -> None:
    picture.handle(705, 570, 220, 260, picture.colours.main)
    picture.turned(_MUG, 420, 420, picture.colours.main)


def _teapot(picture: Photo) -> None:
    colour = picture.colours.main
    picture.handle(730, 560, 260, 280, colour)
    spout = [(300, 620), (170, 440), (214, 424), (380, 540)]
    picture.paint(_lit(colour, 0.12), _mask(lambda draw: draw.polygon(spout, fill=255)))
    picture.turned(_POT, 500, 400, colour)
    picture.lid(500, 372, 190, colour)


def _plate(picture: Photo) -> None:
    colours = picture.colours
    picture.shadow(470, 800, 700)
    picture.disc(500, 600, 760, 470, _lit(colours.main, -0.25), colours.main)
    picture.disc(500, 596, 620, 370, _lit(colours.main, -0.12), _lit(colours.main, 0.18))
    picture.disc(500, 592, 420, 240, colours.second, _lit(colours.main, 0.3))


def _jug(picture: Photo) -> None:
    picture.handle(690, 480, 230, 320, picture.colours.main)
    picture.turned(_JUG, 400, 520, picture.colours.main)


def _planter(picture: Photo) -> None:
    picture.leaves(500, 470, "#5b7a48")
    picture.turned(_PLANTER, 430, 360, picture.colours.main)
    picture.leaves(500, 440, "#6b8c52")


def _canister(picture: Photo) -> None:
    picture.turned(_CANISTER, 360, 440, picture.colours.main)
    picture.lid(500, 330, 380, picture.colours.second)


def _gaiwan(picture: Photo) -> None:
    colour = picture.colours.main
    picture.disc(500, 770, 560, 120, _lit(colour, -0.2), _lit(colour, 0.2))
    picture.turned(_PIALA, 430, 310, colour, low=765)
    picture.lid(500, 450, 390, colour)


def _service(picture: Photo) -> None:
    picture.turned(_PIALA, 250, 160, picture.colours.second, 240, 720)
    picture.turned(_PIALA, 250, 160, picture.colours.main, 790, 745)
    picture.turned(_POT, 360, 300, picture.colours.main, 510, 700)
    picture.lid(510, 402, 150, picture.colours.main)


MOTIFS: dict[str, Callable[[Photo], None]] = {
    "piala": lambda picture: picture.turned(_PIALA, 480, 300, picture.colours.main),
    "mug": _mug,
    "teapot": _teapot,
    "plate": _plate,
    "bowl": lambda picture: picture.turned(_BOWL, 600, 320, picture.colours.main),
    "vase": lambda picture: picture.turned(_VASE, 380, 560, picture.colours.main),
    "jug": _jug,
    "planter": _planter,
    "candle": lambda picture: picture.turned(_CANDLE, 300, 360, picture.colours.main),
    "canister": _canister,
    "gaiwan": _gaiwan,
    "service": _service,
}
