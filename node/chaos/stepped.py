"""`python -m node.chaos.stepped FILE MODULE ARGS...`: run a module whose time of day is off by what FILE says.

FILE holds eight bytes, nanoseconds; whoever writes to it steps the clock at once. The monotonic clocks and
CLOCK_BOOTTIME go on as they are, as under a step of the real clock. Production has no such seam: the program is the
same, only `time.time` and `time.time_ns` of its process are others.
"""

from __future__ import annotations

import mmap
import os
import runpy
import struct
import sys
import time
from pathlib import Path

SIZE = 8


def write_step(path: Path, seconds: float) -> None:
    """Step the clock of whoever runs on `path`; 0 is the right time."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(handle, struct.pack("<q", int(seconds * 1e9)), 0)
    finally:
        os.close(handle)


def follow(path: Path) -> None:
    """From now on this process's time of day is off by what the file says."""
    with path.open("rb") as file:
        step = mmap.mmap(file.fileno(), SIZE, prot=mmap.PROT_READ)
    real = time.time_ns

    def time_ns() -> int:
        return real() + int(struct.unpack_from("<q", step)[0])

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


def main() -> None:
    path, module, *arguments = sys.argv[1:]
    follow(Path(path))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
