from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from node import clock


class Stopped:
    def time_ns(self) -> int:
        return 86_400 * 10**9

    def monotonic(self) -> float:
        return 1.0

    def boottime_ns(self) -> int:
        return 2_000_000

    def boot_id(self) -> str:
        return "b"


@pytest.fixture
def stopped() -> Iterator[None]:
    clock.install(Stopped())
    yield
    clock.install(clock.MACHINE)


@pytest.mark.usefixtures("stopped")
def test_another_clock_is_read_by_all_who_ask() -> None:
    assert (clock.time_ms(), clock.monotonic(), clock.boottime_ms(), clock.boot_id()) == (86_400_000, 1.0, 2, "b")
    assert clock.now() == timezone.now() == datetime(1970, 1, 2, tzinfo=UTC)


def test_the_machines_clocks_are_the_machines() -> None:
    assert abs(clock.time_ns() - time.time_ns()) < 10**9
    assert abs(clock.monotonic() - time.monotonic()) < 1
    assert abs(clock.boottime_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) < 10**9
    assert len(clock.boot_id()) == 36
    assert abs((timezone.now() - clock.now()).total_seconds()) < 1
