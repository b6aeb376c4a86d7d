"""Static files of the shops: `sites/static` and the themes, under one version that changes with any of them.

A page names a file as `/static/<version>/shop/js/main.js`. The version stands in the path, not in a query, so that
a module's relative import and a stylesheet's `url()` stay inside it: one release never mixes with another.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
#: where a name is looked for: its first part -> the folder
ROOTS: Final[dict[str, Path]] = {"shop": HERE / "static" / "shop", "themes": HERE / "themes"}

_TYPES: Final = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css", ".webmanifest": "text/json"}


@dataclass(frozen=True)
class Asset:
    """A file to be served. `etag` is a hash of its bytes, in quotes."""

    path: Path
    type: str
    etag: str

    def read(self) -> bytes:
        return self.path.read_bytes()


@dataclass(frozen=True)
class Manifest:
    version: str
    files: dict[str, Asset]


@lru_cache(maxsize=1)
def manifest() -> Manifest:
    """Every static file by its name, read once."""
    whole = hashlib.sha256()
    files: dict[str, Asset] = {}
    for name, path in _found():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{name}\0{digest}\n".encode())
        files[name] = Asset(path, _type_of(path), f'"{digest[:20]}"')
    return Manifest(whole.hexdigest()[:10], files)


def url(name: str) -> str:
    """The address of a static file. A name that does not exist still gets one: a missing picture breaks no page."""
    return f"/static/{manifest().version}/{name}"


def find(path: str) -> tuple[Asset, bool] | None:
    """The file behind a path below `/static/`, and whether it was asked for by today's version."""
    files = manifest().files
    if path in files:
        return files[path], False
    version, _, name = path.partition("/")
    if name not in files:
        return None
    return files[name], version == manifest().version


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
