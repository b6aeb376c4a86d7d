"""A disk that can be full.

Where we may mount (root), an edge's data lies on a small tmpfs in a mount namespace of this process and its children:
the writes fail with ENOSPC, and the kernel takes everything away with the last of us, even after `kill -9`. Elsewhere
the edge's process is told that no file may grow (RLIMIT_FSIZE): its writes fail with EFBIG.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

SIZE_MB = 128
_CLONE_NEWNS, _MS_PRIVATE_REC = 0x00020000, (1 << 18) | (1 << 14)
BALLAST = "ballast"


def leave_mounts() -> bool:
    """Give this process mounts of its own. False where that is not allowed; call it before any child is started."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return not (libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_PRIVATE_REC, None))


def mount_small(folder: Path) -> bool:
    """Put a small file system on a folder, in the mounts of our own. False when it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    return not libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"mode=0700,size=%dm" % SIZE_MB)


def unmount(folder: Path) -> None:
    """Take it away; lazily, for a process may still stand in it."""
    ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(folder), 2)


def fill(folder: Path) -> None:
    """Take every block that is free."""
    with (folder / BALLAST).open("wb", buffering=0) as file, contextlib.suppress(OSError):
        block = bytes(1 << 20)
        while True:
            if not file.write(block):
                break
    with (folder / BALLAST).open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(512)):
            pass


def empty(folder: Path) -> None:
    (folder / BALLAST).unlink(missing_ok=True)


def forbid_growth(pid: int, size: int | None) -> None:
    """No file of a process may be written beyond `size` bytes; None: they may again."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
