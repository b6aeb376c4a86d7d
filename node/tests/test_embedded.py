"""The embedded servers, as a node starts them: real ones, in a directory of the test's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from node import embedded, places, processes
from node.errors import Refused
from node.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a data directory that nothing runs on."""
    home = tmp_path_factory.mktemp("made")
    embedded.Postgres(home, durable=False).make(["cluster", "orders"])
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "h", symlinks=True)
    return tmp_path / "h"


@pytest.fixture
def postgres(home: Path) -> Iterator[embedded.Postgres]:
    server = embedded.Postgres(home, durable=False)
    yield server
    server.stop()


def up(server: embedded.Postgres | embedded.Valkey) -> None:
    server.launch()
    server.wait_ready()


def test_each_realm_is_a_database_that_knows_cyrillic_and_logical_replication(postgres: embedded.Postgres) -> None:
    up(postgres)

    with psycopg.connect(postgres.url("orders")) as connection:
        row = connection.execute(
            "SELECT lower('ЯБЛОКО'), 'Яблоко' ILIKE 'яб%', current_setting('wal_level')"
        ).fetchone()

    assert row == ("яблоко", True, "logical")


def test_only_the_generated_password_opens_it(postgres: embedded.Postgres) -> None:
    up(postgres)
    password = places.read_secret(postgres.home, "postgres_password")

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url("orders").replace(password, "guess"))

    assert postgres.sockets.stat().st_mode & 0o777 == 0o700


def test_a_copy_of_a_template_gets_a_password_of_its_own(made: Path, tmp_path: Path) -> None:
    copy = embedded.Postgres(tmp_path, durable=False)
    copy.make([], made / "data" / "postgres")
    up(copy)
    try:
        with psycopg.connect(copy.url("orders")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert places.read_secret(tmp_path, "postgres_password") != places.read_secret(made, "postgres_password")
    finally:
        copy.stop()


def test_a_deep_home_gets_a_short_socket_path(made: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    shutil.copytree(made, deep)
    server, broker = embedded.Postgres(deep, durable=False), embedded.Valkey(deep)
    try:
        up(server)
        up(broker)
        with psycopg.connect(server.url("orders")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert redis.Redis.from_url(broker.url).ping()
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(server.sockets, ignore_errors=True)


def test_a_pid_file_of_another_process_does_not_stop_the_start(postgres: embedded.Postgres) -> None:
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n0\n5432\n\n\n\nready   \n")

    up(postgres)

    assert postgres.poll() is None


def test_a_session_that_outlived_a_killed_server_is_ended_before_the_next_one_writes(
    postgres: embedded.Postgres,
) -> None:
    up(postgres)
    with psycopg.connect(postgres.url("orders")) as busy, ThreadPoolExecutor(1) as pool:
        # Never waits, so it does not notice that its postmaster died.
        work = pool.submit(busy.execute, "SELECT count(*) FROM generate_series(1, 4000000000)")
        backend = busy.info.backend_pid
        assert until(lambda: (postgres.data / "postmaster.pid").exists() and processes.is_alive(backend))
        os.kill(int((postgres.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert until(lambda: postgres.poll() is not None)
        survived = processes.is_alive(backend)

        up(postgres)
        is_left = processes.is_alive(backend)
        with contextlib.suppress(ProcessLookupError):
            os.kill(backend, signal.SIGKILL)

        assert survived and not is_left
        with pytest.raises(psycopg.Error):
            work.result()


@pytest.mark.skipif(sys.platform != "linux", reason="syncfs is Linux's")
def test_after_a_crash_the_file_system_is_synced_at_once_and_not_file_by_file(postgres: embedded.Postgres) -> None:
    up(postgres)

    with psycopg.connect(postgres.url("orders")) as connection:
        assert connection.execute("SHOW recovery_init_sync_method").fetchone() == ("syncfs",)


def until(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def test_a_server_that_outlived_its_supervisor_is_ended_and_nothing_is_lost(home: Path) -> None:
    stray, next_one = embedded.Postgres(home), embedded.Postgres(home)
    up(stray)
    try:
        with psycopg.connect(stray.url("orders")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        up(next_one)

        with psycopg.connect(next_one.url("orders")) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        assert stray.poll() is not None
    finally:
        next_one.stop()
        stray.stop()


KILLED = """
import os, signal, sys
from pathlib import Path
from node import embedded
home = Path(sys.argv[1])
servers = embedded.Postgres(home, durable=False), embedded.Valkey(home)
for server in servers: server.launch()
for server in servers: server.wait_ready()
print(*(server._child.pid for server in servers), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_supervisor_takes_its_servers_with_it(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(home)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == -signal.SIGKILL

    pids = [int(pid) for pid in done.stdout.split()]

    assert len(pids) == 2
    assert wait_for(lambda: not any(processes.is_alive(pid) for pid in pids))


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    server = embedded.Postgres(tmp_path, durable=False)
    server.launch()

    with pytest.raises(embedded.ServerFailed, match="stopped at start"):
        server.wait_ready()


def test_a_second_process_on_the_same_node_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(processes.Locked, match=f"process {os.getpid()}")
    with embedded.node_lock(tmp_path), refused, embedded.node_lock(tmp_path):
        raise AssertionError("never runs")

    with embedded.node_lock(tmp_path):  # given back
        pass


def test_a_runtime_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "run"
    link.symlink_to(tmp_path)

    with pytest.raises(Refused, match="is not ours"):
        places.make_private(link)


def test_commands_bring_the_servers_of_a_stopped_node_up_for_their_length(home: Path) -> None:
    with embedded.running(home):
        assert embedded.answers_ping(embedded.Valkey(home).socket)
        with psycopg.connect(places.postgres_url(home, "orders")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    assert not embedded.answers_ping(embedded.Valkey(home).socket)


def wait_for(what, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False
