"""`rialto doctor`: what is wrong with this node, one line each."""

from __future__ import annotations

import json
import os
import shutil
from typing import Annotated

import typer

from node import homes, reachable
from node.config import HINTS, Config, config

LOW_DISK_BYTES = 1_000_000_000


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False,
    settings: Annotated[bool, typer.Option("--settings", help="List the settings of rialto.toml.")] = False,
) -> None:
    """Ask every database and broker this node names, look at the disk and at its web server.

    Example: rialto --home /srv/rialto doctor
    """
    if settings:
        for name, hint in HINTS.items():
            typer.echo(f"{name:<14} {hint}")
        return
    os.environ["RIALTO_HOME"] = str(homes.find(role=None))
    problems = problems_of(config())
    if as_json:
        typer.echo(json.dumps({"problems": problems}, ensure_ascii=False))
    else:
        for problem in problems or ["nothing is wrong"]:
            typer.echo(problem)
    raise typer.Exit(1 if problems else 0)


def problems_of(node: Config) -> list[str]:
    """Everything found wrong, each with what to do."""
    from node import embedded, processes

    try:
        with embedded.node_lock(node.home):
            is_running = False
    except processes.Locked:
        is_running = True
    found = reachable.problems_of(node, also_embedded=is_running)
    if not is_running:
        found.append("the node is not running: start it with `rialto run`")
    free = shutil.disk_usage(node.home).free
    if free < LOW_DISK_BYTES:
        found.append(f"only {free // 1_000_000} MB are free on the disk of {node.home}: make room")
    return found
