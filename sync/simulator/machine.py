"""A machine: its clocks, its disk, its databases, and the life it has at the moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.db import connections

from node import clock
from sync.simulator import vfs
from sync.simulator.database.base import DatabaseWrapper
from sync.simulator.loop import Life
from sync.simulator.vfs import Disk

#: what the wall clocks show when a run begins: 2026-01-01
EPOCH_NS = 1_767_225_600 * 10**9


class MachineClock:
    """Clocks that may be wrong. `rate` 1.001 runs fast; `offset_s` was set by somebody; `slept_s` in suspend."""

    def __init__(self, now: Callable[[], float], name: str) -> None:
        self._now, self._name = now, name
        self.rate = 1.0
        self.offset_s = 0.0
        self.slept_s = 0.0
        self.boots = 0
        self._booted_at = -1000.0
        self._shown = self._since = 0.0

    def reboot(self) -> None:
        self.boots += 1
        self._booted_at, self.slept_s = self._run() - 10.0, 0.0

    def drift(self, rate: float) -> None:
        """Run at another rate from now on; what was shown until now stands."""
        self._shown, self._since, self.rate = self._run(), self._now(), rate

    def _run(self) -> float:
        """Seconds that this machine's oscillator has counted."""
        return self._shown + (self._now() - self._since) * self.rate

    def time_ns(self) -> int:
        return EPOCH_NS + int((self._run() + self.offset_s) * 1e9)

    def monotonic(self) -> float:
        return self._run() - self._booted_at - self.slept_s

    def boottime_ns(self) -> int:
        return int((self._run() - self._booted_at) * 1e9)

    def boot_id(self) -> str:
        return f"{self._name}-boot-{self.boots}"

    def is_in_sync(self) -> bool:
        """A clock that somebody has set is out of step with the world, and NTP knows."""
        return self.offset_s == 0.0


class Machine:
    """Databases by alias lie in one folder. `connect` opens them anew, as a fresh process does."""

    def __init__(self, name: str, folder: Path, aliases: tuple[str, ...], now: Callable[[], float]) -> None:
        self.name, self.aliases = name, aliases
        self.clock = MachineClock(now, name)
        self.disk = Disk(folder)
        vfs.mount(self.disk)
        self.life = Life(name)
        self.life.is_over = True
        self.databases = SimpleNamespace()
        self._changes: dict[str, int] = {}

    def connect(self) -> None:
        self.databases = SimpleNamespace()
        for alias in self.aliases:
            settings: dict[str, Any] = {
                **connections.databases[alias],
                "NAME": str(self.disk.folder / f"{alias}.sqlite3"),
            }
            setattr(self.databases, alias, DatabaseWrapper(settings, alias))

    def disconnect(self) -> None:
        for wrapper in vars(self.databases).values():
            if wrapper.connection is not None:
                wrapper.connection.close()
                wrapper.connection = None

    def has_changed(self, alias: str) -> bool:
        """Whether anything was written to a database since this was last asked."""
        connection = getattr(self.databases, alias).connection
        count = connection.total_changes if connection is not None else -1
        before, self._changes[alias] = self._changes.get(alias), count
        return count != before

    def put_in_place(self) -> None:
        """Its databases and clock are what the next step finds."""
        connections._connections = self.databases  # type: ignore[attr-defined]
        clock.install(self.clock)

    def begin_life(self, make: Callable[[str], Life] = Life) -> Life:
        self.disk.boot()
        self.connect()
        self.life = make(self.name)
        return self.life

    def end_life(self) -> None:
        self.life.is_over = True
        self.disconnect()

    def close(self) -> None:
        self.end_life()
        vfs.unmount(self.disk)
