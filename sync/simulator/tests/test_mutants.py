from __future__ import annotations

import importlib

import pytest

from sync.simulator.mutants import MUTANTS, planted


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
    assert all(mutant.rule for mutant in MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_stands_in_for_something_real_and_goes_again(mutant) -> None:
    module, _, path = mutant.target.partition(":")

    def there() -> object:
        holder = importlib.import_module(module)
        for step in path.split("."):
            holder = getattr(holder, step)
        return holder

    real = there()
    with planted(mutant.name):
        assert there() is not real
    assert there() is real
