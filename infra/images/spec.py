"""What is to be made of a picture, and what came of it. No Pillow here: whoever only plans stays light."""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

import msgspec
from msgspec import Struct

#: raised when equal specs begin to give other pictures: all are made anew
ENGINE: Final = 1

#: "kept": JPEG stays JPEG and PNG stays PNG; else JPEG, PNG where it is see-through, GIF where it moves
Format = Literal["avif", "webp", "kept"]
Mode = Literal["fit", "cover"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right", "centre"]

CONTENT_TYPES: Final = {
    "avif": "image/avif",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
}


#: letters and signs a watermark can be written with: those of the fonts in `fonts/`
WRITABLE: Final = re.compile(
    r"[\u0020-\u007e\u00a0-\u00ff\u0152\u0153\u2013-\u2026\u20ac\u2116\u2122\u0400-\u045f\u0490\u0491]*"
)


class Mark(Struct, frozen=True, kw_only=True):
    """A watermark: `picture` (its bytes) or else `text`. `opacity` and `size` in percent, `size` of the width."""

    text: str = ""
    picture: bytes = b""
    corner: Corner = "bottom-right"
    opacity: int = 45
    size: int = 30


class Spec(Struct, frozen=True, kw_only=True):
    """One output. Sides in pixels, 0: as the other says. Never larger than the original.

    "fit": the whole picture within the sides. "cover": both sides' ratio, cut evenly where the picture is longer.
    """

    format: Format
    width: int
    height: int = 0
    mode: Mode = "fit"
    quality: int = 80  # 1 to 100
    mark: Mark | None = None
    is_moving: bool = True  # False: of an animation the first picture

    @property
    def key(self) -> str:
        """Equal for equal outputs of one original: 64 hexadecimal digits."""
        return hashlib.sha256(b"%d " % ENGINE + msgspec.msgpack.encode(self)).hexdigest()


class Made(Struct, frozen=True, kw_only=True):
    """One output: its bytes, what they are, and its sides in pixels."""

    data: bytes
    ext: str
    width: int
    height: int

    @property
    def type(self) -> str:
        return CONTENT_TYPES[self.ext]
