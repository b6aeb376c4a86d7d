"""`rialto history ...` on central: whether the history is what was written."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The history of changes: check.")


@app.callback()
def _group() -> None:
    """One command only would be run without being named."""


@app.command("check", help="Check the chains of hashes of all realms.\n\nExample: rialto history check --json")
def check(
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False,
) -> None:
    """Exit 1 when a chain is broken: a change was altered, put in or taken out."""
    from central.history.queries import check_chains

    found = check_chains()
    is_whole = not any(health.broken for health in found)
    if as_json:
        typer.echo(json.dumps({"whole": is_whole, "realms": [asdict(health) for health in found]}))
    for health in [] if as_json else found:
        typer.echo(f"{health.realm:<10} {health.changes:>8} changes, head {health.head[:16]} at {health.last}")
        for change, kind, key in health.broken:
            typer.echo(f"  BROKEN at change {change}: {kind} {key}")
    if not is_whole:
        raise typer.Exit(1)
    if not as_json:
        typer.echo("All chains are whole. Keep the heads elsewhere: they show later that nothing was cut off.")
