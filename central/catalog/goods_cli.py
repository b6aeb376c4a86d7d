"""`rialto goods ...` on central."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Goods: reindex.")


@app.callback()
def _goods() -> None:
    """Keep `reindex` a word of its own, though it is the only one as yet."""


@app.command("reindex")
def reindex(as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False) -> None:
    """Make anew what lists of goods are searched and filtered by: their words, and how much there is of each.

    It reads the realms `catalog` and `orders` and writes `catalog`, in batches, while the node runs. Needed after one
    of the two came out of a backup; events keep it true otherwise.

    Example: rialto goods reindex
    """
    from central.catalog import reindexing

    console = Console(stderr=True)
    with console.status("reading goods") as status:
        done = reindexing.reindex(lambda what, count: status.update(f"{count} {what}"))
    typer.echo(json.dumps(done) if as_json else f"{done['products']} products are found anew, {done['units']} units.")
