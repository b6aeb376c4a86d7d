"""The demo as a newcomer starts it: one command, every shop answers, Ctrl-C leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from node import places
from node.bench.shopper import Shopper, goods_on
from node.testing import loops

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


async def _shop_until(done: asyncio.Event, origins: dict[str, str]) -> tuple[int, float]:
    """Fill carts at one shop, twenty times a second. Returns how many adds it acknowledged, and its longest answer."""
    made, longest = 0, 0.0
    while not done.is_set():
        shopper = Shopper(origins)
        await shopper.enter("tea")
        [good, *_] = goods_on((await shopper.shop("tea").request("GET", "/")).body)
        for _ in range(50):
            began = time.monotonic()
            await shopper.send("tea", shopper.add(good))
            made, longest = made + 1, max(longest, time.monotonic() - began)
            await asyncio.sleep(0.05)
            if done.is_set():
                break
        await shopper.close()
    return made, longest


async def _move_and_shop(arguments: list[str], folder: Path, origins: dict[str, str]) -> tuple[str, int, float]:
    done = asyncio.Event()
    shopping = asyncio.create_task(_shop_until(done, origins))
    try:
        said = await asyncio.to_thread(lambda: rialto(*arguments, folder=folder).communicate(timeout=180))
    finally:
        done.set()
    assert said[0], said[1]
    return said[0], *await shopping


def _on_edge(home: Path, question: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{home}/data/edge.sqlite3?mode=ro", uri=True)) as disk:
        return disk.execute(question).fetchall()


def test_a_realm_moves_while_shops_sell_and_no_edge_notices(demo: Running, folder: Path) -> None:
    home, edge = folder / "demo" / "central", folder / "demo" / "edges" / "a"
    old = places.postgres_url(home, "orders")
    new = places.postgres_url(home, "orders_elsewhere")
    with psycopg.connect(old, autocommit=True) as server:
        server.execute("CREATE DATABASE orders_elsewhere TEMPLATE template0")
    cursors = "SELECT realm, epoch, generation FROM sync_edge_cursor ORDER BY realm"
    before = _on_edge(edge, cursors)
    origins = {one["id"]: one["url"] for one in demo.said["sites"]}

    said, adds, longest = loops.run(
        _move_and_shop(["--home", str(home), "realm", "move", "orders", "--to", new, "--json"], folder, origins)
    )

    move = json.loads(said)["move"]
    print(f"pause {move['pause_ms']:.0f} ms, {adds} adds acknowledged, the longest after {longest * 1000:.0f} ms")
    assert (move["step"], move["problem"]) == ("done", "")
    assert move["pause_ms"] < 1000
    assert adds > 20
    until = time.monotonic() + 20
    while _on_edge(edge, "SELECT count(*) FROM sync_edge_outgoing WHERE realm = 'orders'") != [(0,)]:
        assert time.monotonic() < until, "the edge still keeps ops that central has not acknowledged"
        time.sleep(0.1)
    # The log went along: same epoch, and nothing was fetched anew.
    assert _on_edge(edge, cursors) == before
    with psycopg.connect(new) as moved, psycopg.connect(old) as left:
        question = "SELECT max(n) FROM sync_central_lastn WHERE edge = 'a'"
        there, here = moved.execute(question).fetchone(), left.execute(question).fetchone()
        assert there is not None and here is not None
        assert there[0] >= adds
        assert there[0] > here[0]  # it goes on in the new database, and only there
        with pytest.raises(psycopg.errors.CannotConnectNow):
            left.execute("UPDATE sync_central_lastn SET n = n")


async def _shop_for(seconds: float, origins: dict[str, str]) -> tuple[int, float]:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    return await _shop_until(done, origins)


def test_with_the_realm_cluster_gone_known_shops_go_on(demo: Running, folder: Path) -> None:
    home, edge = folder / "demo" / "central", folder / "demo" / "edges" / "a"
    origins = {one["id"]: one["url"] for one in demo.said["sites"]}
    with psycopg.connect(places.postgres_url(home, "postgres"), autocommit=True) as server:
        server.execute("ALTER DATABASE cluster ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cluster'")
        try:
            # Longer than the hub waits before it looks again whether a node was revoked.
            adds, _ = loops.run(_shop_for(5, origins))
            until = time.monotonic() + 20
            while _on_edge(edge, "SELECT count(*) FROM sync_edge_outgoing WHERE realm = 'orders'") != [(0,)]:
                assert time.monotonic() < until, "central takes nothing in while `cluster` is away"
                time.sleep(0.1)
        finally:
            server.execute("ALTER DATABASE cluster ALLOW_CONNECTIONS true")
        server.execute("CHECKPOINT")  # else the server's end waits for what the tests before have written

    assert adds > 10
    assert get(demo.said["central"])[0] in (200, 302)


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
