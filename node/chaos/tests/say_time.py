"""For each line it reads: how far its time of day is from the machine's, in whole seconds, and its arguments."""

from __future__ import annotations

import sys
import time

if __name__ == "__main__":
    for _ in sys.stdin:
        real = time.clock_gettime(time.CLOCK_REALTIME)
        print(round(time.time() - real), round(time.time_ns() / 1e9 - real), *sys.argv[1:], flush=True)
