"""`rialto test`, `lint`, `lock`: working on Rialto itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from node.errors import Refused, WrongUse
from node.places import ROOT

FOLDERS = ("node", "infra", "sync", "sites", "central", "edge")


def test(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Fail when a kind of test has to be left out.")] = False,
) -> None:
    """Run the tests this machine can run; `test fast` takes under a minute; more arguments go to pytest.

    Example: rialto test fast
    """
    from node.testing import runner

    more = list(context.args)
    is_fast = more[:1] == ["fast"]
    if is_fast and everything:
        raise WrongUse("`test fast --all` contradicts itself: say one of the two")
    mode = "fast" if is_fast else "all" if everything else "usual"
    count, is_well = runner.run(mode, more[1:] if is_fast else more, tell=_say)
    _say("")
    print(count, flush=True)
    raise typer.Exit(0 if is_well else 1)


test.context_settings = {"allow_extra_args": True, "ignore_unknown_options": True}  # type: ignore[attr-defined]
test.__test__ = False  # type: ignore[attr-defined]  # a command, not a test


def checks() -> dict[str, list[str]]:
    """Every check of the code by name; each is a command of its own."""
    python, tools = sys.executable, Path(sys.executable).parent
    django = [python, "-W", "ignore", "-m", "django"]
    ours = [*(folder for folder in FOLDERS), "tests", "conftest.py", "rialto"]
    return {
        "ruff": [str(tools / "ruff"), "check", *ours],
        "format": [str(tools / "ruff"), "format", "--check", *ours],
        "types": [python, "-m", "mypy", *FOLDERS],
        "imports": [str(tools / "lint-imports"), "--no-cache"],
        "django": [*django, "check", "--settings", "node.settings.test"],
        "migrations": [*django, "makemigrations", "--check", "--dry-run", "--settings", "node.settings.test"],
    }


def lint() -> None:
    """Run every check of the code: ruff, mypy, imports, Django's own, missing migrations.

    Example: rialto lint
    """
    failed = []
    for name, argv in checks().items():
        done = subprocess.run(  # noqa: S603
            argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        print(f"{name:<11} {'ok' if done.returncode == 0 else 'FAILED'}", file=sys.stderr, flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout, file=sys.stderr, flush=True)
    if failed:
        raise Refused(f"not clean: {', '.join(failed)}")


def lock(
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest versions that fit.")] = False,
) -> None:
    """Lock requirements/*.in into *.txt with hashes, for Python 3.11 and newer.

    Example: rialto lock --upgrade
    """
    uv = Path(sys.executable).parent / "uv"
    for group in ("run", "dev"):
        argv = [str(uv), "pip", "compile", f"requirements/{group}.in", "-o", f"requirements/{group}.txt"]
        argv += [
            "--generate-hashes",
            "--python-version",
            "3.11",
            "--no-header",
            "--no-annotate",
            "--quiet",
            "--universal",
        ]
        argv += ["--no-emit-index-url", "--only-binary", ":all:"]
        if upgrade:
            argv.append("--upgrade")
        if subprocess.run(argv, cwd=ROOT, env=dict(os.environ), check=False).returncode != 0:  # noqa: S603
            raise Refused(f"requirements/{group}.in could not be locked: see above")
    print("Locked. Next: ./rialto test", file=sys.stderr)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
