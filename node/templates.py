"""Migrated databases made once per version of the code, so that a fresh node starts in a second or two.

`.rialto/templates/<schema>/postgres` is a stopped data directory with every realm migrated, `edge.sqlite3` a migrated
edge. A node copies them; without them it migrates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from node import embedded, processes
from node.config import Config, load
from node.errors import Refused
from node.migrate import mark_current
from node.places import FILE_NAME, ROOT
from node.realm_names import CENTRAL_REALMS
from node.schema import templates_dir, templates_of_code

KEPT = 2  # a switch between two branches builds nothing


def current() -> Path | None:
    """The templates of this very code, or None when they have not been made."""
    found = templates_of_code()
    return found if found.is_dir() else None


def build(tell: Callable[[str], None] = lambda line: None) -> Path:
    """Make the templates of this code unless they are there. Raises `Locked` while another process makes them."""
    if found := current():
        return found
    templates_dir().mkdir(parents=True, exist_ok=True)
    with processes.file_lock(templates_dir() / "lock", "another process is preparing the databases: wait for it"):
        if found := current():
            return found
        with tempfile.TemporaryDirectory(dir=templates_dir(), prefix="making-") as scratch:
            made = _make(Path(scratch), tell)
            made.rename(templates_of_code())
        _prune()
    return templates_of_code()


def _make(scratch: Path, tell: Callable[[str], None]) -> Path:
    made = scratch / "made"
    made.mkdir()
    tell("databases of an edge")
    edge = _home(scratch / "e", "edge")
    edge_work = _migrating(edge)
    tell("databases of central")
    central = _home(scratch / "c", "central")
    server = embedded.Postgres(central, durable=False)
    server.make(CENTRAL_REALMS)
    server.launch()
    try:
        server.wait_ready()
        _finish(_migrating(central), central)
    finally:
        server.stop()
        _finish(edge_work, edge)
    server.data.rename(made / "postgres")
    (edge / "data" / "edge.sqlite3").rename(made / "edge.sqlite3")
    return made


def _home(path: Path, role: str) -> Path:
    path.mkdir(mode=0o700)
    (path / FILE_NAME).write_text(f'role = "{role}"\nsecret_key = "{"only-to-migrate-" * 3}"\n')
    return path


def _migrating(home: Path) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RIALTO_")}
    with (home / "migrate.log").open("wb") as out:
        return processes.launch(
            [sys.executable, "-P", "-m", "node.cli", "migrate"],
            env=kept | {"RIALTO_HOME": str(home), "PYTHONPATH": str(ROOT)},
            out=out,
        )


def _finish(work: subprocess.Popen[bytes], home: Path) -> None:
    if work.wait() != 0:
        raise Refused(f"the databases could not be prepared: {embedded.last_words(home / 'migrate.log', 12)}")


def _prune() -> None:
    made = [path for path in templates_dir().iterdir() if path.is_dir() and not path.name.startswith("making-")]
    for old in sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def copy_into(home: Path) -> bool:
    """Give a fresh node its databases from the template. False when there is none or the node has data already."""
    settings = load(home)
    template = current()
    if template is None:
        return False
    if settings.role == "edge":
        return _copy_edge(settings, template)
    server = embedded.Postgres(home)
    if server.is_made or len(settings.embedded_realms) != len(CENTRAL_REALMS):
        return False
    server.make(CENTRAL_REALMS, template / "postgres")
    mark_current(load(home))  # read again: the password in the URLs was made just now
    return True


def _copy_edge(settings: Config, template: Path) -> bool:
    target = settings.edge_database
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name("edge.new")
    shutil.copyfile(template / "edge.sqlite3", fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(target)
    mark_current(settings)
    return True
