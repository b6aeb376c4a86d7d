"""`rialto demo`: central, three edges with a shop each, a mailbox, and links that can be cut, under one supervisor.

    DIR/central, DIR/edges/{a,b,c}   homes of the nodes
    DIR/mail                         every mail that was sent
    DIR/logs                         what each process says
    DIR/demo.json                    what was made: whether it is seeded, for which ports

Ports from BASE: central, edges +1..+3, mail reader +4, SMTP +5, links of the edges +11..+13.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node import demo_control, embedded, homes, places, processes, reachable, runner, supervise, templates
from node.config import Config, load
from node.errors import Refused
from node.mailbox import Mailbox, serve_pages, serve_smtp
from node.migrate import is_current
from node.places import FILE_NAME
from node.proxy import CuttableProxy
from node.supervise import Program, Supervisor, Tell

READY_SECONDS = 180.0
NOTE = "demo.json"
#: Node id -> the site it serves; the sites themselves are made by `central.setup.demo`.
NODES = {"a": "tea", "b": "clay", "c": "ink"}
#: the program no shop waits for
WORKER = "central-worker"


@dataclass(frozen=True)
class Ports:
    """Every port of a demo."""

    base: int

    @property
    def mail_pages(self) -> int:
        return self.base + 4

    @property
    def smtp(self) -> int:
        return self.base + 5

    def edge(self, node: str) -> int:
        return self.base + 1 + list(NODES).index(node)

    def link(self, node: str) -> int:
        return self.base + 11 + list(NODES).index(node)

    def all(self) -> dict[int, str]:
        """Port -> what it is for."""
        found = {self.base: "central", self.mail_pages: "the mail reader", self.smtp: "the mail server"}
        for node in NODES:
            found |= {self.edge(node): f"edge {node}", self.link(node): f"the link of edge {node}"}
        return found

    @property
    def central_url(self) -> str:
        return f"http://central.localhost:{self.base}"

    @property
    def id_url(self) -> str:
        return f"http://id.localhost:{self.base}"

    def site_url(self, node: str) -> str:
        return f"http://{NODES[node]}.localhost:{self.edge(node)}"


@dataclass
class Demo:
    """One run of the demo."""

    folder: Path
    ports: Ports
    tell: Tell
    has_traffic: bool = False
    proxies: dict[str, CuttableProxy] = field(default_factory=dict)
    servers: list[asyncio.Server] = field(default_factory=list)
    late: list[Program] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)

    @property
    def central(self) -> Path:
        return self.folder / "central"

    def edge(self, node: str) -> Path:
        return self.folder / "edges" / node

    @property
    def control(self) -> Path:
        return control_socket(self.folder)

    # --- the whole -----------------------------------------------------------------------------------------------

    async def run(self, supervisor: Supervisor, announce: Tell) -> None:
        """Start everything, call `announce` once all answer, stay until told, stop everything."""
        supervisor.heed_signals()
        locks = contextlib.ExitStack()
        try:
            self._check_ports()
            self._write_settings()
            self._lock_homes(locks)
            await self._serve_around()
            await self._start(supervisor)
            if await self._all_answer(supervisor):
                self._start_late(supervisor)
                announce(f"{time.monotonic() - self.started_at:.1f}")
            elif not supervisor.is_leaving:
                raise Refused(f"the demo did not answer within {READY_SECONDS:.0f} s: see {self.folder / 'logs'}")
            await supervisor.until_told()
        finally:
            self.tell("stopping")
            for server in self.servers:
                server.close()
            for proxy in self.proxies.values():
                await proxy.cut()
            await supervisor.stop()
            self.control.unlink(missing_ok=True)
            locks.close()

    def _lock_homes(self, locks: contextlib.ExitStack) -> None:
        """So that `rialto run` or `import` on one of our homes knows that it runs here."""
        for home in (self.central, *(self.edge(node) for node in NODES)):
            locks.enter_context(embedded.node_lock(home))

    def _check_ports(self) -> None:
        for port, what in self.ports.all().items():
            if not reachable.port_is_free("127.0.0.1", port):
                raise Refused(
                    f"port {port}, wanted for {what}, is taken by another program: stop it, "
                    f"or start the demo elsewhere with `--ports {self.ports.base + 100}`"
                )

    async def _serve_around(self) -> None:
        """What runs inside the supervisor: the links, their control, the mailbox."""
        mailbox = Mailbox(self.folder / "mail")
        for node in NODES:
            self.proxies[node] = self._proxy(node)
            await self.proxies[node].heal()
        places.make_private(self.control.parent)
        self.servers.append(await demo_control.serve(self.control, self.proxies))
        self.servers.append(await serve_smtp(mailbox, self.ports.smtp))
        self.servers.append(await serve_pages(mailbox, self.ports.mail_pages))

    def _proxy(self, node: str) -> CuttableProxy:
        return CuttableProxy(self.ports.link(node), self.ports.base)

    async def _start(self, supervisor: Supervisor) -> None:
        """Databases, then programs and seeding side by side: two cores have enough to do with either."""
        templates.copy_into(self.central)
        for node in NODES:
            templates.copy_into(self.edge(node))
        central = load(self.central)
        await runner.start_servers(central, supervisor)
        await self._migrate(supervisor)
        note = read_note(self.folder)
        seeding = self._seeding(note)
        for program in self._programs_of(central):
            if program.name == WORKER:
                self.late.append(program)
            else:
                supervisor.run(program)
        if seeding is not None:
            await self._seed(supervisor, seeding)
        for node in NODES:
            self._run_edge(supervisor, node)

    def _start_late(self, supervisor: Supervisor) -> None:
        """What no shop waits for: its work lies in the realms until it comes."""
        for program in self.late:
            supervisor.run(program)
        if self.has_traffic:
            shoppers = supervise.python("-m", "central.setup.traffic", str(self.ports.base))
            supervisor.run(self._program("traffic", shoppers, load(self.central)))

    async def _migrate(self, supervisor: Supervisor) -> None:
        """Only what the templates did not bring, or what an older version of the code left."""
        behind = [settings for settings in self._settings() if not is_current(settings)]
        if behind:
            self.tell("bringing the databases to this version")
        command = supervise.python("-m", "node.cli", "migrate")
        await asyncio.gather(
            *(supervisor.once(self._program(f"migrate-{settings.home.name}", command, settings)) for settings in behind)
        )

    def _settings(self) -> list[Config]:
        return [load(self.central), *(load(self.edge(node)) for node in NODES)]

    def _programs_of(self, settings: Config) -> list[Program]:
        title = "central" if settings.role == "central" else f"edge-{settings.home.name}"
        return supervise.programs_of(settings, title=title, logs=self.folder / "logs")

    def _run_edge(self, supervisor: Supervisor, node: str) -> None:
        if f"edge-{node}" not in supervisor.names:
            for program in self._programs_of(load(self.edge(node))):
                supervisor.run(program)

    def _program(self, name: str, argv: list[str], settings: Config) -> Program:
        log = self.folder / "logs" / f"{name}.log"
        return Program(name, argv, supervise.environment(settings), log=log)

    # --- seeding -------------------------------------------------------------------------------------------------

    def _seeding(self, note: dict[str, Any]) -> str | None:
        """What has to be done to the data before the demo is whole: "seed", "rebase" or nothing."""
        if not note.get("is_seeded"):
            return "seed"
        return "rebase" if note.get("base") != self.ports.base else None

    async def _seed(self, supervisor: Supervisor, what: str) -> None:
        self.tell("making three shops, their goods and past orders" if what == "seed" else "moving to other ports")
        command = supervise.python("-m", "node.cli", "demo", "prepare", what, str(self.ports.base), str(self.folder))
        program = self._program("seed", command, load(self.central))
        # Thousands of small commits that are begun anew anyway if the power fails: none waits for the disk.
        program.env = {**program.env, "PGOPTIONS": "-c synchronous_commit=off"}
        seeding = asyncio.create_task(supervisor.once(program))
        # The edges have joined long before the last past order is written: they start as soon as they can.
        while not seeding.done():
            for node in NODES:
                if has_joined(self.edge(node)):
                    self._run_edge(supervisor, node)
            await asyncio.sleep(0.1)
        await seeding
        write_note(self.folder, is_seeded=True, base=self.ports.base)

    # --- settings ------------------------------------------------------------------------------------------------

    def _write_settings(self) -> None:
        """Anew at each start: the ports may have changed. Secrets and keys are in `keys/` and stay."""
        if not read_note(self.folder).get("is_seeded"):
            _empty(self.folder)  # stopped while the shops were being made: half of them is worse than none
        common = {"mail_from": "Rialto demo <demo@example.com>", "smtp_url": f"smtp://127.0.0.1:{self.ports.smtp}"}
        self._write(
            self.central,
            role="central",
            base_url=self.ports.central_url,
            id_url=self.ports.id_url,
            bind_port=self.ports.base,
            demo_control=str(self.control),
            **common,
        )
        places.make_secret(self.central, "postgres_password")
        for node in NODES:
            self._write(
                self.edge(node),
                role="edge",
                base_url=self.ports.site_url(node),
                bind_port=self.ports.edge(node),
                link_url=f"http://127.0.0.1:{self.ports.link(node)}",
            )

    def _write(self, home: Path, **values: object) -> None:
        from node.cli.nodes import write_settings

        home.mkdir(parents=True, exist_ok=True)
        places.make_private(home / "keys")
        places.make_secret(home, "secret_key")
        write_settings(home / FILE_NAME, {**values, "bind_host": "127.0.0.1", "log_level": "info"})

    # --- ready ---------------------------------------------------------------------------------------------------

    async def _all_answer(self, supervisor: Supervisor) -> bool:
        waiting = {"central": (self.ports.base, "central.localhost")}
        waiting |= {node: (self.ports.edge(node), f"{site}.localhost") for node, site in NODES.items()}

        async def none_is_missing() -> bool:
            for name, (port, host) in list(waiting.items()):
                status, body = await supervise.answers(port, "/", f"{host}:{port}")
                if is_open(name, status, body, self.ports):
                    del waiting[name]
            return not waiting

        return await supervise.wait_until(none_is_missing, seconds=READY_SECONDS, supervisor=supervisor)


def is_open(name: str, status: int, body: bytes, ports: Ports) -> bool:
    """Central sends to its sign-in; a shop is open once it shows goods and leads to its sisters where they are now."""
    if name == "central":
        return status in (200, 302)
    sisters = [ports.site_url(node).encode() for node in NODES if node != name]
    return status == 200 and b'"/p/' in body and all(sister in body for sister in sisters)


def has_joined(edge: Path) -> bool:
    """Whether an edge's home holds what `rialto join` leaves behind."""
    return (edge / "keys" / "joined.json").exists()


def control_socket(folder: Path) -> Path:
    """The control socket of the demo in `folder`."""
    return places.runtime_dir(folder / "central") / "demo.sock"


# --- one demo per directory --------------------------------------------------------------------------------------


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Hold a demo's directory. Raises `Locked` when another demo runs on it; noted for `demo cut` and `import`."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            processes.file_lock(
                folder / "demo.lock",
                f"a demo runs in {folder} already: stop it, or start this one with another --dir and --ports",
            )
        )
        with contextlib.suppress(OSError):
            homes.demo_record().parent.mkdir(parents=True, exist_ok=True)
            homes.demo_record().write_text(json.dumps({"dir": str(folder), "pid": os.getpid()}))
        yield


def clear(folder: Path) -> None:
    """Remove a demo's data. Refuses a directory that no demo has made, and one in which a demo runs."""
    if not folder.exists():
        return
    if is_foreign(folder):
        raise Refused(f"{folder} was not made by the demo, so --fresh does not empty it: choose another --dir")
    with taken(folder):
        _empty(folder)


def is_foreign(folder: Path) -> bool:
    """Whether a directory holds things that no demo has put there."""
    return folder.exists() and not (folder / NOTE).exists() and any(p.name != "demo.lock" for p in folder.iterdir())


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name not in ("demo.lock", NOTE):  # a stop half-way must leave a directory we still know as ours
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_note(folder)


def read_note(folder: Path) -> dict[str, Any]:
    """What is known about a demo's data; {} for a fresh one."""
    try:
        noted = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def write_note(folder: Path, **values: object) -> None:
    fresh = folder / f".{NOTE}"
    fresh.write_text(json.dumps(values))
    fresh.replace(folder / NOTE)
