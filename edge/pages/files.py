"""Pages as files that nginx, Caddy or this edge serve: `<folder>/<host>/<path>.html`, with `.gz` and `.br` beside it.

Whoever reads while a page is replaced, and whatever stops the writing, gets one whole version: the packed forms go
before the page changes and come back after it, each by a rename; a server that misses them packs by itself or not at
all. A page and its packed forms have one time, whole seconds, that grows with each change: servers make the ETag of
time and size.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import brotli

#: how hard a page is packed: at once when it changes, as well as can be when there is time
Effort = Literal["quick", "best"]
_GZIP: Final[dict[Effort, int]] = {"quick": 5, "best": 9}
_BROTLI: Final[dict[Effort, int]] = {"quick": 4, "best": 11}

PACKED: Final = (".gz", ".br")
_TEMPORARY: Final = ".writing-"
#: what file systems allow of a name, in bytes
_LONGEST: Final = 255
_SUFFIX: Final = ".html"


def place(folder: Path, host: str, path: str) -> Path | None:
    """Where the page at an unquoted `path` of `host` lies; None for an address that no file can stand for."""
    parts = ["index"] if path == "/" else path.split("/")[1:]
    if not all(map(_is_name, [host, *parts])):
        return None
    return folder.joinpath(host, *parts[:-1], parts[-1] + _SUFFIX)


def _is_name(part: str) -> bool:
    if not part or part.startswith(".") or any(sign < " " or sign in "\\\x7f" for sign in part):
        return False
    return len(f"{part}{_SUFFIX}.gz".encode()) <= _LONGEST


def write(file: Path, body: bytes, effort: Effort = "quick", *, packs: bool = True) -> int:
    """Replace a page; returns its time. Raises `OSError`; then the old page stands, packed or not.

    `packs` False: there will be no packed forms.
    """
    when = _next_time(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    forms = {"": body, **(_forms(body, effort) if packs else {})}
    with contextlib.ExitStack() as stack:
        ready = {suffix: stack.enter_context(_written(file, form, when)) for suffix, form in forms.items()}
        for suffix in PACKED:
            _packed(file, suffix).unlink(missing_ok=True)
        for suffix, temporary in ready.items():
            os.replace(temporary, _packed(file, suffix))
    _sync_folder(file.parent)
    return when


def pack(file: Path, body: bytes, when: int) -> None:
    """Pack a page that stays as it is as well as can be."""
    with contextlib.ExitStack() as stack:
        for suffix, form in _forms(body, "best").items():
            os.replace(stack.enter_context(_written(file, form, when)), _packed(file, suffix))


def unpack(file: Path) -> None:
    """Take the packed forms away: the page goes out as it is."""
    for suffix in PACKED:
        _packed(file, suffix).unlink(missing_ok=True)


def is_packed(file: Path) -> bool:
    return _packed(file, PACKED[-1]).exists()


def remove(file: Path) -> None:
    """Take a page away, its packed forms first: a server that has them only would go on with them."""
    for suffix in (*PACKED, ""):
        _packed(file, suffix).unlink(missing_ok=True)


def read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_forms(file: Path) -> tuple[bytes, bytes | None, bytes | None] | None:
    """A page as it lies and its packed forms, those of them that are of the same version; None when it is not there."""
    held = _timed(file)
    if held is None:
        return None
    body, when = held
    packed = (_timed(_packed(file, suffix)) for suffix in PACKED)
    zipped, brotlied = (form[0] if form and form[1] == when else None for form in packed)
    return body, zipped, brotlied


def _timed(file: Path) -> tuple[bytes, int] | None:
    """The bytes of one version of a file and its time, whatever is renamed over it meanwhile."""
    try:
        with file.open("rb") as held:
            return held.read(), os.fstat(held.fileno()).st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None


def sweep(folder: Path) -> int:
    """Remove what a writer that was killed left behind. Returns how many files."""
    left = [path for path in folder.rglob(f"{_TEMPORARY}*") if path.is_file()]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _forms(body: bytes, effort: Effort) -> dict[str, bytes]:
    return {
        ".gz": gzip.compress(body, _GZIP[effort], mtime=0),
        ".br": brotli.compress(body, quality=_BROTLI[effort]),
    }


def _packed(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _next_time(file: Path) -> int:
    """Now, or a second after the page's time: two versions of one second and one size would have one ETag."""
    try:
        return max(int(time.time()), int(file.stat().st_mtime) + 1)
    except (FileNotFoundError, NotADirectoryError):
        return int(time.time())


@contextlib.contextmanager
def _written(file: Path, body: bytes, when: int) -> Iterator[str]:
    """A file on the disk beside `file`, to be renamed; it goes if that did not happen."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=_TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.flush()
            os.fchmod(out.fileno(), 0o644)
            os.utime(out.fileno(), (when, when))
            os.fsync(out.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
