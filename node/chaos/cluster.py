"""A cluster to hurt: the demo's, with two web processes at central, spoilable links, steppable clocks, small disks."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node import processes
from node.chaos import disk
from node.chaos.proxy import FaultProxy
from node.chaos.stepped import write_step
from node.config import Config
from node.demo import NODES, Demo
from node.supervise import Program, Supervisor, python

WEB_WORKERS = 2


@dataclass
class Cluster(Demo):
    """`has_mounts`: each edge's data lie on a small file system of their own."""

    has_mounts: bool = False
    seed: int = 0
    supervisor: Supervisor | None = None
    mounted: list[Path] = field(default_factory=list)

    async def _start(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        for node in NODES:
            write_step(self.clock(node), 0)
            if self.has_mounts and disk.mount_small(self.data(node)):
                self.mounted.append(self.data(node))
        await super()._start(supervisor)

    def _seeding(self, note: dict[str, Any]) -> str:
        return "open"  # what the demo shows of the past would only take time

    def _write(self, home: Path, **values: object) -> None:
        more = {"web_workers": WEB_WORKERS} if values["role"] == "central" else {}
        super()._write(home, **values, **more)

    def _proxy(self, node: str) -> FaultProxy:
        return FaultProxy(self.ports.link(node), self.ports.base, seed=self.seed)

    def _programs_of(self, settings: Config) -> list[Program]:
        found = super()._programs_of(settings)
        if settings.role == "edge":
            for program in found:
                module = list(program.argv)[list(program.argv).index("-m") + 1 :]
                program.argv = python("-m", "node.chaos.stepped", self.clock(settings.home.name), *module)
        return found

    # --- what can be hurt ----------------------------------------------------------------------------------------

    def data(self, node: str) -> Path:
        return self.edge(node) / "data"

    def clock(self, node: str) -> Path:
        return self.folder / f"clock-{node}"

    def link(self, node: str) -> FaultProxy:
        proxy = self.proxies[node]
        assert isinstance(proxy, FaultProxy)  # noqa: S101 - `_proxy` makes no others
        return proxy

    def program(self, name: str) -> int | None:
        """The process of a program, None while it is being started again."""
        return self.supervisor.pid_of(name) if self.supervisor else None

    def postmaster(self) -> int | None:
        """The process of PostgreSQL."""
        return _living(self.central / "data" / "postgres" / "postmaster.pid")

    def redis(self) -> int | None:
        from node.embedded import Valkey

        return _living(Valkey(self.central).pid_file)

    def sessions(self) -> list[int]:
        """PostgreSQL's processes that serve a connection."""
        folder = self.central / "data" / "postgres"
        return [pid for pid in processes.working_in(folder) if "[local]" in " ".join(processes.command_line(pid))]

    def unmount(self) -> None:
        for folder in self.mounted:
            disk.unmount(folder)

    @property
    def origins(self) -> dict[str, str]:
        """Site id -> scheme://host:port."""
        return {site: self.ports.site_url(node) for node, site in NODES.items()}

    def facts(self) -> dict[str, Any]:
        return {"web_workers": WEB_WORKERS, "edges": len(NODES), "disk_full_by": "tmpfs" if self.mounted else "rlimit"}


def _living(file: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        pid = int(file.read_text().split("\n", 1)[0])
        if processes.is_alive(pid):
            return pid
    return None


def signal_to(pid: int | None, number: int) -> bool:
    """Whether there was a process to signal."""
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
