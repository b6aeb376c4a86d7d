"""`rialto bench NAME [--json]`: exit 0 when it was measured, also when a goal was missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Measure, with the limits of the machine in the same run.")

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
Seconds = Annotated[int, typer.Option(help="Length of each of the three parts.", min=2, max=300)]


@app.callback()
def bench() -> None:
    """Each benchmark starts a cluster of its own in a scratch directory and leaves nothing behind."""


@app.command("cart", help="The cart: acknowledgement, other shops, saturation.\n\nExample: rialto bench cart --json")
def cart(seconds: Seconds = 15, as_json: AsJson = False) -> None:
    from node.bench.cart import measure

    _print(asyncio.run(measure(seconds)), as_json)


@app.command(
    "orders",
    help="Orders: placed at one edge, taken in by central.\n\nExample: rialto bench orders --json",
)
def orders(
    seconds: Annotated[int, typer.Option(help="120 orders for each.", min=1, max=60)] = 10, as_json: AsJson = False
) -> None:
    from node.bench.orders import measure

    _print(asyncio.run(measure(seconds)), as_json)


@app.command("stock", help="Rights: hold and sell, asks, what idle edges keep.\n\nExample: rialto bench stock --json")
def stock(
    seconds: Annotated[int, typer.Option(help="30 orders for each.", min=2, max=120)] = 30,
    quiet: Annotated[int, typer.Option(help="Seconds without a sale.", min=0, max=900)] = 600,
    as_json: AsJson = False,
) -> None:
    from node.bench.stock import measure

    _print(asyncio.run(measure(seconds, quiet)), as_json)


@app.command(
    "sync", help="From central's commit to the edges: gaps, speed, memory.\n\nExample: rialto bench sync --json"
)
def sync(as_json: AsJson = False) -> None:
    from node.bench.sync import measure

    _print(asyncio.run(measure()), as_json)


@app.command(
    "import",
    help="A supplier's file through central's worker: speed, memory, a kill.\n\nExample: rialto bench import --json",
)
def import_(
    rows: Annotated[int, typer.Option(help="Rows of the file.", min=2_000, max=1_000_000)] = 250_000,
    as_json: AsJson = False,
) -> None:
    from node.bench.imports import measure

    _print(asyncio.run(measure(rows)), as_json)


@app.command(
    "pages",
    help="Pages: static and rendered, a price to the file, a CDN, a slow phone.\n\nExample: rialto bench pages --json",
)
def pages(
    quick: Annotated[
        bool, typer.Option("--quick", help="A small shop: whether it runs, not what it measures.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    from node.bench.pages import FULL, QUICK, measure

    _print(asyncio.run(measure(QUICK if quick else FULL)), as_json)


def _print(figures: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        typer.echo(f"{name:<18} {value}")
