"""The supervisor with small programs of the test's own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from node import processes, supervise
from node.errors import Refused
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
