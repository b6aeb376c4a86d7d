"""A whole demo cluster for tests that look at it from outside, through HTTP and a browser."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 120


def free_base() -> int:
    """The first of 50 free ports below the kernel's ephemeral range, where a poller could connect to itself."""
    for base in range(21000, 31000, 50):
        if all(_is_free(base + step) for step in range(50)):
            return base
    raise RuntimeError("no 50 free ports in a row between 21000 and 31000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Cluster:
    """A running demo, as `demo --json` describes it."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]
    base: int

    @property
    def central(self) -> str:
        return str(self.facts["central"])

    @property
    def staff(self) -> dict[str, str]:
        return dict(self.facts["staff"])

    def url(self, site: str) -> str:
        return next(str(one["url"]) for one in self.facts["sites"] if one["id"] == site).rstrip("/")

    def node(self, site: str) -> str:
        return next(str(one["node"]) for one in self.facts["sites"] if one["id"] == site)

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.base + 4}"

    def cut(self, site: str) -> None:
        run("demo", "cut", self.node(site), "--dir", str(self.facts["dir"]))

    def heal(self, site: str) -> None:
        run("demo", "heal", self.node(site), "--dir", str(self.facts["dir"]))


def run(*words: str) -> str:
    """One `rialto` command of this checkout; raises when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "node.cli", *words], cwd=ROOT, text=True, capture_output=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(f"rialto {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


@contextmanager
def running_demo(folder: Path, *words: str) -> Iterator[Cluster]:
    """Start a demo in `folder`, hand it out when it is ready, and end it as Ctrl-C does."""
    base = free_base()
    command = [sys.executable, "-m", "node.cli", "demo", "--json", "--dir", str(folder), "--ports", str(base), *words]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            yield Cluster(process, _facts(process, Path(log.name)), base)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _facts(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    process.wait(5)
    raise RuntimeError(f"the demo ended with {process.returncode} before it was ready:\n{log.read_text()[-4000:]}")
