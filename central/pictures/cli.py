"""`rialto pictures ...` on central."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from node.errors import Refused

app = typer.Typer(no_args_is_help=True, help="Pictures of goods: status, redo, retry.")

Json = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
Site = Annotated[str, typer.Argument(help="The id of a site.")]


@app.command("status")
def status(as_json: Json = False) -> None:
    """How far the pictures of each site are, and how much less a browser loads.

    Example: rialto pictures status
    """
    from central.cluster.models import Site as SiteRow
    from central.pictures.queries import progress_of

    found = progress_of(list(SiteRow.objects.order_by("id").values_list("id", flat=True)))
    if as_json:
        typer.echo(json.dumps({site: {**asdict(one), "saved": one.saved} for site, one in found.items()}))
        return
    for site, one in found.items():
        typer.echo(
            f"{site}: {one.done} done, {one.waiting} waiting, {one.failed} failed; "
            f"{one.was:,} bytes of originals, {one.served:,} as browsers load them"
        )
    if any(one.failed for one in found.values()):
        typer.echo("Why pictures failed: Pictures at the desk. Try them again: rialto pictures retry SITE", err=True)


@app.command("redo")
def redo(site: Site, as_json: Json = False) -> None:
    """Look at every picture of a site once more and make what lacks; workers do it while the node runs.

    Example: rialto pictures redo tea
    """
    from central.pictures.actions import redo_site

    _done(redo_site(_known(site), by="rialto"), as_json)


@app.command("retry")
def retry(site: Site, as_json: Json = False) -> None:
    """Try the pictures of a site that could not be made once more.

    Example: rialto pictures retry tea
    """
    from central.pictures.actions import retry_failed

    _done(retry_failed(_known(site), by="rialto"), as_json)


def _known(site: str) -> str:
    from central.cluster.models import Site as SiteRow

    if not SiteRow.objects.filter(pk=site).exists():
        raise Refused(f"there is no site '{site}': rialto site list names them")
    return site


def _done(count: int, as_json: bool) -> None:
    typer.echo(json.dumps({"waiting": count}) if as_json else f"{count} pictures wait. See: rialto pictures status")
