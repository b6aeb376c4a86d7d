"""Which node a command means when it is not told: here, or the demo that runs from this checkout."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from node import processes
from node.errors import WrongUse
from node.places import FILE_NAME, ROOT


def demo_record() -> Path:
    """Where a running demo of this checkout notes its directory and process."""
    return ROOT / ".rialto" / "demo-running.json"


def default_demo() -> Path:
    return ROOT / ".rialto" / "demo"


def running_demo() -> Path | None:
    """The directory of the demo that was started last from this checkout, if it still runs."""
    try:
        noted = json.loads(demo_record().read_text())
        return Path(noted["dir"]) if processes.is_alive(int(noted["pid"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find(role: str | None) -> Path:
    """RIALTO_HOME or --home, the current directory, the running demo, the default demo. Raises `WrongUse`."""
    if told := os.environ.get("RIALTO_HOME"):
        return Path(told).resolve()
    here = Path.cwd()
    if (here / FILE_NAME).exists():
        return here
    if role != "edge":
        for demo in (running_demo(), default_demo()):
            if demo is not None and (demo / "central" / FILE_NAME).exists():
                print(f"rialto: no node here; taking the demo's central in {demo}", file=sys.stderr)
                return demo / "central"
    raise WrongUse(
        f"there is no {FILE_NAME} in {here}: go to the node's directory, say --home DIR, "
        "or make a node with `rialto init central DIR`"
    )
