"""`rialto doctor`: what is wrong with this node, one line each."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from typing import Annotated, Any

import typer

from node import homes, reachable, runner
from node.cli.main import set_up
from node.cli.registry import Command
from node.config import HINTS, Config, config

#: role -> who knows what is wrong with it, by dotted name
EXAMINERS = {"central": "central.health.doctor:examine", "edge": "edge.doctor:examine"}

LOW_DISK_BYTES = 1_000_000_000


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False,
    settings: Annotated[bool, typer.Option("--settings", help="List the settings of rialto.toml.")] = False,
) -> None:
    """Ask every database and broker this node names, look at its disk and web server; at central also at the cluster.

    At central: keys, realms, nodes, backlogs, frozen units, ops set aside, duplicates, the audit of the stock books.

    Example: rialto --home /srv/rialto doctor
    """
    if settings:
        for name, hint in HINTS.items():
            typer.echo(f"{name:<14} {hint}")
        return
    os.environ["RIALTO_HOME"] = str(homes.find(role=None))
    problems = problems_of(config())
    found, figures = examined(config()) if _can_examine(config(), problems) else ([], {})
    problems += found
    if as_json:
        typer.echo(json.dumps({"problems": problems, "health": figures}, ensure_ascii=False))
    else:
        for problem in problems or ["nothing is wrong"]:
            typer.echo(problem)
    raise typer.Exit(1 if problems else 0)


def _can_examine(node: Config, problems: list[str]) -> bool:
    """An edge's figures lie on its disk; central's are told by servers that answer."""
    return node.edge_database.exists() if node.role == "edge" else not problems


def examined(node: Config) -> tuple[list[str], dict[str, Any]]:
    """(problems, figures) as the role itself finds them."""
    target = EXAMINERS[node.role]
    set_up(Command(target, "", role="any"))
    module, _, attribute = target.partition(":")
    found: tuple[list[str], dict[str, Any]] = getattr(importlib.import_module(module), attribute)()
    return found


def problems_of(node: Config) -> list[str]:
    """Everything found wrong, each with what to do."""
    from node import embedded, processes

    try:
        with embedded.node_lock(node.home):
            is_running = False
    except processes.Locked:
        is_running = True
    found = reachable.problems_of(node, also_embedded=is_running)
    found += reachable.cache_problems_of(node)
    if node.role == "central":
        found += runner.key_problems(node)
    if not is_running:
        found.append("the node is not running: start it with `rialto run`")
    free = shutil.disk_usage(node.home).free
    if free < LOW_DISK_BYTES:
        found.append(f"only {free // 1_000_000} MB are free on the disk of {node.home}: make room")
    return found
