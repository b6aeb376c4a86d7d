"""Static files of the shops: `sites/static` and the themes, and what is made of them: minified, and joined into few.

    /static/<version>/shop/js/main.js        a file as it was written; <version> changes with any file
    /static/<version>/min/shop/js/main.js    the same, minified
    /static/<hash>/joined/tea.min.css        what every page of a theme loads, in one; <hash> is of its bytes

The version stands in the path, not in a query, so that a module's relative import stays inside it: one release never
mixes with another. A file that no minifier can do, or that cannot be joined, is served as it is; `left` tells of it.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from sites import joining, minifying

logger = logging.getLogger(__name__)

HERE: Final = Path(__file__).resolve().parent
#: where a name is looked for: its first part -> the folder
ROOTS: Final[dict[str, Path]] = {"shop": HERE / "static" / "shop", "themes": HERE / "themes"}
#: what every page of every shop loads, in this order; its theme's own styles come after these
STYLES: Final = ("shop/css/shop.css", "shop/css/cart.css", "shop/css/search.css")
SCRIPTS: Final = ("shop/js/main.js", "shop/js/order.js")

_TYPES: Final = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css", ".webmanifest": "text/json"}


@dataclass(frozen=True)
class Asset:
    """A file to be served. `etag` is a hash of its bytes, in quotes; `body` None: they are those of the file."""

    path: Path
    type: str
    etag: str
    body: bytes | None = None

    @property
    def version(self) -> str:
        """Of this file alone."""
        return self.etag[1:11]

    def read(self) -> bytes:
        return self.path.read_bytes() if self.body is None else self.body


@dataclass(frozen=True)
class Manifest:
    """`left`: files, and groups of them, that are served as they are, and why."""

    version: str
    files: dict[str, Asset]
    left: dict[str, str]


@lru_cache(maxsize=1)
def manifest() -> Manifest:
    """Every static file by its name, read once."""
    return _made_of(_found())


def _made_of(found: Iterable[tuple[str, Path]]) -> Manifest:
    whole = hashlib.sha256()
    files: dict[str, Asset] = {}
    left: dict[str, str] = {}
    for name, path in found:
        files[name] = _asset(path, path.read_bytes(), is_made=False)
        whole.update(f"{name}\0{files[name].etag}\n".encode())
    sources = dict(files)
    for name, asset in sources.items():
        if name.endswith((".css", ".js")):
            text, why = _minified(name, _placed(sources, name))
            files[f"min/{name}"] = _asset(asset.path, text.encode())
            left |= {name: why} if why else {}
    for name, text in _joined(sources, left):
        minified, why = _minified(name, text)
        files[name] = _asset(Path(name), text.encode())
        files[_minified_name(name)] = _asset(Path(name), minified.encode())
        left |= {name: why} if why else {}
    for name, why in left.items():
        logger.error("the static file %s is served as it is: %s", name, why)
    # What the files are made into shows in their pages too
    whole.update("".join(asset.etag for asset in files.values()).encode())
    return Manifest(whole.hexdigest()[:10], files, left)


def url(name: str, *, is_minified: bool = False) -> str:
    """The address of a static file. A name that does not exist still gets one: a missing picture breaks no page."""
    known = manifest()
    if is_minified and f"min/{name}" in known.files:
        return f"/static/{known.version}/min/{name}"
    return f"/static/{known.version}/{name}"


def styles(theme: str, *, is_minified: bool, is_joined: bool) -> list[str]:
    """Addresses of the styles of every page, in the order they apply."""
    if is_joined and (joined := _joined_url(f"joined/{theme}.css", is_minified)):
        return [joined]
    return [url(name, is_minified=is_minified) for name in (*STYLES, _theme_style(theme))]


def scripts(*, is_minified: bool, is_joined: bool) -> tuple[list[str], list[str]]:
    """Addresses of the modules of every page, and of those that they import: a browser may fetch them at once."""
    if is_joined and (joined := _joined_url("joined/shop.js", is_minified)):
        return [joined], []
    imported = [name for name in _modules() if name not in SCRIPTS]
    return [url(name, is_minified=is_minified) for name in SCRIPTS], [
        url(name, is_minified=is_minified) for name in imported
    ]


def find(path: str) -> tuple[Asset, bool] | None:
    """The file behind a path below `/static/`, and whether it was asked for by today's version."""
    known = manifest()
    if path in known.files:
        return known.files[path], False
    version, _, name = path.partition("/")
    asset = known.files.get(name)
    return None if asset is None else (asset, version in (known.version, asset.version))


def addresses() -> Iterator[tuple[str, Asset]]:
    """Each address, without `/static/`, that always has the same bytes: what may lie as a file for ever."""
    known = manifest()
    for name, asset in known.files.items():
        yield f"{known.version}/{name}", asset
        if asset.version != known.version and not name.startswith("min/"):
            yield f"{asset.version}/{name}", asset


# --- what is made of them ------------------------------------------------------------------------------------------


def _joined(files: dict[str, Asset], left: dict[str, str]) -> Iterator[tuple[str, str]]:
    for theme in sorted({name.split("/")[1] for name in files if name.startswith("themes/")}):
        parts = [name for name in (*STYLES, _theme_style(theme)) if name in files]
        yield f"joined/{theme}.css", joining.join_styles([_placed(files, name) for name in parts])
    try:
        modules = {name: asset.read().decode() for name, asset in files.items() if name.endswith(".js")}
        yield "joined/shop.js", joining.join_modules(modules, SCRIPTS)
    except joining.CannotJoin as error:
        left["joined/shop.js"] = str(error)


def _placed(files: dict[str, Asset], name: str) -> str:
    """The text of a file that will lie in another folder: what its styles point to is named by its own version."""
    text = files[name].read().decode()
    if not name.endswith(".css"):
        return text

    def address(target: str) -> str:
        asset = files.get(target)
        return f"/static/{asset.version}/{target}" if asset else f"/static/{target}"

    return joining.place_styles(text, name, address)


def _minified(name: str, text: str) -> tuple[str, str]:
    """The minified text and "", or the text as it is and why."""
    try:
        return minifying.minify(text, name.rpartition(".")[2]), ""
    except minifying.CannotMinify as error:
        return text, str(error)


def _joined_url(name: str, is_minified: bool) -> str:
    name = _minified_name(name) if is_minified else name
    asset = manifest().files.get(name)
    return f"/static/{asset.version}/{name}" if asset else ""


def _minified_name(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    return f"{stem}.min.{kind}"


def _theme_style(theme: str) -> str:
    return f"themes/{theme}/theme.css"


@lru_cache(maxsize=1)
def _modules() -> Sequence[str]:
    """Every module that a page's scripts are made of, in the order they run."""
    modules = {name: asset.read().decode() for name, asset in manifest().files.items() if name.startswith("shop/js/")}
    try:
        return joining.order_of(modules, SCRIPTS)
    except joining.CannotJoin:
        return SCRIPTS


def _asset(path: Path, body: bytes, *, is_made: bool = True) -> Asset:
    digest = hashlib.sha256(body).hexdigest()
    return Asset(path, _type_of(path), f'"{digest[:20]}"', body if is_made else None)


def _found() -> list[tuple[str, Path]]:
    found = []
    for root, folder in ROOTS.items():
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".html":
                found.append((f"{root}/{path.relative_to(folder).as_posix()}", path))
    return sorted(found)


def _type_of(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
