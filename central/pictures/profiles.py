"""How a site's pictures are made: the profile people edit, and the outputs that follow from it. Arithmetic, no rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from infra.images.spec import ENGINE, Corner, Mark, Mode, Spec

#: ratio of width to height a picture is cut to
RATIOS: Final[dict[str, tuple[int, int]]] = {
    "1:1": (1, 1),
    "4:3": (4, 3),
    "3:4": (3, 4),
    "4:5": (4, 5),
    "3:2": (3, 2),
    "16:9": (16, 9),
}
#: the widest output; more is no picture of goods on any screen
MAX_WIDTH: Final = 4_000

Role = Literal["source", "kept", "thumb"]


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site does with every raster picture. Sides are CSS pixels; each is made for each factor of `retina`."""

    is_on: bool = True
    widths: list[int] = field(default_factory=lambda: [400, 800])
    #: side of the square in carts and line cards
    thumb: int = 88
    retina: list[int] = field(default_factory=lambda: [1, 2])
    #: "" as it is, else a key of `RATIOS`
    ratio: str = ""
    formats: list[str] = field(default_factory=lambda: ["avif", "webp"])
    quality_avif: int = 62
    quality_webp: int = 78
    quality_jpeg: int = 82
    animation: Literal["keep", "first"] = "keep"
    mark: Literal["none", "text", "picture"] = "none"
    mark_text: str = ""
    #: sha256 of a kept picture
    mark_picture: str = ""
    mark_corner: Corner = "bottom-right"
    mark_opacity: int = 45
    mark_size: int = 30
    #: shops get no original, not even while nothing is made of it yet
    hides_originals: bool = False
    #: files lie in a folder for each category
    by_category: bool = True

    @property
    def key(self) -> str:
        """Equal for equal outputs."""
        made_of = msgspec.structs.replace(self, is_on=True, hides_originals=False, by_category=True)
        return hashlib.sha256(b"%d " % ENGINE + msgspec.json.encode(made_of)).hexdigest()

    @property
    def all_widths(self) -> list[int]:
        """In device pixels, rising."""
        return sorted({width * factor for width in self.widths for factor in self.retina})


@dataclass(frozen=True)
class Wanted:
    """One output: what to make, and what it is for."""

    role: Role
    spec: Spec


def wanted_of(profile: Profile, width: int, mark: bytes = b"") -> list[Wanted]:
    """The outputs of an original `width` pixels wide. `mark`: the bytes of the watermark, if it is a picture.

    The one fallback for browsers that know neither AVIF nor WebP is made for plain screens only.
    """
    stamp = _mark(profile, mark)
    found = []
    for format in ("avif", "webp"):
        if format in profile.formats:
            quality = profile.quality_avif if format == "avif" else profile.quality_webp
            found += [
                Wanted("source", _spec(profile, format, wide, quality, stamp))
                for wide in _fit(profile.all_widths, width)
            ]
    found += [
        Wanted("kept", _spec(profile, "kept", wide, profile.quality_jpeg, stamp))
        for wide in _fit(sorted(profile.widths), width)
    ]
    side = profile.thumb * max(profile.retina)
    format, quality = ("webp", profile.quality_webp) if profile.formats else ("kept", profile.quality_jpeg)
    thumb = Spec(format=format, width=side, height=side, mode="cover", quality=quality, is_moving=False)  # type: ignore[arg-type]
    return [*found, Wanted("thumb", thumb)]


def _fit(widths: list[int], original: int) -> list[int]:
    """The widths an original has pixels for; the first that it has not stands for its own width."""
    enough = [wide for wide in widths if wide < original]
    return [*enough, original] if len(enough) < len(widths) else enough


def _spec(profile: Profile, format: str, width: int, quality: int, mark: Mark | None) -> Spec:
    mode: Mode = "cover" if profile.ratio else "fit"
    across, down = RATIOS.get(profile.ratio, (1, 0))
    return Spec(
        format=format,  # type: ignore[arg-type]  # "avif", "webp" or "kept"
        width=width,
        height=round(width * down / across) if profile.ratio else 0,
        mode=mode,
        quality=quality,
        mark=mark,
        is_moving=profile.animation == "keep",
    )


def _mark(profile: Profile, picture: bytes) -> Mark | None:
    text = profile.mark_text if profile.mark == "text" else ""
    picture = picture if profile.mark == "picture" else b""
    if not text and not picture:
        return None
    return Mark(
        text=text,
        picture=picture,
        corner=profile.mark_corner,
        opacity=profile.mark_opacity,
        size=profile.mark_size,
    )
