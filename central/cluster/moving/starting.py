"""Beginning a move from the desk: by the very command, in a process of its own that outlives the request."""

from __future__ import annotations

import subprocess
import threading
import time

from central.cluster.moving import mover, record
from central.cluster.moving.errors import MoveRefused
from node import supervise
from node.config import config
from node.places import ROOT

#: seconds for the process to begin
PATIENCE_S = 20.0
LOG = "logs/realm-move.log"


def start(realm: str, url: str, *, by: str) -> None:
    """Refuse what can be refused at once, then begin. Raises `MoveRefused`, `CannotWrite`."""
    mover.plan(realm, url, by=by)
    if record.is_moving(realm):
        raise MoveRefused(f"the realm '{realm}' is being moved already")
    settings = config()
    before = record.last(realm)
    log = settings.home / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    words = ["--home", str(settings.home), "realm", "move", realm, "--to", "-", "--by", by]
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 - our own command
            supervise.python("-m", "node.cli", *words),
            env=supervise.environment(settings),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert child.stdin is not None  # noqa: S101
    # Not among the arguments, which every user of the machine may read.
    child.stdin.write(f"{url}\n".encode())
    child.stdin.close()
    threading.Thread(target=child.wait, name="realm-move", daemon=True).start()
    until = time.monotonic() + PATIENCE_S
    while record.last(realm) == before:
        if child.poll() is not None or time.monotonic() > until:
            raise MoveRefused(f"the move did not begin; {log} says why")
        time.sleep(0.1)
