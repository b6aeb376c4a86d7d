"""The whole of it, for a short while: real processes are hurt, nothing is lost, nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from node.places import ROOT

pytestmark = pytest.mark.slow

ZEROS = ("lost_ops", "lost_orders", "duplicate_orders", "oversold", "unconverged", "broken_rules")


def rialto(*words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-P", "-m", "node.cli", *words],
        env={**kept, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_a_cluster_that_is_hurt_loses_nothing_and_leaves_nothing() -> None:
    done = rialto("chaos", "--minutes", "0.3", "--seed", "5", "--tabs", "9", "--json")

    assert done.stdout, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert {name: said[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0), done.stderr
    assert done.returncode == 0
    # It was a trial: something was done to it, and shoppers were there meanwhile.
    assert sum(said["faults"].values()) >= 3 and said["heals"] >= 1
    assert said["acked_ops"] > 20 and said["acked_orders"] > 0 and said["web_workers"] == 2
    assert not list(Path(tempfile.gettempdir()).glob(f"rialto-chaos-{said['seed']}-*"))
    assert not [one for one in psutil.process_iter() if _is_of(one)]


def _is_of(process: psutil.Process) -> bool:
    try:
        return any("/rialto-chaos-5-" in word for word in process.cmdline())
    except psutil.Error:
        return False


def test_an_unknown_fault_is_wrong_use() -> None:
    done = rialto("chaos", "--faults", "cut,earthquake")

    assert done.returncode == 2 and "earthquake" in done.stderr and "kill-postgres" in done.stderr
