"""A process that runs seeds: a line of JSON in, a line of JSON out. See `sync.simulator.runner`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import django
import msgspec
from msgspec import Struct

#: a seed of its own, run before all others: whatever the process does once only is done then
WARM_UP = 10**9


class Task(Struct):
    """`mutant`: "" for none; then seeds from `seed` on are run until one of them sees it, `most` of them."""

    seed: int
    mutant: str = ""
    most: int = 1


class Report(Struct):
    seed: int
    mutant: str = ""
    runs: int = 1
    ops: int = 0
    orders: int = 0
    faults: dict[str, int] = {}
    violations: list[str] = []
    digest: str = ""
    story: list[str] = []
    converge_s: float = 0.0
    seconds: float = 0.0


class Worker:
    """`folder`: a scratch directory of this process alone."""

    def __init__(self, folder: Path) -> None:
        from sync.simulator import install, world

        self._folder, self._world = folder, world
        (folder / "templates").mkdir()
        self._roles = install.Roles(folder / "templates")
        self._roles.make_templates()
        world.run_seed(WARM_UP, self._roles, folder)
        # What start-up made is for ever: the sweep after each seed passes over it.
        gc.collect()
        gc.freeze()
        gc.disable()

    def work(self, task: Task) -> Report:
        from sync.simulator.mutants import planted

        began = time.process_time()
        if not task.mutant:
            report = self._run(task.seed)
        else:
            with planted(task.mutant):
                for seed in range(task.seed, task.seed + task.most):
                    report = self._run(seed)
                    if report.violations:
                        break
            report.mutant, report.runs = task.mutant, report.seed - task.seed + 1
        report.seconds = time.process_time() - began
        return report

    def _run(self, seed: int) -> Report:
        try:
            result = self._world.run_seed(seed, self._roles, self._folder)
        except Exception as error:
            import traceback

            where = traceback.format_exc().strip().splitlines()[-12:]
            return Report(seed=seed, violations=[f"the run broke: {type(error).__name__}: {error}"], story=where)
        return Report(
            seed=seed,
            ops=result.ops,
            orders=result.orders,
            faults=result.faults,
            violations=result.violations,
            digest=result.digest,
            story=result.story if result.violations else [],
            converge_s=result.converge_s,
        )


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the scratch directory goes
    answers, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115  logs would stand between them
    memory = "/dev/shm"  # noqa: S108  a folder of our own is made in it
    scratch = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="rialto-simulate-", dir=scratch) as folder:
        os.environ["RIALTO_SIMULATE_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "node.settings.simulate"
        django.setup()
        # A process that ends leaves coroutines behind that never began.
        warnings.simplefilter("ignore", RuntimeWarning)
        worker = Worker(Path(folder))
        print('"ready"', file=answers, flush=True)
        for line in sys.stdin:
            report = worker.work(msgspec.json.decode(line, type=Task))
            print(msgspec.json.encode(report).decode(), file=answers, flush=True)


if __name__ == "__main__":
    main()
