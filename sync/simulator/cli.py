"""`./rialto simulate`: seeded runs of a cluster in one thread, with an oracle; and the bugs that it must find."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Annotated

import typer

from sync.simulator.worker import Report, Task

#: seeds that a mutant may live through
MOST = 1_000


def simulate(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds to run.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The first of them.")] = 1,
    mutants: Annotated[bool, typer.Option("--mutants", help="Plant each listed bug and see it found.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False,
) -> None:
    """Run a whole cluster in one thread, seed by seed, with everything going wrong, and an oracle that looks on.

    Exit 0: nothing was lost and nothing oversold. Exit 1: a violation, or a mutant that survived.

    Example: rialto simulate --seeds 500

    Repeat one: rialto simulate --seeds 1 --seed 4711
    """
    is_sound = _mutants(seed, as_json) if mutants else _seeds(seeds, seed, as_json)
    raise typer.Exit(0 if is_sound else 1)


# --- seeds


def _seeds(count: int, first: int, as_json: bool) -> bool:
    from sync.simulator import runner

    began = time.monotonic()
    faults: Counter[str] = Counter()
    bad: list[Report] = []
    ops = orders = 0
    slowest = 0.0
    digest = ""
    tasks = (Task(seed) for seed in range(first, first + count))
    for done, report in enumerate(runner.run(tasks), start=1):
        ops, orders = ops + report.ops, orders + report.orders
        faults.update(report.faults)
        slowest, digest = max(slowest, report.converge_s), report.digest
        if report.violations:
            bad.append(report)
            _tell_story(report)
        if sys.stderr.isatty() or done % 100 == 0 or done == count:
            _progress(f"{done} of {count} seeds, {ops} ops, {orders} orders, {len(bad)} with violations")
    figures = {
        "seeds": count,
        "ops": ops,
        "orders": orders,
        "faults": dict(sorted((kind, n) for kind, n in faults.items() if n)),
        "violations": len(bad),
        "seconds": round(time.monotonic() - began, 1),
        "slowest_to_converge_s": round(slowest, 1),
        "failed_seeds": sorted(report.seed for report in bad),
    }
    if count == 1:
        figures["trace"] = digest
    _show(figures, as_json)
    return not bad


def _tell_story(report: Report) -> None:
    lines = [f"seed {report.seed}:", *report.story[-120:], *(f"  => {line}" for line in report.violations[:8])]
    lines.append(f"  again: ./rialto simulate --seeds 1 --seed {report.seed}")
    print("\n".join(["", *lines]), file=sys.stderr)


# --- mutants


def _mutants(first: int, as_json: bool) -> bool:
    from sync.simulator import runner
    from sync.simulator.mutants import MUTANTS

    began = time.monotonic()
    rules = {mutant.name: mutant.rule for mutant in MUTANTS}
    survived: list[str] = []
    for report in runner.run(Task(first, mutant=name, most=MOST) for name in rules):
        if report.violations:
            verdict = f"killed by seed {report.seed}: {report.violations[0]}"
        else:
            verdict = f"SURVIVED {report.runs} seeds"
            survived.append(report.mutant)
        print(f"{report.mutant}: {verdict}\n    (breaks: {rules[report.mutant]})", file=sys.stderr)
    figures: dict[str, object] = {
        "mutants": len(rules),
        "killed": len(rules) - len(survived),
        "survived": sorted(survived),
        "seconds": round(time.monotonic() - began, 1),
    }
    _show(figures, as_json)
    return not survived


# --- words


def _progress(text: str) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    print(text, end=end, file=sys.stderr, flush=True)


def _show(figures: dict[str, object], as_json: bool) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")
