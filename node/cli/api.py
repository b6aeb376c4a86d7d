"""`rialto api openapi`: what the two kinds of nodes take and answer, for generators of clients."""

from __future__ import annotations

import importlib
import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The OpenAPI documents of central's API and of a shop's public HTTP.")


@app.callback()
def options() -> None:
    """The OpenAPI documents of central's API and of a shop's public HTTP."""


@app.command("openapi", help="Print an OpenAPI 3.1 document.\n\nExample: rialto api openapi --edge > shop.json")
def openapi(
    edge: Annotated[bool, typer.Option("--edge", help="Of a shop: cart, checkout, orders, live.")] = False,
) -> None:
    if not edge:
        from node.cli.main import set_up
        from node.cli.registry import Command

        set_up(Command("", "", role="central"))  # its calls are described by central's own code
    document = importlib.import_module("edge.api.openapi" if edge else "central.api.root").document()
    typer.echo(json.dumps(document, ensure_ascii=False))
