"""`rialto chaos`: exit 0 when no promise was broken, 1 when one was, after the figures."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from node.chaos import plan
from node.errors import WrongUse
from node.supervise import Tell


def chaos(
    minutes: Annotated[float, typer.Option(help="How long it is hurt; the verdict comes after.", min=0.1)] = 2.0,
    seed: Annotated[int, typer.Option(help="Repeat a plan of faults; 0 draws one.", min=0)] = 0,
    faults: Annotated[str, typer.Option(help=f"Only these kinds, with commas: {', '.join(plan.KINDS)}.")] = "",
    tabs: Annotated[int, typer.Option(help="Open tabs at a time.", min=1, max=200)] = 18,
    logs: Annotated[Path | None, typer.Option(help="Leave what the processes said in this directory.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False,
) -> None:
    """Hurt a cluster of real processes while shoppers use it, and compare what they were promised with what is held.

    Example: rialto chaos --minutes 10 --json
    """
    from node.chaos import run

    kinds = [kind.strip() for kind in faults.split(",") if kind.strip()] or list(plan.KINDS)
    if unknown := sorted(set(kinds) - set(plan.KINDS)):
        raise WrongUse(f"no such fault: {', '.join(unknown)}; there are {', '.join(plan.KINDS)}")
    seed = seed or secrets.randbelow(1 << 31) + 1
    report = asyncio.run(run.chaos(minutes * 60, seed, kinds, tabs, _tell(), logs))
    for one in report.violations:
        typer.echo(run.account(one, report.spans, report.began), err=True)
    if as_json:
        typer.echo(json.dumps(report.figures))
    else:
        for name, value in report.figures.items():
            typer.echo(f"{name:<18} {value}")
    if report.violations:
        raise typer.Exit(1)


def _tell() -> Tell:
    began = time.monotonic()
    return lambda line: typer.echo(f"{time.monotonic() - began:7.1f} s  {line}", err=True)
