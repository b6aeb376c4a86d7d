"""`rialto cache`: what this node keeps instead of making it again, and throwing it away."""

from __future__ import annotations

import json
from typing import Annotated

import msgspec
import typer

from infra.caching.figures import CacheFigures
from infra.caching.node import node_cache

app = typer.Typer(help="The program cache of this node: status, empty.", no_args_is_help=True)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False) -> None:
    """Where the cache lives, whether that answers, and how often it was of use since the processes began.

    Example: rialto cache status
    """
    figures = node_cache().figures()
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(figures), ensure_ascii=False))
    else:
        for line in _lines(figures):
            typer.echo(line)
    raise typer.Exit(1 if figures.error else 0)


@app.command()
def empty() -> None:
    """Throw away all that is kept; every process of the node hears of it within a second. Nothing but time is lost.

    Example: rialto cache empty
    """
    node_cache().empty()
    typer.echo("the cache is empty; see it fill: rialto cache status")


def _lines(figures: CacheFigures) -> list[str]:
    lines = [f"back end   {figures.backend}{f' - does not answer: {figures.error}' if figures.error else ''}"]
    if figures.entries is not None:
        lines.append(f"entries    {figures.entries}")
    if figures.bytes is not None:
        lines.append(f"bytes      {figures.bytes}")
    lines.append(f"errors     {figures.errors}")
    lines.append("")
    lines.append(f"{'kept':<16} {'in memory':>10} {'in store':>10} {'made':>10}")
    lines += [f"{one.name:<16} {one.near:>10} {one.far:>10} {one.made:>10}" for one in figures.kinds]
    return lines
