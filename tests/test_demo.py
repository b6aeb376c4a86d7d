"""The demo as a newcomer starts it: one command, every shop answers, Ctrl-C leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def free_base(first: int = 20000) -> int:
    """A BASE of which BASE to BASE+13 are free."""
    for base in range(first, 30000, 50):
        if all(is_free(base + offset) for offset in (*range(6), 11, 12, 13)):
            return base
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def rialto(*words: str, folder: Path) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DJANGO_"))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "node.cli", *words],
        env={**kept, "PYTHONPATH": str(ROOT)}, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def get(url: str, path: str = "/") -> tuple[int, str]:
    """GET with the Host set by hand: Python does not resolve `*.localhost`."""
    parts = urlsplit(url)
    with socket.create_connection(("127.0.0.1", parts.port or 80), timeout=10) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        raw = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode("utf-8", "replace")


class Running:
    """A demo that runs, what it said when it was ready, and every process it has."""

    def __init__(self, folder: Path, base: int, *options: str) -> None:
        self.base, started = base, time.monotonic()
        self.process = rialto("demo", "--json", "--dir", str(folder / "demo"), "--ports", str(base), *options,
                              folder=folder)  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.seconds = time.monotonic() - started
        assert line, self.process.communicate()[1]
        self.said = json.loads(line)

    def stop(self) -> tuple[int, float, list[psutil.Process]]:
        """Ctrl-C. Returns the exit code, the seconds it took and the processes that were left."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        left = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        return code, time.monotonic() - started, left


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Running]:
    running = Running(folder, free_base())
    yield running
    if running.process.poll() is None:
        running.stop()


def test_it_says_in_one_line_where_everything_is(demo: Running, folder: Path) -> None:
    base = demo.base

    assert demo.said["central"] == f"http://central.localhost:{base}"
    assert set(demo.said["staff"]) == {"login", "password"}
    assert demo.said["sites"] == [
        {"id": "tea", "url": f"http://tea.localhost:{base + 1}", "node": "a"},
        {"id": "clay", "url": f"http://clay.localhost:{base + 2}", "node": "b"},
        {"id": "ink", "url": f"http://ink.localhost:{base + 3}", "node": "c"},
    ]
    assert demo.said["dir"] == str(folder / "demo")


def test_every_shop_and_central_answer(demo: Running) -> None:
    for site in demo.said["sites"]:
        status, page = get(site["url"])
        assert status == 200
        assert '"/p/' in page
        assert get(site["url"], "/nothing-here")[0] == 404
    assert get(demo.said["central"])[0] in (200, 302)
    assert get(f"http://localhost:{demo.base + 4}")[0] == 200


def test_a_link_is_cut_and_healed_from_another_terminal(demo: Running, folder: Path) -> None:
    def ask(*words: str) -> tuple[int, str, str]:
        other = rialto("demo", *words, "--dir", str(folder / "demo"), folder=folder)
        out, err = other.communicate(timeout=30)
        return other.returncode, out, err

    try:
        assert ask("cut", "b", "--json")[:2] == (0, '{"nodes": {"a": "up", "b": "cut", "c": "up"}}\n')
        assert get(demo.said["sites"][1]["url"])[0] == 200  # it sells on
    finally:
        assert ask("heal", "b", "--json")[1] == '{"nodes": {"a": "up", "b": "up", "c": "up"}}\n'
    code, _, said = ask("cut", "z")
    assert code == 1
    assert "there is no node 'z'" in said


def test_a_second_demo_on_the_directory_or_the_ports_is_refused(demo: Running, folder: Path) -> None:
    for where, sentence in ((folder / "demo", "a demo runs in"), (folder / "other", f"port {demo.base}")):
        second = rialto("demo", "--dir", str(where), "--ports", str(demo.base), folder=folder)
        _, said = second.communicate(timeout=30)
        assert second.returncode == 1
        assert sentence in said
        assert "Traceback" not in said


def test_stopped_it_leaves_nothing_and_starts_again_on_other_ports_with_its_data(demo: Running, folder: Path) -> None:
    code, seconds, left = demo.stop()
    assert (code, left) == (0, [])
    assert seconds < 15

    again = Running(folder, free_base(demo.base + 50))
    try:
        site = again.said["sites"][1]
        assert site["url"] != demo.said["sites"][1]["url"]
        status, page = get(site["url"])
        assert status == 200
        # The bar of sister shops leads to the new ports.
        assert again.said["sites"][0]["url"] in page
        assert demo.said["sites"][0]["url"] not in page
    finally:
        code, _, left = again.stop()
    assert (code, left) == (0, [])


def test_killed_it_takes_every_process_with_it(folder: Path) -> None:
    running = Running(folder, free_base())
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert len(children) > 8

    running.process.kill()
    running.process.wait()

    _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []
