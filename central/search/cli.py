"""`rialto search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Search: what a search server is to be told.")


@app.callback()
def main() -> None:
    """Search: what a search server is to be told."""


@app.command("sphinx-config")
def sphinx_config(
    folder: Annotated[Path, typer.Option(help="A directory that belongs to searchd alone.")] = Path(
        "/var/lib/sphinxsearch/rialto"
    ),
    listen: Annotated[str, typer.Option(help="Where searchd listens.")] = "127.0.0.1:9306",
) -> None:
    """Print sphinx.conf for the shops of this cluster.

    Example: rialto search sphinx-config > /etc/sphinxsearch/sphinx.conf
    """
    from central.cluster.models import Site
    from central.search.queries import languages_of
    from infra.search.sphinx import configuration
    from sites.searching import index_of

    names = [index_of(site.pk, language) for site in Site.objects.order_by("pk") for language in languages_of(site)]
    typer.echo(configuration(names, folder=folder, listen=listen), nl=False)
