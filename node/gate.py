"""The gate of a realm: every transaction of this machine goes in through it, and a move may hold it shut for a moment.

Two files that the kernel locks, so nothing is left of a process that was killed:

    door   each who goes in holds it shared for an instant; who shuts the gate holds it alone, so nobody comes in
    room   held shared by a process for as long as one of its transactions is inside; got alone when all have left

It costs four calls of the kernel a transaction. What it gives is that a switch waits for transactions to end instead
of breaking them. It is no promise: what keeps a write out of a database that was left is the fence in that database.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

#: seconds a transaction waits before it gives up: a switch takes less than one
PATIENCE = 10.0
_LOOK = 0.002


class GateShut(Exception):
    """The gate did not open, or did not get empty, in time."""


class Gate:
    """One realm's gate as one process sees it."""

    def __init__(self, folder: Path, realm: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._door = _open(folder / f"{realm}.door")
        self._room = _open(folder / f"{realm}.room")
        # Two locks: who waits at the door must not keep those inside from leaving.
        self._turn, self._count = threading.Lock(), threading.Lock()
        self._inside = 0

    def enter(self, patience: float = PATIENCE) -> None:
        """Go in, or wait while it is shut. Raises `GateShut`."""
        with self._turn:
            _lock(self._door, fcntl.LOCK_SH, patience)
            try:
                with self._count:
                    if self._inside == 0:
                        fcntl.flock(self._room, fcntl.LOCK_SH)
                    self._inside += 1
            finally:
                fcntl.flock(self._door, fcntl.LOCK_UN)

    def leave(self) -> None:
        with self._count:
            self._inside -= 1
            if self._inside == 0:
                fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back; nobody is inside."""
        os.close(self._door)
        os.close(self._room)

    @property
    def is_empty(self) -> bool:
        return self._inside == 0


@contextlib.contextmanager
def shut(folder: Path, realm: str, patience: float) -> Iterator[None]:
    """Keep everybody out for the length of a block, which begins when all have left. Raises `GateShut`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with contextlib.ExitStack() as files:
        door, room = _open(folder / f"{realm}.door"), _open(folder / f"{realm}.room")
        files.callback(os.close, door)
        files.callback(os.close, room)
        _lock(door, fcntl.LOCK_EX, patience)
        _lock(room, fcntl.LOCK_EX, until - time.monotonic())
        yield


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int, kind: int, patience: float) -> None:
    until = 0.0
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            until = until or now + patience
            if now >= until:
                raise GateShut from None
            time.sleep(_LOOK)
        else:
            return
