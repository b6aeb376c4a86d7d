"""`rialto pages ...` on an edge: what a web server in front of it needs, and how its pages stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Pages that lie as files: web servers' configuration, state.")

Upstream = Annotated[str, typer.Option("--upstream", help="Where this edge listens; else as its settings say.")]
Certificates = Annotated[
    Path | None, typer.Option("--tls", help="A folder with HOST.crt and HOST.key for each shop with https.")
]
Port = Annotated[int, typer.Option("--port", help="For http.")]
TlsPort = Annotated[int, typer.Option("--tls-port", help="For https.")]


@app.command(
    help="nginx: a file for conf.d. Its user must be able to read the folders of pages and pictures.\n\n"
    "Example: rialto pages nginx --tls /etc/rialto/tls > /etc/nginx/conf.d/rialto.conf"
)
def nginx(
    upstream: Upstream = "",
    tls: Certificates = None,
    port: Port = 80,
    tls_port: TlsPort = 443,
    has_brotli: Annotated[
        bool, typer.Option("--brotli/--no-brotli", help="Whether its brotli module is there.")
    ] = True,
) -> None:
    from edge.pages.fronts import front
    from infra.deploy import nginx as server

    made = front(upstream, tls, port, tls_port, has_brotli=has_brotli, needs_certificates=True)
    typer.echo(server.write(made), nl=False)


@app.command(
    help="Caddy: a Caddyfile. It gets certificates by itself unless --tls names a folder of them.\n\n"
    "Example: rialto pages caddy > /etc/caddy/Caddyfile"
)
def caddy(upstream: Upstream = "", tls: Certificates = None, port: Port = 80, tls_port: TlsPort = 443) -> None:
    from edge.pages.fronts import front
    from infra.deploy import caddy as server

    typer.echo(server.write(front(upstream, tls, port, tls_port)), nl=False)


@app.command(
    help="How many pages lie as files, how many wait to be made anew or failed.\n\nExample: rialto pages status"
)
def status(as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")] = False) -> None:
    from edge.pages.book import Book
    from edge.pages.worker import BOOK
    from node.config import config

    book = Book(config().pages_dir / BOOK)
    try:
        figures, failed = book.count(), book.failures(20)
    finally:
        book.close()
    if as_json:
        failures = [{"site": each.site, "path": each.path, "error": each.error} for each in failed]
        typer.echo(json.dumps({**figures, "failures": failures}))
        return
    typer.echo(f"{figures['pages']:.0f} pages, {figures['bytes'] / 1e6:.1f} MB, {figures['dirty']:.0f} to be made anew")
    for each in failed:
        typer.echo(f"{each.site} {each.path}: {each.error}")
