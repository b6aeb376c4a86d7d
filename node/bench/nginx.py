"""nginx for benchmarks: in a scratch folder, with one worker, ended with the block."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node import processes
from node.bench.shopper import Failed
from node.proxy import CuttableProxy
from node.testing.runner import NGINX_BROTLI, program

WAIT_S = 20.0
_MAIN = """{modules}{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    include {folder}/mime.types;
    access_log off;
    sendfile on;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/server.conf;
}}
"""
#: nginx lives by what it is told: where Debian puts the list of types is another place elsewhere
_TYPES = "types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }\ndefault_type text/html;\n"


def missing() -> str:
    """Why nginx cannot be measured here, "" when it can."""
    return "" if program("nginx") else "no nginx (Debian: apt-get install nginx)"


def has_brotli() -> bool:
    return NGINX_BROTLI.exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Nginx:
    port: int
    master: int

    def cpu_seconds(self) -> float:
        """Processor time its workers have used."""
        ticks = 0
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and (fields := _stat(process)) and int(fields[1]) == self.master:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: Path) -> list[str]:
    """The fields of `/proc/PID/stat` after the name; [] when it has gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def running(folder: Path, servers: str, port: int) -> Iterator[Nginx]:
    """`servers`: what stands inside `http {}`. Raises `Failed` when nginx does not take it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.conf").write_text(servers)
    (folder / "mime.types").write_text(_TYPES)
    # A scratch folder is its owner's alone; a real front runs as a user who may read the pages
    user = "user root;\n" if os.getuid() == 0 else ""
    modules = f"load_module {NGINX_BROTLI};\n" if has_brotli() else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user, modules=modules))
    argv = [str(program("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - nginx and our own words
            argv, stdout=said, stderr=said, preexec_fn=processes.dies_with_parent()
        )
    try:
        _until_it_listens(process, port, folder)
        yield Nginx(port, process.pid)
    finally:
        process.terminate()
        process.wait(WAIT_S)


def _until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > until:
                said = "".join((folder / name).read_text() for name in ("start.log", "said.log"))
                raise Failed(f"nginx did not start: {said[-2000:]}") from error
            time.sleep(0.02)


class Counted(CuttableProxy):
    """Between nginx and an edge, it counts the connections: how often Python was touched."""

    connections = 0

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await super()._carry(reader, writer)
