"""`make(original, spec)`: one picture out of another. The only module of the product that changes pixels.

Call it through `infra.images.workshop`: what is in an original nobody knows before it is read, and reading it may
take all memory there is.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageFont, ImageOps, ImageSequence, UnidentifiedImageError

from infra.images.errors import BrokenPicture, FileTooLarge, NoPicture, TooManyPixels
from infra.images.spec import Made, Mark, Spec

MAX_BYTES: Final = 20_000_000
MAX_PIXELS: Final = 50_000_000
#: of an animation, all its pictures together
MAX_MOVING_PIXELS: Final = 200_000_000

_READABLE: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_CORNERS: Final = {
    "top-left": (0.0, 0.0),
    "top-right": (1.0, 0.0),
    "bottom-left": (0.0, 1.0),
    "bottom-right": (1.0, 1.0),
    "centre": (0.5, 0.5),
}
#: of the picture's shorter side
_MARGIN: Final = 0.03
_FONTS: Final = Path(__file__).with_name("fonts")
#: size of a watermark's letters before they are brought to its size, and of the dark edge around them
_LETTER, _EDGE = 120, 6
#: encoders that are slower save a few per cent more; measured on photos of goods
_AVIF_SPEED: Final = 7


def make(original: bytes, spec: Spec) -> Made:
    """Make one output. Turned as its EXIF says, in sRGB, without metadata. Raises an `UnfitPicture`."""
    if len(original) > MAX_BYTES:
        raise FileTooLarge(
            f"the file has {len(original)} bytes, more than {MAX_BYTES}: save it smaller and upload it again",
            size=len(original),
            most=MAX_BYTES,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `_refuse_huge` is stricter
            with Image.open(io.BytesIO(original), formats=_READABLE) as image:
                _refuse_huge(image)
                return _make(image, spec)
    except UnidentifiedImageError as error:
        raise NoPicture("these bytes are no JPEG, PNG, WebP, GIF or AVIF: upload the picture itself") from error
    except Image.DecompressionBombError as error:
        raise TooManyPixels(f"{error}: save it smaller and upload it again") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, ImageCms.PyCMSError) as error:
        # Pillow tells of broken files by all of these.
        raise BrokenPicture(
            f"the picture is cut off or broken ({error}): upload it again from where it came"
        ) from error


def _refuse_huge(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TooManyPixels(
            f"the picture has {width} × {height} pixels, more than {MAX_PIXELS} in all: "
            "save it smaller and upload it again",
            width=width,
            height=height,
            most=MAX_PIXELS,
        )


def _make(image: Image.Image, spec: Spec) -> Made:
    frames = getattr(image, "n_frames", 1)
    if spec.is_moving and frames > 1:
        if frames * image.width * image.height > MAX_MOVING_PIXELS:
            raise TooManyPixels(
                f"the animation has {frames} pictures of {image.width} × {image.height} pixels, "
                f"more than {MAX_MOVING_PIXELS} in all: make it shorter or smaller",
                width=image.width,
                height=image.height,
                most=MAX_MOVING_PIXELS,
            )
        return _moving(image, spec)
    return _encoded(_finished(image, spec), spec, str(image.format))


def _finished(image: Image.Image, spec: Spec) -> Image.Image:
    """Upright, in sRGB, of its new size, marked: "RGB" or "RGBA"."""
    if image.format == "JPEG" and spec.mode == "fit":
        # A JPEG can be read at a half, a quarter, an eighth: less memory and time, no loss at twice the size wanted.
        side = max(spec.width, spec.height) * 2
        image.draft(None, (side, side))
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    sized = _sized(_plain(upright, profile), spec)
    return _marked(sized, spec.mark) if spec.mark else sized


def _plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """ "RGB", or "RGBA" where something is see-through; its numbers mean sRGB."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16 bits a channel: Pillow would cut off what is above 255 rather than scale it.
        image = image.point(lambda value: value / 256).convert("L") if image.mode != "L" else image
    alpha = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema() == (255, 255):
            alpha = None
        image = image.convert("RGB")
    if image.mode not in ("RGB", "CMYK", "L", "LAB"):
        image = image.convert("RGB")
    plain = _in_srgb(image, profile) if profile else image.convert("RGB")
    if alpha is not None:
        plain.putalpha(alpha)
    plain.info = {}
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile of another kind of picture, or a broken one: browsers show such a picture as sRGB too.
        return image.convert("RGB")
    return made if made is not None else image.convert("RGB")


# --- size -----------------------------------------------------------------------------------------------------------


def _sized(image: Image.Image, spec: Spec) -> Image.Image:
    box, size = _frame(image.size, spec)
    if box == (0.0, 0.0, *map(float, image.size)) and size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _frame(size: tuple[int, int], spec: Spec) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """(what is kept of the original, the size it gets)."""
    width, height = size
    wide, high = spec.width or width, spec.height or height
    if spec.mode == "fit" or not (spec.width and spec.height):
        share = min(1.0, wide / width if spec.width else 1.0, high / height if spec.height else 1.0)
        return (0.0, 0.0, float(width), float(height)), _whole(width * share, height * share)
    ratio = wide / high
    kept_width, kept_height = (height * ratio, height) if width / height > ratio else (width, width / ratio)
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    share = min(1.0, wide / kept_width)
    return (left, top, left + kept_width, top + kept_height), _whole(kept_width * share, kept_height * share)


def _whole(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width)), max(1, round(height))


# --- watermark ------------------------------------------------------------------------------------------------------


def _marked(image: Image.Image, mark: Mark) -> Image.Image:
    stamp = _picture_stamp(mark, image.size) if mark.picture else _text_stamp(mark, image.size)
    if stamp is None:
        return image
    margin = round(min(image.size) * _MARGIN)
    across, down = _CORNERS[mark.corner]
    left = round(margin + (image.width - 2 * margin - stamp.width) * across)
    top = round(margin + (image.height - 2 * margin - stamp.height) * down)
    under = image.convert("RGBA")
    under.alpha_composite(stamp, (max(0, left), max(0, top)))
    return under if image.mode == "RGBA" else under.convert("RGB")


def _picture_stamp(mark: Mark, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(mark.picture), formats=_READABLE) as opened:
        _refuse_huge(opened)
        stamp = _plain(ImageOps.exif_transpose(opened), opened.info.get("icc_profile")).convert("RGBA")
    return _faint(stamp.resize(_within(stamp.size, size, mark.size), Image.Resampling.LANCZOS), mark.opacity)


def _text_stamp(mark: Mark, size: tuple[int, int]) -> Image.Image | None:
    """White letters with a thin dark edge: to be read on light and on dark."""
    text = " ".join(mark.text.split())
    if not text:
        return None
    runs = [(font, "".join(letters)) for font, letters in groupby(text, _font_for)]
    widths = [font.getlength(letters) for font, letters in runs]
    drawn = Image.new("RGBA", (ceil(sum(widths)) + 2 * _EDGE, 2 * _LETTER), (0, 0, 0, 0))
    draw, left = ImageDraw.Draw(drawn), float(_EDGE)
    for (font, letters), width in zip(runs, widths, strict=True):
        look: dict[str, Any] = {"stroke_width": _EDGE, "stroke_fill": (0, 0, 0, 140), "anchor": "ls"}
        draw.text((left, 1.4 * _LETTER), letters, font=font, fill=(255, 255, 255, 255), **look)
        left += width
    drawn = drawn.crop(drawn.getbbox())
    return _faint(drawn.resize(_within(drawn.size, size, mark.size), Image.Resampling.LANCZOS), mark.opacity)


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(io.BytesIO((_FONTS / f"inter-{name}-wght-normal.woff2").read_bytes()), _LETTER)
    font.set_variation_by_axes([600])
    return font


def _font_for(letter: str) -> ImageFont.FreeTypeFont:
    """Each file holds the letters of one script."""
    return _font("cyrillic" if "\u0400" <= letter <= "\u0491" or letter == "\u2116" else "latin")


def _within(stamp: tuple[int, int], size: tuple[int, int], percent: int) -> tuple[int, int]:
    """The stamp at `percent` of the width, and never higher than half of the picture."""
    share = min(size[0] * percent / 100 / stamp[0], size[1] / 2 / stamp[1])
    return _whole(stamp[0] * share, stamp[1] * share)


def _faint(stamp: Image.Image, opacity: int) -> Image.Image:
    alpha = ImageChops.multiply(stamp.getchannel("A"), Image.new("L", stamp.size, round(opacity * 2.55)))
    stamp.putalpha(alpha)
    return stamp


# --- bytes ----------------------------------------------------------------------------------------------------------


def _encoded(image: Image.Image, spec: Spec, was: str) -> Made:
    ext = spec.format if spec.format != "kept" else _kept(image, was)
    out = io.BytesIO()
    image.save(out, **_options(ext, spec))
    return Made(data=out.getvalue(), ext=ext, width=image.width, height=image.height)


def _kept(image: Image.Image, was: str) -> str:
    if was == "PNG" or image.mode == "RGBA":
        return "png"
    return "jpg"


def _options(ext: str, spec: Spec) -> dict[str, Any]:
    if ext == "avif":
        return {"format": "AVIF", "quality": spec.quality, "speed": _AVIF_SPEED, "max_threads": 1}
    if ext == "webp":
        return {"format": "WEBP", "quality": spec.quality, "method": 4}
    if ext == "jpg":
        return {"format": "JPEG", "quality": spec.quality, "optimize": True, "progressive": True}
    return {"format": "PNG", "optimize": True} if ext == "png" else {"format": "GIF"}


def _moving(image: Image.Image, spec: Spec) -> Made:
    """An animation stays one, with the same pauses, and goes round as often."""
    ext = "gif" if spec.format == "kept" else spec.format
    pauses: list[int] = []
    loop = image.info.get("loop", 0)

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(image):
            pauses.append(int(frame.info.get("duration", 100)))
            sized = _sized(_plain(frame.convert("RGBA"), None), spec)
            marked = _marked(sized, spec.mark) if spec.mark else sized
            yield marked.convert("RGBA")

    made = list(frames())
    first, rest = made[0], made[1:]
    out = io.BytesIO()
    more: dict[str, Any] = {} if ext == "avif" else {"loop": loop}
    if ext == "gif":
        more["disposal"] = 2  # each picture is whole: what was see-through stays so
    first.save(out, **_options(ext, spec), save_all=True, append_images=rest, duration=pauses, **more)
    return Made(data=out.getvalue(), ext=ext, width=first.width, height=first.height)
