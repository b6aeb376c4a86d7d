from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from node import clock
from sync import doubts


class Ticking:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self._seconds = count(1)

    def monotonic(self) -> float:
        return float(next(self._seconds))


@pytest.fixture(autouse=True)
def ticking() -> Iterator[None]:
    doubts.forget()
    clock.install(Ticking())  # type: ignore[arg-type]
    yield
    clock.install(clock.MACHINE)
    doubts.forget()


def test_what_became_known_when_a_connection_was_open_counts_from_the_next_on() -> None:
    opened = clock.monotonic()
    doubts.doubt("a", 1, "orders", 5)
    opened_after = clock.monotonic()

    assert doubts.known_before("a", 1, opened) == {}
    assert doubts.known_before("a", 1, opened_after) == {"orders": 5}


def test_it_is_of_one_node_and_one_disk() -> None:
    doubts.doubt("a", 1, "orders", 5)
    opened = clock.monotonic()

    assert [doubts.known_before(*of, opened) for of in (("a", 2), ("b", 1))] == [{}, {}]


def test_what_is_said_again_keeps_its_moment_and_more_has_one_of_its_own() -> None:
    doubts.doubt("a", 1, "orders", 5)
    opened = clock.monotonic()
    doubts.doubt("a", 1, "orders", 5)
    assert doubts.known_before("a", 1, opened) == {"orders": 5}

    doubts.doubt("a", 1, "orders", 6)

    assert doubts.known_before("a", 1, opened) == {}
    assert doubts.known_before("a", 1, clock.monotonic()) == {"orders": 6}
