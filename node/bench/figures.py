"""Percentiles and the machine's own limits."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import websockets


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed; 0.0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def spread(seconds: Sequence[float], *names: str) -> dict[str, float]:
    """Seconds -> {"p50": ms, ...} for names such as "p50", "p95", "p99"."""
    return {name: round(percentile(seconds, int(name[1:]) / 100) * 1000, 3) for name in names}


def load_average() -> float:
    """Runnable processes in the last minute: a figure taken while others work on the machine says so."""
    return round(os.getloadavg()[0], 1)


def fsync_times(folder: Path, rounds: int = 500) -> list[float]:
    """Seconds to overwrite 4 KiB and make it durable: what no acknowledged write on this disk can beat."""
    path = folder / "fsync.probe"
    block = os.urandom(4096)
    times = []
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(rounds):
            began = time.perf_counter()
            os.pwrite(descriptor, block, 0)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return times


async def echo_times(rounds: int = 1000) -> list[float]:
    """Seconds for 200 bytes to go over a bare WebSocket on loopback and back, both ends in this process."""

    async def echo(socket: websockets.ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    times = []
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with websockets.connect(f"ws://127.0.0.1:{port}", proxy=None) as socket:
            for _ in range(rounds):
                began = time.perf_counter()
                await socket.send("x" * 200)
                await socket.recv()
                times.append(time.perf_counter() - began)
    return times
