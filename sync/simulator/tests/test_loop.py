from __future__ import annotations

import asyncio

from sync.simulator.loop import Life, Loop


def made() -> tuple[Loop, list[str]]:
    switched: list[str] = []
    return Loop(lambda life: switched.append(life.name if life else "-"), lambda life: None), switched


async def note(told: list[tuple[str, float]], name: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    told.append((name, asyncio.get_running_loop().time()))


def test_sleeping_takes_virtual_time_only() -> None:
    loop, _ = made()
    told: list[tuple[str, float]] = []
    loop.start(None, note(told, "late", 3_600.0))
    loop.start(None, note(told, "soon", 1.0))

    loop.run_until(4_000.0)

    assert told == [("soon", 1.0), ("late", 3_600.0)]
    assert loop.time() == 4_000.0


def test_a_life_that_is_over_takes_no_further_step() -> None:
    loop, switched = made()
    life, told = Life("a"), []
    loop.start(life, note(told, "a", 1.0))

    loop.run_until(0.5)
    life.is_over = True
    loop.run_until(2.0)

    assert (told, switched) == ([], ["a"])


def test_a_life_that_sleeps_goes_on_when_it_is_woken() -> None:
    loop, _ = made()
    life, told = Life("a"), []
    loop.start(life, note(told, "a", 1.0))
    loop.run_until(0.5)
    life.is_asleep = True
    loop.run_until(5.0)
    assert told == []

    loop.wake(life)
    loop.run_until(6.0)

    assert told == [("a", 5.0)]


def test_steps_of_two_lives_are_told_apart() -> None:
    loop, switched = made()
    one, two = Life("one"), Life("two")
    told: list[tuple[str, float]] = []
    for seconds in (1.0, 2.0):
        loop.start(one, note(told, "one", seconds))
        loop.start(two, note(told, "two", seconds))

    loop.run_until(3.0)

    assert switched[-4:] == ["one", "two", "one", "two"]
