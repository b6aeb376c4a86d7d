"""The supervisor with small programs of the test's own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from node import processes, supervise
from node.config import build
from node.errors import Refused
from node.limits import LINK_FRAME
from node.supervise import Program, Supervisor

pytestmark = pytest.mark.slow


def program(tmp_path: Path, name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code], os.environ, log=tmp_path / f"{name}.log")


async def until(what, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_program_that_ends_is_started_again_after_a_while(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.run(program(tmp_path, "short", "print('once', flush=True)"))
    try:
        assert await until(lambda: (tmp_path / "short.log").read_text().count("once") >= 2)
        assert said[0].startswith("short ended with code 0; again in 0.5 s")
    finally:
        await supervisor.stop()


async def test_stopping_leaves_no_process_not_even_of_a_stubborn_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PROGRAM_PATIENCE", 0.5)
    code = (
        "import signal, subprocess, sys, time, os\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = Supervisor(lambda line: None)
    stubborn = program(tmp_path, "stubborn", code)
    supervisor.run(stubborn)
    log = tmp_path / "stubborn.log"
    assert await until(lambda: len(log.read_text().split()) == 2)
    pids = [int(pid) for pid in log.read_text().split()]

    await supervisor.stop()

    assert await until(lambda: not any(processes.is_alive(pid) for pid in pids))


async def test_a_step_that_fails_ends_with_its_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda line: None)

    with pytest.raises(Refused, match="step ended with code 1: ValueError: no hats"):
        await supervisor.once(program(tmp_path, "step", "raise ValueError('no hats')"))


async def test_a_step_is_broken_off_when_told_to_leave(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda line: None)
    step = program(tmp_path, "step", "import time; time.sleep(60)")
    running = asyncio.create_task(supervisor.once(step))
    assert await until(lambda: step.child is not None)

    supervisor.leave()

    with pytest.raises(Refused, match="stopped during step"):
        await running
    assert step.child is not None
    assert step.child.returncode is not None


async def test_output_without_a_log_goes_to_stderr_with_the_name_in_front(capfd: pytest.CaptureFixture[str]) -> None:
    supervisor = Supervisor(lambda line: None)
    code = "import time; print('hello', flush=True); time.sleep(60)"
    supervisor.run(Program("web", [sys.executable, "-c", code], os.environ))
    seen = ""

    async def said() -> bool:
        nonlocal seen
        seen += capfd.readouterr().err
        return "hello" in seen

    try:
        assert await supervise.wait_until(said, seconds=10, supervisor=supervisor)
    finally:
        await supervisor.stop()
    assert seen == "web       | hello\n"


SERVE = """
import os, socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
while True:
    line, _ = server.accept()
    line.sendall(b"%d" % os.getpid())
    line.close()
"""


async def test_of_programs_on_one_socket_those_that_run_take_every_connection(tmp_path: Path) -> None:
    """As several web processes of central do: a stopped and a killed one take no connection with them."""
    supervisor = Supervisor(lambda line: None)
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-c", SERVE, str(listening.fileno())]
    for name in ("one", "two"):
        supervisor.run(Program(name, command, os.environ, tmp_path / f"{name}.log", listening))
    try:
        one, two = supervisor.pid_of("one"), supervisor.pid_of("two")
        assert one and two and await until(lambda: asked(listening) == one)
        os.kill(one, signal.SIGSTOP)
        assert {asked(listening) for _ in range(5)} == {two}
        os.kill(one, signal.SIGCONT)
        os.kill(two, signal.SIGKILL)
        assert await until(lambda: supervisor.pid_of("two") not in (None, two))
    finally:
        await supervisor.stop()
    assert listening.fileno() == -1  # the port is free again


def asked(listening: socket.socket) -> int:
    """Who answers."""
    with socket.create_connection(listening.getsockname(), timeout=10) as line:
        return int(line.recv(20) or b"0")


def test_central_has_as_many_web_processes_as_its_settings_say(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = {"role": "central", "home": tmp_path, "secret_key": "k" * 40, "bind_port": port}

    one = supervise.programs_of(build(tmp_path, home))
    two = supervise.programs_of(build(tmp_path, {**home, "web_workers": 2}), title="central")

    assert [program.name for program in one] == ["web", "sync", "worker"]
    assert [program.name for program in two] == ["central-web-1", "central-web-2", "central-sync", "central-worker"]
    webs = [program for program in two if program.listening]
    assert len(webs) == 2 and all("--fd" in program.argv for program in webs)
    with pytest.raises(Refused, match="cannot listen"):
        supervise.programs_of(build(tmp_path, {**home, "web_workers": 2}))
    for program in webs:
        program.listening.close()


def test_the_web_server_of_central_lets_frames_of_the_link_through(tmp_path: Path) -> None:
    command = supervise.web_command(build(tmp_path, {"role": "central", "home": tmp_path, "secret_key": "k" * 40}))

    for option in ("--websocket-max-message-size", "--websocket-max-frame-size"):
        assert command[command.index(option) + 1] == str(LINK_FRAME)
