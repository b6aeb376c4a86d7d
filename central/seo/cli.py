"""`rialto pages migrate ...`: the addresses of an old site, as the desk's *Migration* takes them along."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from node.errors import Refused

if TYPE_CHECKING:
    from central.seo.models import Migration

app = typer.Typer(no_args_is_help=True, help="Take the addresses of an old site along.")

BY = "rialto"
Json = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
Walk = Annotated[str, typer.Argument(help="The id of a walk, or of a site: its last walk.")]


@app.command("start")
def start(
    site: Annotated[str, typer.Argument(help="The id of the new shop.")],
    address: Annotated[str, typer.Argument(help="Where the old site begins: https://old.example/")],
    pages: Annotated[int, typer.Option(min=1, max=5_000, help="Pages at most.")] = 500,
    minutes: Annotated[int, typer.Option(min=1, max=60, help="Minutes at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Walk through an old site; a worker does it while the node runs.

    Example: rialto pages migrate start tea https://old.example/
    """
    from central.seo.migrating import begin

    row = begin(site, address, most_pages=pages, most_minutes=minutes, by=BY)
    _say(as_json, {"walk": row.pk.hex}, f"{row.pk.hex} waits for a worker. See: rialto pages migrate status {site}")


@app.command("status")
def status(site: Annotated[str, typer.Argument(help="Of one site; else of all.")] = "", as_json: Json = False) -> None:
    """Every walk, the last first: its state, and what became of the addresses it met.

    Example: rialto pages migrate status tea
    """
    from central.seo.migrating import counts_of
    from central.seo.models import Migration

    rows = Migration.objects.order_by("-created_at")
    found = [_figures(row, counts_of(row)) for row in (rows.filter(site=site) if site else rows)]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        typer.echo(
            "{walk} {site} {start}: {state}, {met} addresses met, {taken} lead on, {open} to be looked at, "
            "{missed} with nothing found{why}".format(**one, why=f": {one['error']}" if one["error"] else "")
        )


def _figures(row: Migration, counts: dict[str, int]) -> dict[str, Any]:
    named = {"walk": row.pk.hex, "site": row.site, "start": row.start, "state": row.state, "error": row.error}
    return {**named, "asked": row.asked, "left": row.left, **counts}


@app.command("sheet")
def sheet(walk: Walk) -> None:
    """Write the addresses of a walk as CSV, with where each would lead and how sure that is, the surest first.

    Example: rialto pages migrate sheet tea > old.csv
    """
    out = csv.writer(sys.stdout)
    out.writerow(["from", "to", "sure", "state"])
    pages = _walk(walk).pages.order_by("-score", "source")
    out.writerows(pages.values_list("source", "target", "score", "decision").iterator())


@app.command("read")
def read(
    walk: Walk,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, XLS or ODS: from, to.")],
    as_json: Json = False,
) -> None:
    """Read a sheet that came back corrected: where the addresses it names are to lead.

    Example: rialto pages migrate read tea old.csv
    """
    from central.seo.migrating import correct
    from central.seo.sheets import read_sheet

    with file.open("rb") as content:
        taken, wrong = correct(_walk(walk).pk, read_sheet(file.name, iter(lambda: content.read(2**16), b"")))
    text = f"{taken} rows are taken, {wrong} name no address of this walk or lead nowhere."
    _say(as_json, {"taken": taken, "wrong": wrong}, text)


@app.command("take")
def take(
    walk: Walk,
    sure: Annotated[int, typer.Option(min=1, max=100, help="Proposals that are at least so sure, per cent.")] = 90,
    as_json: Json = False,
) -> None:
    """Make redirects of the open proposals that are sure enough. What was corrected by hand is wholly sure.

    Example: rialto pages migrate take tea --sure 80
    """
    from central.seo.migrating import take_all

    made, left_out = take_all(_walk(walk).pk, least=sure, by=BY)
    _say(as_json, {"made": made, "left_out": left_out}, f"{made} addresses lead on, {left_out} were left out.")


def _walk(named: str) -> Migration:
    from central.seo.models import Migration

    rows = Migration.objects.order_by("-created_at")
    try:
        row = rows.filter(pk=UUID(named)).first()
    except ValueError:
        row = rows.filter(site=named).first()
    if row is None:
        raise Refused(f"there is no walk '{named}': rialto pages migrate status names them")
    return row


def _say(as_json: bool, figures: dict[str, Any], text: str) -> None:
    typer.echo(json.dumps(figures) if as_json else text)
