"""The launcher's pieces; it is a script without a suffix, read here as a module."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from node.places import ROOT


@pytest.fixture
def launcher() -> ModuleType:
    loader = SourceFileLoader("rialto_launcher", str(ROOT / "rialto"))
    spec = importlib.util.spec_from_loader("rialto_launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_it_is_executable_and_imports_nothing_but_the_standard_library() -> None:
    assert os.access(ROOT / "rialto", os.X_OK)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "rialto"), "--help"],
        env={"RIALTO_VENV": "/proc/none", "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "RIALTO_VENV" in done.stderr  # it came as far as making the environment


@pytest.mark.parametrize(
    ("version", "fits"),
    [((3, 8), False), ((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False), ((2, 7), False)],
)
def test_which_pythons_fit(launcher: ModuleType, version: tuple[int, int], fits: bool) -> None:
    assert launcher.fits(version) is fits


def test_a_name_on_path_that_does_not_start_is_passed_over(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    good = tmp_path / "python3.12"
    good.write_text("#!/bin/sh\necho 3.12\n")
    good.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert launcher.find_python() == str(good)


def test_without_a_fitting_python_it_says_what_to_install(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher, "find_python", lambda: None)

    assert launcher.run_with_another_python([]) == 1

    assert "3.11, 3.12 or 3.13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "word"),
    [(["demo", "--json"], "demo"), (["--home", "run", "test"], "test"), (["--debug", "lint"], "lint"), ([], "")],
)
def test_the_command_is_found_past_options(launcher: ModuleType, argv: list[str], word: str) -> None:
    assert launcher.first_word(argv) == word


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Looks like a finished environment."""
    made = tmp_path / "venv"
    (made / "bin").mkdir(parents=True)
    (made / "bin" / "python").symlink_to(sys.executable)
    return made


def test_an_environment_is_whole_only_with_the_stamp_of_this_lock(launcher: ModuleType, venv: Path) -> None:
    assert launcher.stamp(str(venv), "run") == ""

    launcher.write_stamp(str(venv), "run")

    assert launcher.stamp(str(venv), "run") == launcher.lock_hash("run")
    assert launcher.stamp(str(venv), "dev") == ""


@pytest.mark.slow  # makes a real one
def test_a_half_made_environment_is_begun_anew(launcher: ModuleType, venv: Path) -> None:
    launcher.write_stamp(str(venv), "run")
    (venv / launcher.MAKING).touch()
    (venv / "left-over").touch()

    assert launcher.stamp(str(venv), "run") == ""
    launcher.make_environment(str(venv))

    assert not (venv / "left-over").exists()
    assert (venv / launcher.MAKING).exists()  # until everything is installed


def test_an_environment_is_not_made_again_by_the_call_that_waited(launcher: ModuleType, venv: Path) -> None:
    launcher.write_stamp(str(venv), "run")

    launcher.install(str(venv), ["run"])

    assert (venv / "bin" / "python").is_symlink()


def test_a_python_that_cannot_make_environments_gets_a_clear_sentence(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "runs", lambda *argv: False)

    with pytest.raises(launcher.Failed, match="python3-venv"):
        launcher.make_environment(str(tmp_path / "venv"))

    assert not (tmp_path / "venv").exists()


def test_without_ensurepip_another_way_is_taken(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def runs(*argv: str) -> bool:
        asked.append(argv)
        return "--without-pip" in argv or "--python" in argv

    monkeypatch.setattr(launcher, "runs", runs)

    launcher.make_environment(str(tmp_path / "venv"))

    assert [argv[2] for argv in asked[:2]] == ["venv", "virtualenv"]


def test_a_failing_pip_is_quoted(launcher: ModuleType, venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = venv / "run.txt"
    lock.write_text("no-such-package==1 --hash=sha256:00\n")
    pip = venv / "pip"
    pip.write_text("#!/bin/sh\necho 'ERROR: hashes do not match' >&2\nexit 1\n")
    pip.chmod(0o755)
    monkeypatch.setattr(launcher, "lock_file", lambda group: str(lock))
    monkeypatch.setattr(launcher, "python_of", lambda made: str(pip))

    with pytest.raises(launcher.Failed, match="hashes do not match"):
        launcher.install_group(str(venv), "run")


def test_pip_is_not_sent_elsewhere_by_the_environment(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_USER", "PIP_TARGET", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "1")

    kept = launcher.clean_environment()

    assert not {"PIP_USER", "PIP_TARGET", "PYTHONPATH", "PYTHONHOME"} & set(kept)


def test_our_code_is_compiled_once_and_not_by_each_process(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert "PYTHONDONTWRITEBYTECODE" not in launcher.child_environment()


def test_a_checkout_one_may_not_write_gets_an_environment_elsewhere(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIALTO_VENV", raising=False)
    monkeypatch.setattr(launcher, "ROOT", str(tmp_path / "checkout"))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert launcher.environment_dir().startswith(str(tmp_path / ".cache" / "rialto-"))

    monkeypatch.setenv("HOME", "/nonexistent")

    assert "/rialto-" in launcher.environment_dir()
    assert not launcher.environment_dir().startswith("/nonexistent")


@pytest.mark.slow
def test_a_finished_environment_runs_the_command_from_any_directory(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("left out: no git")
    (tmp_path / "node").mkdir()  # a caller's folder of the same name must not shadow ours
    (tmp_path / "node" / "__init__.py").write_text("raise RuntimeError('the caller own node')")
    environment = {**os.environ, "HOME": str(tmp_path / "none")}
    environment.pop("PYTHONPATH", None)

    done = subprocess.run(
        [str(ROOT / "rialto"), "doctor", "--settings"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "base_url" in done.stdout
