"""Doing what a plan says, and undoing it. What was not done (a process that is down already) is not counted."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable

from node.chaos import disk
from node.chaos.cluster import Cluster, signal_to
from node.chaos.plan import Fault
from node.chaos.proxy import DOWN, UP
from node.chaos.stepped import write_step
from node.embedded import Valkey

Undo = Callable[[], object]


def nothing() -> None:
    """There is nothing to undo."""


async def begin(cluster: Cluster, fault: Fault) -> Undo | None:
    """Do it; returns what undoes it, None when there was nothing to do it to."""
    what, _, _ = fault.kind.partition("-")
    if what == "kill":
        return nothing if _signal(cluster, fault, signal.SIGKILL) else None
    if what == "stop":
        return _stop(cluster, fault)
    if fault.kind in _LINK:
        return _LINK[fault.kind](cluster, fault)
    return await _OTHER[fault.kind](cluster, fault)


def pid_of(cluster: Cluster, fault: Fault) -> int | None:
    """The process a fault is about; of the database's sessions the one its amount falls on."""
    if fault.kind.endswith("-backend"):
        found = sorted(cluster.sessions())
        return found[int(fault.amount * len(found))] if found else None
    if fault.place == "database":
        return cluster.postmaster()
    if fault.place == "redis":
        return cluster.redis()
    return cluster.program(f"edge-{fault.place}" if fault.kind.endswith("-edge") else fault.place)


def _signal(cluster: Cluster, fault: Fault, number: int) -> bool:
    return signal_to(pid_of(cluster, fault), number)


def _stop(cluster: Cluster, fault: Fault) -> Undo | None:
    pid = pid_of(cluster, fault)
    if not signal_to(pid, signal.SIGSTOP):
        return None
    return lambda: signal_to(pid, signal.SIGCONT)


# --- links -------------------------------------------------------------------------------------------------------


def _cut(cluster: Cluster, fault: Fault) -> Undo:
    link = cluster.link(fault.place)
    cutting = asyncio.ensure_future(link.cut())
    return lambda: _after(cutting, link.heal)


def _after(first: asyncio.Future[None], then: Callable[[], object]) -> asyncio.Future[None]:
    async def both() -> None:
        await first
        result = then()
        if asyncio.iscoroutine(result):
            await result

    return asyncio.ensure_future(both())


def _deaf(*directions: str) -> Callable[[Cluster, Fault], Undo]:
    def begin(cluster: Cluster, fault: Fault) -> Undo:
        cluster.link(fault.place).deafen(*directions)
        return cluster.link(fault.place).mend

    return begin


def _delay(cluster: Cluster, fault: Fault) -> Undo:
    cluster.link(fault.place).slow(fault.amount, fault.amount)
    return cluster.link(fault.place).mend


def _reset(cluster: Cluster, fault: Fault) -> Undo:
    cluster.link(fault.place).reset()
    return nothing


def _half_open(cluster: Cluster, fault: Fault) -> Undo:
    cluster.link(fault.place).half_open()
    return cluster.link(fault.place).mend


_LINK: dict[str, Callable[[Cluster, Fault], Undo]] = {
    "cut": _cut,
    "cut-up": _deaf(UP),
    "cut-down": _deaf(DOWN),
    "black-hole": _deaf(UP, DOWN),
    "delay": _delay,
    "reset": _reset,
    "half-open": _half_open,
}

# --- databases, disks, clocks ------------------------------------------------------------------------------------


async def _flush(cluster: Cluster, _: Fault) -> Undo | None:
    return await asyncio.to_thread(_flushed, Valkey(cluster.central))


def _flushed(server: Valkey) -> Undo | None:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(str(server.socket))
            line.sendall(b"FLUSHALL\r\n")
            return nothing if line.recv(16).startswith(b"+OK") else None
    except OSError:
        return None


async def _restart(cluster: Cluster, _: Fault) -> Undo | None:
    """Fast shutdown; the supervisor starts it again."""
    return nothing if signal_to(cluster.postmaster(), signal.SIGINT) else None


async def _full(cluster: Cluster, fault: Fault) -> Undo | None:
    folder = cluster.data(fault.place)
    if folder in cluster.mounted:
        await asyncio.to_thread(disk.fill, folder)
        return lambda: disk.empty(folder)
    pid = cluster.program(f"edge-{fault.place}")
    if pid is None:
        return None
    disk.forbid_growth(pid, 0)
    return lambda: _allow(pid)


def _allow(pid: int) -> None:
    try:
        disk.forbid_growth(pid, None)
    except ProcessLookupError:
        return  # killed meanwhile: the next one was never limited


async def _step(cluster: Cluster, fault: Fault) -> Undo:
    write_step(cluster.clock(fault.place), fault.amount)
    return lambda: write_step(cluster.clock(fault.place), 0)


_OTHER = {"redis-flush": _flush, "db-restart": _restart, "disk-full": _full, "clock-step": _step}
