"""What a picture's bytes are, whatever its name says. Central only: an edge trusts the hash that central signed off.

BadPicture: not a picture, too large, or an SVG that could do more than be looked at.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from xml.parsers import expat

from PIL import ExifTags, Image, UnidentifiedImageError

from node.errors import RialtoError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000

_EXT = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


class BadPicture(RialtoError):
    code = "bad_picture"
    status = 422


@dataclass(frozen=True)
class Seen:
    """`ext` of the content's own kind; width and height in pixels."""

    ext: str
    width: int
    height: int


def inspect_picture(data: bytes) -> Seen:
    """Look into the bytes: JPEG, PNG, WebP, GIF or a harmless SVG. Raises `BadPicture`."""
    if len(data) > MAX_BYTES:
        raise BadPicture(f"the picture has {len(data)} bytes, more than {MAX_BYTES}")
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _inspect_svg(data)
    return _inspect_raster(data)


def _inspect_raster(data: bytes) -> Seen:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_EXT)) as image:
                kind, (width, height) = image.format, image.size
                if width * height > MAX_PIXELS:
                    raise BadPicture(f"the picture has {width} × {height} pixels, more than {MAX_PIXELS} in all")
                image.load()
                if image.getexif().get(ExifTags.Base.Orientation, 1) >= 5:  # shown lying: browsers turn it
                    width, height = height, width
    except UnidentifiedImageError as error:
        raise BadPicture("these bytes are no JPEG, PNG, WebP, GIF or SVG") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPicture(f"the picture is broken: {error}") from error
    return Seen(_EXT[str(kind)], width, height)


# --- SVG ----------------------------------------------------------------------------------------------------------

#: what draws and nothing else: no script, no foreign content, no link, no animation that could set one
_ELEMENTS = set(
    """svg g defs symbol use title desc metadata path rect circle ellipse line polyline polygon text tspan style
    linearGradient radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix feComponentTransfer
    feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology
    feOffset feTile feTurbulence feDisplacementMap feDiffuseLighting feSpecularLighting feDistantLight fePointLight
    feSpotLight""".split()  # noqa: SIM905
)
_SVG = "http://www.w3.org/2000/svg"
#: what editors write about a drawing beside it; browsers draw none of it
_NOTES = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
)
_FETCHES = re.compile(r"@import|expression\s*\(|javascript:|\\|url\(\s*['\"]?\s*(?!#|['\"]?\s*#)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*")


class _Watch:
    """Expat handlers that refuse all that is not drawing."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.is_style = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if self.root is None:
            if local != "svg" or space not in ("", _SVG):
                raise BadPicture("these bytes are XML, but no SVG")
            self.root = attributes
        if not (local in _ELEMENTS if space in ("", _SVG) else space.startswith(_NOTES)):
            raise BadPicture(f"the SVG holds <{local}>, which does more than draw")
        for key, value in attributes.items():
            self._attribute(key.rpartition(" ")[2], value)
        self.is_style = local == "style"

    def _attribute(self, name: str, value: str) -> None:
        if name.lower().startswith("on"):
            raise BadPicture(f"the SVG holds the script attribute '{name}'")
        if name.lower() in ("href", "src", "base") and not value.startswith("#"):
            raise BadPicture("the SVG points outside itself")
        if _FETCHES.search(value):
            raise BadPicture(f"the SVG fetches something in '{name}'")

    def text(self, data: str) -> None:
        if self.is_style and _FETCHES.search(data):
            raise BadPicture("the SVG fetches something in its style")

    def end(self, name: str) -> None:
        self.is_style = False

    def doctype(self, *_: object) -> None:
        raise BadPicture("the SVG holds a document type, which can hide entities")

    def instruction(self, *_: object) -> None:
        raise BadPicture("the SVG holds a processing instruction")


def _inspect_svg(data: bytes) -> Seen:
    watch = _Watch()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    parser.CharacterDataHandler = watch.text
    parser.StartDoctypeDeclHandler = watch.doctype
    parser.ProcessingInstructionHandler = watch.instruction
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BadPicture(f"the SVG is broken: {error}") from error
    width, height = _svg_size(watch.root or {})
    return Seen("svg", width, height)


def _svg_size(root: dict[str, str]) -> tuple[int, int]:
    sides = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
    if sides[0] and sides[1]:
        return _whole(sides[0][1]), _whole(sides[1][1])
    box = root.get("viewBox", "").replace(",", " ").split()
    try:
        width, height = float(box[2]), float(box[3])
    except (IndexError, ValueError) as error:
        raise BadPicture("the SVG has neither width and height nor a viewBox") from error
    return _whole(str(width)), _whole(str(height))


def _whole(text: str) -> int:
    size = float(text)
    if not 1 <= size <= 20_000:  # false of "nan" too
        raise BadPicture(f"the SVG is {text} wide or high")
    return round(size)
