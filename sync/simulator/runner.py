"""Runs seeds in processes of their own, each with the same string hashes: a seed gives the same run in any of them."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sync.simulator.worker import Report, Task

ROOT = Path(__file__).resolve().parents[2]


def run(tasks: Iterable[Task], *, processes: int = 2) -> Iterator[Report]:
    """Reports as they come, in no order. Raises `RuntimeError` when a process dies."""
    waiting: queue.Queue[Task] = queue.Queue()
    count = 0
    for task in tasks:
        waiting.put(task)
        count += 1
    reports: queue.Queue[Report | BaseException] = queue.Queue()
    workers = [_start() for _ in range(min(processes, count))]
    threads = [threading.Thread(target=_feed, args=(worker, waiting, reports), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for _ in range(count):
            report = reports.get()
            if isinstance(report, BaseException):
                raise report
            yield report
    finally:
        for worker in workers:
            _stop(worker)


def _start() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sync.simulator.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )


def _stop(worker: subprocess.Popen[bytes]) -> None:
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        worker.wait(timeout=5)  # it leaves by itself, unless it is in the middle of something
    except subprocess.TimeoutExpired:
        worker.terminate()
        worker.wait()


def _feed(
    worker: subprocess.Popen[bytes], waiting: queue.Queue[Task], reports: queue.Queue[Report | BaseException]
) -> None:
    assert worker.stdin is not None and worker.stdout is not None  # noqa: S101
    try:
        if not worker.stdout.readline():
            raise RuntimeError("a process of the simulator did not start")
        while True:
            try:
                task = waiting.get_nowait()
            except queue.Empty:
                return
            worker.stdin.write(msgspec.json.encode(task) + b"\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            if not line:
                raise RuntimeError(f"a process of the simulator died at seed {task.seed}")
            reports.put(msgspec.json.decode(line, type=Report))
    except (OSError, ValueError, RuntimeError) as error:
        reports.put(RuntimeError(str(error)))
