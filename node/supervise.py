"""Running the processes of one or more nodes: start, log with the name in front, restart, stop; none is left behind.

    supervisor = Supervisor(tell)
    supervisor.serve(embedded.Postgres(home))      # servers: up before the rest, stopped after it
    supervisor.run(Program("web", argv, env))      # restarted with back-off when it ends by itself
    await supervisor.until_told()                  # SIGINT, SIGTERM, or supervisor.leave()
    await supervisor.stop()                        # all gone within STOP_SECONDS

Everything is started from the main thread, because the kernel tells children of the death of that thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from node import processes
from node.config import Config
from node.errors import Refused
from node.limits import LINK_FRAME
from node.places import ROOT

#: SIGTERM first; a program that has not ended by then is killed. With the servers' own time this stays below 15 s.
PROGRAM_PATIENCE = 7.0
#: what a killed group may take to be gone
GROUP_PATIENCE = 2.0
SERVER_PATIENCE = 5.0
POLL_SECONDS = 0.1
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 60.0  # a program that ran this long starts its back-off anew

Tell = Callable[[str], None]


class Server(Protocol):
    """An embedded server: PostgreSQL or Valkey."""

    log: Path

    def launch(self) -> None: ...
    def wait_ready(self, seconds: float = ...) -> None: ...
    def poll(self) -> int | None: ...
    def stop(self, patience: float = ...) -> None: ...


@dataclass
class Program:
    """A child process. `log` takes its output; without one every line goes to stderr with the name in front.

    `listening` is a socket it inherits and serves under the same number.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path | None = None
    listening: socket.socket | None = None
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0
    readers: list[asyncio.Task[None]] = field(default_factory=list)


class Supervisor:
    """Keeps programs and servers running. One per process; call it from the main thread's event loop."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._servers: list[Server] = []
        self._programs: list[Program] = []
        self._leaving = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @property
    def names(self) -> set[str]:
        """Of the programs that are kept running."""
        return {program.name for program in self._programs}

    def pid_of(self, name: str) -> int | None:
        """The process of a program, None while it waits to be started again."""
        found = next((program.child for program in self._programs if program.name == name), None)
        return found.pid if found is not None and found.poll() is None else None

    # --- start ---------------------------------------------------------------------------------------------------

    def serve(self, server: Server) -> None:
        """Start an embedded server; `servers_ready` waits for all of them together."""
        server.launch()
        self._servers.append(server)

    async def servers_ready(self) -> None:
        """Raises `ServerFailed`."""
        await asyncio.gather(*(asyncio.to_thread(server.wait_ready) for server in self._servers))

    def run(self, program: Program) -> None:
        """Start a program and keep it running."""
        self._programs.append(program)
        self._start(program)
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_running())

    def _start(self, program: Program) -> None:
        inherited = (program.listening.fileno(),) if program.listening else ()
        if program.log is None:
            program.child = processes.launch(
                program.argv, env=program.env, cwd=ROOT, out=subprocess.PIPE, inherited=inherited
            )
            program.readers.append(asyncio.create_task(_prefix_lines(program)))
        else:
            program.log.parent.mkdir(parents=True, exist_ok=True)
            with program.log.open("ab") as out:
                program.child = processes.launch(program.argv, env=program.env, cwd=ROOT, out=out, inherited=inherited)
        program.started_at = time.monotonic()

    async def once(self, program: Program, *, patience: float = 600) -> None:
        """Run a program to its end. Raises `Refused` with its last words when it fails."""
        self._start(program)
        child = program.child
        if child is None:
            return
        until = time.monotonic() + patience
        try:
            while child.poll() is None:
                if self._leaving.is_set():
                    raise Refused(f"stopped during {program.name}")
                if time.monotonic() > until:
                    raise Refused(f"{program.name} did not end in {patience:.0f} s")
                await asyncio.sleep(0.02)
        finally:
            processes.end_child(child, signal.SIGTERM, patience=2)
        if child.returncode != 0:
            from node.embedded import last_words

            said = f": {last_words(program.log, 8)}" if program.log else ""
            raise Refused(f"{program.name} ended with code {child.returncode}{said}")

    # --- keep running --------------------------------------------------------------------------------------------

    async def _keep_running(self) -> None:
        while not self._leaving.is_set():
            now = time.monotonic()
            for server in self._servers:
                if server.poll() is not None:
                    self._tell(f"{type(server).__name__} stopped; starting it again")
                    server.launch()
            for program in self._programs:
                self._look_after(program, now)
            await asyncio.sleep(POLL_SECONDS)

    def _look_after(self, program: Program, now: float) -> None:
        if program.child is not None:
            code = program.child.poll()
            if code is None:
                return
            processes.kill_group(program.child)  # what it started must not outlive it
            program.child = None
            if now - program.started_at > STEADY_SECONDS:
                program.failures = 0
            wait = BACK_OFF[min(program.failures, len(BACK_OFF) - 1)]
            program.failures += 1
            program.due_at = now + wait
            self._tell(f"{program.name} ended with code {code}; again in {wait:g} s{_where_to_look(program)}")
        elif now >= program.due_at:
            self._start(program)

    # --- stop ----------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Ask for the end; harmless when asked twice."""
        self._leaving.set()

    @property
    def is_leaving(self) -> bool:
        return self._leaving.is_set()

    async def until_told(self) -> None:
        """Return after SIGINT, SIGTERM or `leave()`."""
        await self._leaving.wait()

    def heed_signals(self) -> None:
        """SIGINT and SIGTERM mean `leave()`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.leave)

    async def stop(self) -> None:
        """End every program, then every server. Returns when none of them runs."""
        self._leaving.set()
        if self._watch is not None:
            await self._watch
        await self._stop_programs()
        for server in reversed(self._servers):
            await asyncio.to_thread(server.stop, SERVER_PATIENCE)
        for program in self._programs:
            if program.listening:
                program.listening.close()
            for reader in program.readers:
                reader.cancel()

    async def _stop_programs(self) -> None:
        running = [program.child for program in self._programs if program.child is not None]
        for child in running:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        until = time.monotonic() + PROGRAM_PATIENCE
        while any(child.poll() is None for child in running) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for child in running:
            processes.kill_group(child)
            child.wait()
        # A killed grandchild may still write for a moment, into folders that are taken away next.
        while any(processes.group_of(child.pid) for child in running) and time.monotonic() < until + GROUP_PATIENCE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _where_to_look(program: Program) -> str:
    return f" (see {program.log})" if program.log else ""


async def _prefix_lines(program: Program) -> None:
    child = program.child
    if child is None or child.stdout is None:
        return
    reader = asyncio.StreamReader(limit=2**20)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), child.stdout)
    name = program.name.encode()
    try:
        while line := await reader.readline():
            sys.stderr.buffer.write(b"%-10s| %s\n" % (name, line.rstrip()))
            sys.stderr.buffer.flush()
    except ValueError:  # a line longer than the limit
        sys.stderr.buffer.write(b"%-10s| (an overlong line left out)\n" % name)
    finally:
        transport.close()


# --- what a node consists of -------------------------------------------------------------------------------------


def environment(settings: Config, **more: str) -> dict[str, str]:
    """What a process of the node sees. RIALTO_* of the caller stays: it overrules the node's file."""
    return {
        **os.environ,
        "RIALTO_HOME": str(settings.home),
        "DJANGO_SETTINGS_MODULE": f"node.settings.{settings.role}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        # glibc gives every thread an arena of its own; an edge has to stay small.
        "MALLOC_ARENA_MAX": "2",
        # Celery advises against root at length at every start; it is the operator's choice.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        **more,
    }


def python(*arguments: str | Path) -> list[str]:
    """`-P`: a file in the current directory never shadows ours."""
    return [sys.executable, "-P", *(str(argument) for argument in arguments)]


def web_command(settings: Config, listening: socket.socket | None = None) -> list[str]:
    """The web server of a node: daphne or uvicorn, by one setting; on an inherited socket when there is one."""
    application = f"{settings.role}.asgi:application"
    if settings.server == "daphne":
        quiet = ["--no-server-name", "--access-log", os.devnull]
        # Its own limit, of 1 MiB, is for what is sent too: a page of a snapshot would end the link, again and again.
        frames = ["--websocket-max-message-size", str(LINK_FRAME), "--websocket-max-frame-size", str(LINK_FRAME)]
        return python("-m", "daphne", *_address(settings, listening, "-b", "-p"), *quiet, *frames, application)
    # What a proxy says of an address is believed by our own rule (`trusted_proxies`), not by the server's.
    quiet = ["--no-proxy-headers", "--no-server-header", "--no-access-log", "--log-level", "warning"]
    more = [*quiet, "--timeout-graceful-shutdown", "3"]
    return python("-m", "uvicorn", *_address(settings, listening, "--host", "--port"), *more, application)


def _address(settings: Config, listening: socket.socket | None, host: str, port: str) -> list[str]:
    if listening is not None:
        return ["--fd", str(listening.fileno())]
    return [host, settings.bind_host, port, str(settings.bind_port)]


def programs_of(settings: Config, *, title: str = "", logs: Path | None = None) -> list[Program]:
    """The programs of a node, to be made once. `title` comes before each name, and is an edge's whole name; `logs` is
    the folder of their output, stderr without.

    Several web processes of central accept from one socket, which the supervisor holds: one that dies or hangs takes
    no new connection with it, and no proxy has to know how many there are.
    """
    listening = _listen(settings) if settings.web_workers > 1 else None
    made = []
    for name, argv in commands_of(settings, listening).items():
        named = name if not title else title if settings.role == "edge" else f"{title}-{name}"
        log = logs / f"{named}.log" if logs else None
        has_socket = name.startswith("web")
        made.append(Program(named, argv, environment(settings), log, listening if has_socket else None))
    return made


def commands_of(settings: Config, listening: socket.socket | None = None) -> dict[str, list[str]]:
    """The programs of a node by name."""
    web = web_command(settings, listening)
    if settings.role == "edge":
        return {"web": web}
    webs = {f"web-{n}": web for n in range(1, settings.web_workers + 1)} if settings.web_workers > 1 else {"web": web}
    worker = python("-m", "celery", "-A", "central.worker", "--quiet", "worker", "--pool", "threads")
    return {
        **webs,
        "sync": python("-m", "node.cli", "sequencer"),
        # Threads: a send waits for the network, and three forks of the whole house would cost 300 MB.
        "worker": [*worker, "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
    }


def _listen(settings: Config) -> socket.socket:
    """Raises `Refused` when the address is taken."""
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    try:
        return socket.create_server((settings.bind_host, settings.bind_port), family=family, backlog=1024)
    except OSError as error:
        raise Refused(f"cannot listen on {settings.bind_host}:{settings.bind_port}: {error.strerror}") from error


HEALTH = {"central": "/_health", "edge": "/_r/health"}


async def answers(port: int, path: str, host: str = "localhost") -> tuple[int, bytes]:
    """GET with a Host of its own, as Python does not resolve `*.localhost`: (status, body), (0, b"") when down."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0, b""
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        raw = await asyncio.wait_for(reader.read(-1), 10)
        head, _, body = raw.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0, b""
    finally:
        writer.close()


async def wait_until(what: Callable[[], Awaitable[bool]], *, seconds: float, supervisor: Supervisor) -> bool:
    """Ask until yes, the time is over, or the supervisor is told to leave."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not supervisor.is_leaving:
        if await what():
            return True
        await asyncio.sleep(0.1)
    return False
