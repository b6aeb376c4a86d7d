"""`bench import`: a supplier's file through central's real worker - looked at, written, brought in again, and killed.

preview   the dry run: every row is laid over the catalogue and taken back
write     the same file written, stock included, while the sequencers publish what it makes
again     the same file once more: every row is found unchanged
resumed   another file, whose worker is killed with SIGKILL in the middle; then each row is looked for once

The worker's memory is read from outside (`VmHWM`, set back before it begins). No edge runs: what an edge does with
the goods is `bench sync`'s.
"""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from node import processes, supervise
from node.bench.cluster import free_base, run
from node.bench.figures import fsync_times, load_average, spread
from node.bench.inside import Loader, cpu_seconds, loader_at, programs_of
from node.bench.shopper import Failed
from node.places import ROOT

SITE = "tea"
#: seconds between two looks at the run
LOOK = 0.1
#: of one phase; the whole bench ends within its twenty minutes on two cores
PATIENCE_S = 900.0
READY_S = 120.0
#: rows of the file whose worker is killed, and the batch in which it is
KILLED_ROWS = 10_000
KILLED_AT = 5


async def measure(rows: int) -> dict[str, Any]:
    """All figures of the benchmark."""
    async with central_alone() as home:
        with loader_at(home) as central:
            return await _measure(home, central, rows)


async def _measure(home: Path, central: Loader, rows: int) -> dict[str, Any]:
    limits = {"fsync_ms": spread(fsync_times(home), "p50", "p99")}
    _say(f"a file of {rows} rows")
    file = price_list(home / "goods.csv", rows, "SKU")
    worker = worker_of(home)
    before, cpu = resident(worker, "VmRSS"), cpu_seconds(home)
    forget_peak(worker)
    _say("what it would change")
    first = await central.ask("take_import", site=SITE, path=str(file))
    preview_s = await _phase(central, "check_import", str(first["run"]))
    _say("writing it")
    write_s = await _phase(central, "write_import", str(first["run"]))
    peak, cpu = resident(worker, "VmHWM"), cpu_seconds(home) - cpu
    _say("the same file again")
    second = await central.ask("take_import", site=SITE, path=str(file))
    await _phase(central, "check_import", str(second["run"]))
    again_s = await _phase(central, "write_import", str(second["run"]))
    again = await central.ask("import_state", run=second["run"])
    _say("a worker killed in the middle")
    resumed = await _killed(central, home, min(rows, KILLED_ROWS))
    done = await central.ask("written", prefix="SKU-")
    return {
        "rows": rows,
        "rows_per_s": round(rows / write_s, 1),
        "preview_s": preview_s,
        "write_s": write_s,
        "again_s": again_s,
        "start_rss_mb": before,
        "peak_rss_mb": peak,
        "cpu_ms_per_row": round(cpu * 1000 / rows, 3),
        "lost": rows - done["units"],
        "twice": done["twice"],
        "changed_again": rows - again["counts"].get("unchanged", 0),
        "resumed": resumed,
        "load": load_average(),
        **limits,
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# --- the file ----------------------------------------------------------------------------------------------------


def price_list(path: Path, rows: int, prefix: str) -> Path:
    """Write a supplier's file, always the same one: a good a row, in 200 categories, with texts and stock."""
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["sku", "title", "category", "brand", "text", "price", "stock"])
        for number in range(rows):
            shelf = f"Shelf {number % 20} > Part {number % 200}"
            title = f"Чашка measured {prefix} {number:06d}"
            text = f"Thing number {number} of a file made to be counted. " * 4
            price = f"{100 + number % 900}.{number % 100:02d}"
            table.writerow(
                [f"{prefix}-{number:06d}", title, shelf, f"Maker {number % 50}", text, price, 1 + number % 40]
            )
    return path


# --- a run -------------------------------------------------------------------------------------------------------


async def _phase(central: Loader, do: str, run_id: str) -> float:
    """Seconds of one phase of a run, from the click to its end."""
    began = time.monotonic()
    await central.ask(do, run=run_id)
    await _until_still(central, run_id)
    return round(time.monotonic() - began, 1)


async def _until_still(central: Loader, run_id: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        state = await central.ask("import_state", run=run_id)
        if state["state"] in ("ready", "done"):
            return
        if state["state"] == "failed":
            raise Failed(f"the import failed: {state['error']}")
        await asyncio.sleep(LOOK)
    raise Failed(f"the import did not end in {PATIENCE_S:.0f} s")


async def _killed(central: Loader, home: Path, rows: int) -> dict[str, Any]:
    """Kill the worker in the middle of a write: {"rows", "killed_at" (batches), "lost", "twice", "seconds"}."""
    file = price_list(home / "killed.csv", rows, "CUT")
    taken = await central.ask("take_import", site=SITE, path=str(file))
    await _phase(central, "check_import", str(taken["run"]))
    await central.ask("write_import", run=taken["run"])
    position = await _position(central, str(taken["run"]), min(KILLED_AT, rows // 1000))
    os.kill(worker_of(home), signal.SIGKILL)
    began = time.monotonic()
    await _until_still(central, str(taken["run"]))
    found = await central.ask("written", prefix="CUT-")
    return {
        "rows": rows,
        "killed_at": position,
        "lost": rows - found["units"],
        "twice": found["twice"],
        "seconds": round(time.monotonic() - began, 1),
    }


async def _position(central: Loader, run_id: str, wanted: int) -> int:
    """The batches a run has done, as soon as those are `wanted`."""
    found = 0
    while found < wanted:
        await asyncio.sleep(0.01)
        found = int((await central.ask("import_state", run=run_id))["position"])
    return found


# --- a central node of its own -----------------------------------------------------------------------------------


@asynccontextmanager
async def central_alone(site: str = SITE) -> AsyncIterator[Path]:
    """Central with one site and no edge in a scratch directory, which goes away with it; yields its home."""
    with tempfile.TemporaryDirectory(prefix="rialto-", ignore_cleanup_errors=True) as folder:
        home, port = Path(folder) / "central", free_base()
        run("init", "central", str(home), "--bind", f"127.0.0.1:{port}")
        with (Path(folder) / "central.log").open("w") as log:
            process = _run_node(home, log)
            try:
                await _until_healthy(process, port, Path(log.name))
                words = ("--name", "Measured", "--origin", f"http://{site}.localhost:{port}", "--currency", "RUB")
                run("--home", str(home), "site", "add", site, *words)
                yield home
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def _run_node(home: Path, log: IO[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "node.cli", "--home", str(home), "run"]
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)  # noqa: S603 - our own interpreter and words


async def _until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_S
    while (await supervise.answers(port, supervise.HEALTH["central"]))[0] != 200:
        if process.poll() is not None or time.monotonic() > until:
            raise Failed(f"central did not start:\n{log.read_text()[-4000:]}")
        await asyncio.sleep(LOOK)


# --- its worker, from outside ------------------------------------------------------------------------------------


def worker_of(home: Path) -> int:
    """The process id of a central node's worker. Raises `Failed` when it does not run."""
    for process in programs_of(home):
        if "central.worker" in processes.command_line(int(process.name)):
            return int(process.name)
    raise Failed("central has no worker")


def resident(pid: int, name: str) -> float:
    """MB of `VmRSS` (now) or `VmHWM` (the most since `forget_peak`)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024, 1)


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
