"""The version of the tables, computed from files alone: the launcher asks before any package is there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUR_FOLDERS = ("infra", "sync", "sites", "central", "edge")


def schema_of_code() -> str:
    """A hash of everything that decides the tables: our migrations, what is watched, the packages with migrations."""
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes())
    files = [file for folder in OUR_FOLDERS for file in (ROOT / folder).rglob("migrations/*.py")]
    files += [file for folder in OUR_FOLDERS for file in (ROOT / folder).rglob("watched.py")]
    files += [ROOT / "node" / "settings" / "roles.py"]
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:20]


def templates_dir() -> Path:
    """Where this installation keeps its database templates."""
    return Path(os.environ.get("RIALTO_TEMPLATES") or ROOT / ".rialto" / "templates")


def templates_of_code() -> Path:
    """The templates of this very code; the folder is there once they are made."""
    return templates_dir() / schema_of_code()
