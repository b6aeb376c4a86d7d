"""A demo cluster of its own, for drivers that look at it from outside: benchmarks, browser tests, screenshots."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.errors import Refused
from node.places import ROOT

STOP_SECONDS = 20


def free_base() -> int:
    """The first of 50 free ports below the kernel's ephemeral range, where a poller could connect to itself."""
    for base in range(21000, 31000, 50):
        if all(_is_free(base + step) for step in range(50)):
            return base
    raise Refused("no 50 free ports in a row between 21000 and 31000")


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

    @property
    def origins(self) -> dict[str, str]:
        """Site id -> scheme://host:port."""
        return {str(one["id"]): str(one["url"]).rstrip("/") for one in self.facts["sites"]}

    def node(self, site: str) -> str:
        return next(str(one["node"]) for one in self.facts["sites"] if one["id"] == site)

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.base + 4}"

    def cut(self, site: str) -> None:
        run("demo", "cut", self.node(site), "--dir", str(self.facts["dir"]))

    def heal(self, site: str) -> None:
        run("demo", "heal", self.node(site), "--dir", str(self.facts["dir"]))


@contextmanager
def scratch_cluster() -> Iterator[Cluster]:
    """A demo in a scratch directory that is removed with it."""
    scratch = tempfile.TemporaryDirectory(prefix="rialto-", ignore_cleanup_errors=True)
    with scratch as folder, running_demo(Path(folder) / "cluster") as running:
        yield running


def run(*words: str) -> str:
    """One `rialto` command of this checkout; raises when it fails."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-m", "node.cli", *words], cwd=ROOT, text=True, capture_output=True, timeout=60, check=False
    )
    if done.returncode:
        raise Refused(f"rialto {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


@contextmanager
def running_demo(folder: Path, *words: str) -> Iterator[Cluster]:
    """Start a demo in `folder`, hand it out when it is ready, and end it as Ctrl-C does."""
    base = free_base()
    command = [sys.executable, "-m", "node.cli", "demo", "--json", "--dir", str(folder), "--ports", str(base), *words]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            yield Cluster(process, _facts(process, Path(log.name)), base)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _facts(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - asked for above
    for line in process.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    process.wait(5)
    raise Refused(f"the demo ended with {process.returncode} before it was ready:\n{log.read_text()[-4000:]}")
