"""Which addresses of realms have moved where: what a running process follows, without being started anew.

`moves/moved.json` in the node's home maps an address to the one that took its place. `rialto realm move` writes it,
after `rialto.toml` says the same for all later starts. A process looks at the file's time before each transaction.
An address edited by hand is nobody's move: it counts from the next start, as every setting.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

FOLDER = "moves"
FILE = "moved.json"


def folder_of(home: Path) -> Path:
    return home / FOLDER


def stamp_of(home: Path) -> tuple[int, int]:
    """Changes whenever the file does; (0, 0) while nothing has ever moved."""
    try:
        found = os.stat(f"{home}/{FOLDER}/{FILE}")
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def read(home: Path) -> dict[str, str]:
    """Address -> the address that took its place."""
    try:
        return {str(old): str(new) for old, new in json.loads((folder_of(home) / FILE).read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}


def now_at(url: str, moves: Mapping[str, str]) -> str:
    """Where what was at `url` is now; `url` itself when it did not move."""
    for _ in range(len(moves)):
        if url not in moves:
            break
        url = moves[url]
    return url


def note(home: Path, old: str, new: str) -> None:
    """Say that what was at `old` is at `new`. Writing it again changes nothing."""
    moves = {was: to for was, to in read(home).items() if was not in (old, new)}
    write_private(folder_of(home) / FILE, json.dumps({**moves, old: new}))


def write_private(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all, and onto the disk; addresses hold passwords, so it is ours alone."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), mode)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
