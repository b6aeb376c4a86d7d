"""What a process keeps in its own memory: the values themselves, nothing is packed."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from typing import Any, Final, NamedTuple

#: of all values of a process; an edge has 120 MB for everything
MOST_BYTES: Final = 16_000_000


class Held(NamedTuple):
    value: Any
    until: float
    size: int


class Near:
    """At most `entries` values, the oldest going first. A look takes no lock."""

    def __init__(self, entries: int, most_bytes: int = MOST_BYTES) -> None:
        self._entries, self._most_bytes = entries, most_bytes
        self._held: dict[Hashable, Held] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def size(self) -> int:
        """Bytes, as far as they can be told: of text."""
        return self._bytes

    def get(self, key: Hashable) -> Held | None:
        held = self._held.get(key)
        return held if held is not None and held.until > time.time() else None

    def put(self, key: Hashable, value: Any, until: float) -> None:
        held = Held(value, until, len(value) if isinstance(value, str | bytes) else 1_000)
        with self._lock:
            self._drop(key)
            self._held[key] = held
            self._bytes += held.size
            while self._held and (len(self._held) > self._entries or self._bytes > self._most_bytes):
                self._drop(next(iter(self._held)))

    def clear(self) -> None:
        with self._lock:
            self._held, self._bytes = {}, 0

    def _drop(self, key: Hashable) -> None:
        gone = self._held.pop(key, None)
        self._bytes -= gone.size if gone is not None else 0
