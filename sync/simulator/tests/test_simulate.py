"""A short form of `./rialto simulate`: a few dozen seeds, one seed twice, a handful of mutants."""

from __future__ import annotations

import pytest

from sync.simulator import runner
from sync.simulator.worker import Report, Task

pytestmark = pytest.mark.slow

SEEDS = range(1, 25)
#: of each part of the system one, such as die at once
A_HANDFUL = ("union_join", "repeats_are_news", "central_ack_too_early", "facts_not_published")


def run(*tasks: Task, processes: int = 2) -> dict[int, Report]:
    return {report.seed: report for report in runner.run(tasks, processes=processes)}


def test_nothing_is_lost_and_nothing_oversold() -> None:
    reports = run(*map(Task, SEEDS))

    assert {seed: report.violations for seed, report in reports.items() if report.violations} == {}
    assert sum(report.ops for report in reports.values()) >= 100 * len(SEEDS)
    assert len({kind for report in reports.values() for kind, count in report.faults.items() if count}) >= 18


def test_a_seed_gives_the_same_run_in_another_process_and_after_other_seeds() -> None:
    alone = run(Task(7), processes=1)[7]
    after_others = run(Task(5), Task(6), Task(7), processes=1)[7]

    assert alone.digest == after_others.digest
    assert (alone.ops, alone.orders, alone.faults) == (after_others.ops, after_others.orders, after_others.faults)


def test_planted_bugs_are_seen() -> None:
    reports = list(runner.run([Task(1, mutant=name, most=10) for name in A_HANDFUL]))

    assert {report.mutant for report in reports if report.violations} == set(A_HANDFUL)
