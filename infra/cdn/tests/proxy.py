"""A real nginx with `proxy_cache` as `nginx_cache.conf` sets it up, its purge service, and an origin behind it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from infra.cdn import agent

KEY = "purge-test-key"
HOST = "tea.example"
CONFIG = Path(agent.__file__).parent / "nginx_cache.conf"
#: nginx lies in a folder that only root has in its PATH
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Proxy:
    """`say[path]`: what the origin answers now. `get` asks through nginx."""

    def __init__(self) -> None:
        self.say: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.asked: list[str] = []
        self.port = 0
        self.base_url = ""
        self.cache = Path()

    def get(self, path: str, *, encoding: str = "identity", host: str = HOST) -> httpx.Response:
        headers = {"host": host, "accept-encoding": encoding}
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    @contextmanager
    def running(self, folder: Path) -> Iterator[Proxy]:
        with self._origin() as origin:
            self.port = _free_port()
            self.cache = folder / "cache"
            config = folder / "nginx.conf"
            config.write_text(_main_config(folder, origin, self.port, self.cache))
            program = subprocess.Popen([str(NGINX), "-c", str(config), "-p", str(folder)])
            service = agent.server(agent.Cache(self.cache), KEY, ("127.0.0.1", 0))
            thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            self.base_url = f"http://127.0.0.1:{service.server_address[1]}"
            try:
                _wait_for(self.port)
                yield self
            finally:
                service.shutdown()
                service.server_close()
                program.terminate()
                program.wait(10)

    @contextmanager
    def _origin(self) -> Iterator[int]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.asked.append(self.path)
                body = f"{proxy.say.get(self.path, 'nothing')} {self.headers.get('accept-encoding') or ''}".encode()
                self.send_response(200)
                self.send_header("cache-control", "public, max-age=0, s-maxage=86400, stale-if-error=604800")
                self.send_header("vary", "Accept-Encoding")
                if self.path in proxy.tags:
                    self.send_header("cache-tag", proxy.tags[self.path])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            server.server_close()


def _main_config(folder: Path, origin: int, port: int, cache: Path) -> str:
    """The shipped configuration, at addresses of the test."""
    shipped = CONFIG.read_text()
    for was, became in (
        ("/var/cache/nginx/rialto", str(cache)),
        ("http://127.0.0.1:8001", f"http://127.0.0.1:{origin}"),
        ("listen 80;", f"listen 127.0.0.1:{port} default_server;"),
    ):
        assert was in shipped
        shipped = shipped.replace(was, became)
    temp = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Its worker must write into our folder; as another user nginx takes no `user` at all.
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{ worker_connections 64; }}\n"
        f"http {{ access_log off; {temp}\n{shipped}\n}}\n"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(0.02)
