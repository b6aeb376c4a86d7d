"""What a driver sees of a cluster beside its HTTP: a program at central that writes and reads, an edge's database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from node import processes, supervise
from node.bench.cluster import Cluster
from node.bench.shopper import Failed
from node.config import load
from node.places import ROOT

#: seconds between two looks into the edge's database: adds half of it to what is measured
LOOK = 0.001


class Loader:
    """The program that writes at central; one question at a time. `log` takes what it says beside its answers."""

    def __init__(self, home: Path, log: Path | None = None) -> None:
        argv = supervise.python("-m", "central.setup.load")
        with log.open("ab") if log else contextlib.nullcontext() as said:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and words
                argv,
                cwd=ROOT,
                env=supervise.environment(load(home)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    async def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask, {"do": do, **arguments})

    def _ask(self, question: dict[str, object]) -> dict[str, Any]:
        assert self._child.stdin and self._child.stdout  # noqa: S101 - asked for above
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise Failed(f"the program at central ended over {question['do']!r}")
        answer = dict(json.loads(line))
        if "error" in answer:
            raise Failed(f"{question['do']}: {answer['error']}")
        return answer

    def end(self) -> None:
        self._child.terminate()
        self._child.wait(10)


class EdgeDisk:
    """An edge's own database, read beside it."""

    def __init__(self, home: Path) -> None:
        self._database = sqlite3.connect(f"file:{home / 'data' / 'edge.sqlite3'}?mode=ro", uri=True)

    def version(self, key: str) -> int:
        """Of a line card; 0 when the edge has none."""
        rows = self._database.execute(
            "SELECT max(ver) FROM sync_edge_document WHERE key = ? AND topic LIKE 'card:%'", [key]
        )
        return int(next(rows)[0] or 0)

    def free_units(self) -> int:
        """Units of all goods that the edge may sell."""
        rows = self._database.execute("SELECT total(units - held - sold - returned) FROM edge_rights_right")
        return int(next(rows)[0])

    def cards(self) -> dict[str, int]:
        rows = self._database.execute("SELECT key, ver FROM sync_edge_document WHERE topic LIKE 'card:%'")
        return dict(rows.fetchall())

    async def versions_of(self, key: str, last: int) -> dict[int, float]:
        """The moment each new version of a card was seen, until `last` is."""
        seen: dict[int, float] = {}
        known = 0
        while known < last:
            found = self.version(key)
            if found != known:
                known = found
                seen[found] = time.monotonic()
            await asyncio.sleep(LOOK)
        return seen


@contextmanager
def loader_at(home: Path, log: Path | None = None) -> Iterator[Loader]:
    loader = Loader(home, log)
    try:
        yield loader
    finally:
        loader.end()


def central_home(cluster: Cluster) -> Path:
    return Path(str(cluster.facts["dir"])) / "central"


def edge_disk(cluster: Cluster, site: str) -> EdgeDisk:
    return EdgeDisk(edge_home(cluster, site))


def edge_home(cluster: Cluster, site: str) -> Path:
    return Path(str(cluster.facts["dir"])) / "edges" / cluster.node(site)


# --- what programs use -------------------------------------------------------------------------------------------


def resident_mb(home: Path) -> float:
    """Resident memory of the Python programs that run for a node; its PostgreSQL and Valkey are not counted."""
    total = 0
    for process in programs_of(home):
        with contextlib.suppress(OSError):
            line = next(line for line in (process / "status").read_text().splitlines() if "VmRSS" in line)
            total += int(line.split()[1])
    return round(total / 1024, 1)


def cpu_seconds(home: Path) -> float:
    """Processor time that the Python programs of a node have used so far; its PostgreSQL and Valkey are not counted."""
    ticks = 0
    for process in programs_of(home):
        with contextlib.suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def programs_of(home: Path) -> Iterator[Path]:
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and _is_of(process, home):
            yield process


def _is_of(process: Path, home: Path) -> bool:
    argv = processes.command_line(int(process.name))
    if not argv or "python" not in Path(argv[0]).name or "central.setup.load" in argv:
        return False
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"RIALTO_HOME={home}".encode() in environment
