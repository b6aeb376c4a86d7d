"""Starting and ending child processes so that none is ever left behind.

A child gets its own session, so Ctrl-C in the terminal reaches only the supervisor, which then stops the children in
order; and it asks the kernel for a signal when its parent dies, so that even `kill -9` of the supervisor ends them.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from node.errors import Refused

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: dlopen in a forked child could wait for a lock that another thread held.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(with_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `with_signal` when the thread that started the child ends."""
    parent = os.getpid()

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))
            if os.getppid() != parent:  # the parent died before we asked
                os._exit(1)

    return ask


def launch(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    out: int | IO[bytes] | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
    user: int | None = None,
    inherited: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child. Call it from the main thread: the kernel watches the thread, not the process.

    `inherited`: open files it gets under the same numbers.
    """
    return subprocess.Popen(  # noqa: S603 - our own argv
        [str(part) for part in argv],
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT if out is not None else None,
        start_new_session=True,
        user=user,
        pass_fds=inherited,
        preexec_fn=dies_with_parent(on_parent_death),
    )


def sync_file_system(path: Path) -> None:
    """Everything written to the file system of `path` is on its disk when this returns.

    For a folder of thousands of files one call is twenty times faster than a sync of each.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        if _libc is None or _libc.syncfs(handle) != 0:
            os.sync()
    finally:
        os.close(handle)


def is_alive(pid: int) -> bool:
    """Whether a process of this id runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def command_line(pid: int) -> list[str]:
    """The argv of a process, [] when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def working_in(folder: Path) -> list[int]:
    """Processes whose current directory is `folder`, as far as we may look."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                if os.readlink(process / "cwd") == str(folder.resolve()) and is_alive(int(process.name)):
                    found.append(int(process.name))
    return found


def end(pid: int, first: signal.Signals, *, patience: float, last: signal.Signals = signal.SIGKILL) -> None:
    """Ask a process that is not our child to end, and insist after `patience` seconds."""
    for each in (first, last):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, each)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not is_alive(pid):
                return
            time.sleep(0.02)


def end_child(child: subprocess.Popen[bytes], first: signal.Signals, *, patience: float) -> int:
    """Stop a child: `first`, and after `patience` seconds SIGKILL to its whole group. Returns its exit code."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(first)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            kill_group(child)
    return child.wait()


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the child and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def group_of(leader: int) -> list[int]:
    """Processes alive in the group of a process that `launch` started, also when that one has ended."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) == leader and state not in ("Z", "X"):
                    found.append(int(process.name))
    return found


class Locked(Refused):
    """Another process holds the lock."""

    code = "locked"


@contextlib.contextmanager
def file_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold `path` for the length of a block. Raises `Locked` with `refusal` and the holder's process id.

    The kernel drops the lock with its process, so nothing is left after a crash.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode(errors="replace").strip()
            raise Locked(f"{refusal} (process {holder or 'unknown'})", holder=holder) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
