"""A seed says what a run does, and every kind has its turn."""

from __future__ import annotations

from itertools import islice

from node.chaos import plan
from node.chaos.plan import KINDS, rounds


def test_a_seed_gives_the_same_rounds_and_another_one_others() -> None:
    first, again, other = (list(islice(rounds(seed), 30)) for seed in (1, 1, 2))

    assert first == again != other


def test_every_kind_comes_before_any_comes_a_third_time() -> None:
    for seed in range(20):
        seen: list[str] = []
        for found in rounds(seed):
            seen += [fault.kind for fault in found]
            if max(map(seen.count, KINDS)) == 3:
                break
        assert set(seen) == set(KINDS)


def test_no_two_faults_of_a_round_have_one_place() -> None:
    for found in islice(rounds(7), 300):
        slots = [plan._slot(fault) for fault in found]
        assert len(set(slots)) == len(slots) >= 1


def test_only_the_kinds_that_were_asked_for() -> None:
    kinds = {fault.kind for found in islice(rounds(3, ["cut", "kill-edge"]), 20) for fault in found}

    assert kinds == {"cut", "kill-edge"}
