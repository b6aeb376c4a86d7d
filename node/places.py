"""Where a node keeps things below its home directory. Pure paths and small secrets: no server is started here.

rialto.toml     settings
keys/           secrets and keys, 0700
data/           postgres/, valkey/, edge.sqlite3
media/          pictures by content hash
run/            sockets, locks, pid files, 0700
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import quote

from node.errors import Refused

FILE_NAME = "rialto.toml"
#: The checkout: requirements, migrations and templates are found from here.
ROOT = Path(__file__).resolve().parents[1]
#: sun_path holds 108 bytes with its final zero; PostgreSQL's socket adds "/.s.PGSQL.5432".
SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
POSTGRES_USER = "rialto"


def runtime_dir(home: Path) -> Path:
    """The directory of the node's sockets: `home/run`, or a short one in /tmp when that would be too long a path.

    The short one depends on the home's path and owner alone, so that every process of the node finds the same.
    """
    inside = home / "run"
    if len(os.fsencode(inside)) + len(LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"rialto-{_owner(home)}-{digest}"  # noqa: S108 - made 0700, its owner checked


def _owner(home: Path) -> int:
    try:
        return home.stat().st_uid
    except OSError:
        return os.getuid()


def make_private(directory: Path) -> Path:
    """Make `directory` with mode 0700. Refuses one that belongs to somebody else (someone may have put it in /tmp)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or (found.st_uid != os.geteuid() and os.geteuid() != 0):
        raise Refused(f"{directory} is not ours: remove it and start again", path=str(directory))
    directory.chmod(0o700)
    return directory


def read_secret(home: Path, name: str) -> str:
    """A secret out of `keys/`, or "" when there is none."""
    try:
        return (home / "keys" / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def make_secret(home: Path, name: str) -> str:
    """The secret `name`, made when there is none yet. The file is 0600 from its first byte."""
    if found := read_secret(home, name):
        return found
    make_private(home / "keys")
    value = secrets.token_urlsafe(48)
    handle = os.open(home / "keys" / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    return value


def postgres_url(home: Path, database: str) -> str:
    """Where a database of the embedded PostgreSQL is, or will be."""
    password = read_secret(home, "postgres_password")
    sockets = quote(str(runtime_dir(home)), safe="")
    return f"postgresql://{POSTGRES_USER}:{quote(password, safe='')}@/{database}?host={sockets}"


def valkey_url(home: Path) -> str:
    """Where the embedded Valkey is, or will be."""
    return f"unix://{quote(str(runtime_dir(home) / 'valkey.sock'))}"
