"""`rialto orders ...` on central."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Orders: reindex.")


@app.callback()
def _orders() -> None:
    """Keep `reindex` a word of its own, though it is the only one as yet."""


@app.command("reindex")
def reindex(as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False) -> None:
    """Make anew what customers are found by in lists of orders.

    It reads the realm `customers` and writes the realm `orders`, in batches, while the node runs. Needed after the one
    of the two came out of a backup; events keep it true otherwise.

    Example: rialto orders reindex
    """
    from central.orders import person_index

    console = Console(stderr=True)
    with console.status("reading customers") as status:
        count = person_index.reindex(lambda done: status.update(f"{done} customers"))
    typer.echo(json.dumps({"customers": count}) if as_json else f"Orders are found by the data of {count} customers.")
