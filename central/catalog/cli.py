"""`rialto import`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from node.errors import WrongUse

if TYPE_CHECKING:
    from central.catalog.importing.run import Counts

app = typer.Typer(add_completion=False, rich_markup_mode=None)

#: fewer rows are read before a bar could be looked at
_LONG = 2_000


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, XLS, ODS or XML.")],
    site: Annotated[str, typer.Option(help="The site that sells the goods.")],
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help='JSON or TOML: {"columns": {"sku": "ISBN", "title": "Name", "price": 8}}.'),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="A folder or archive of pictures named by sku; default: images, images.tar.gz beside FILE."),
    ] = None,
    source: Annotated[
        str, typer.Option(help="Bring the files in by this source: its mapping, its fields; made when there is none.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON with the counts, last on stdout.")] = False,
) -> None:
    """Import a catalogue from files into a site: CSV, TSV, a spreadsheet or XML.

    Goods are known by sku and options. A column is guessed from its header and contents, or named in a map, and an
    empty cell changes nothing. Up to 50,000 rows are one transaction; a run repeated changes nothing. Refused rows are
    written with their reasons to FILE.refused.

    Fields of a map: sku, options, title, category ("A > B > C"), text, brand, price, old_price, currency, stock,
    picture, product (names the product of a variant row), slug, "option:Size", "attribute:Author". A column is its
    name in the header, or its number from 1. Beside "columns" a map may hold "header", "delimiter", "encoding", "sheet"
    (of a workbook) and "record" (the XML element that is one item; its columns are "price", "@id", "price/@currency").

    CommerceML of 1C (import.xml, offers.xml, or a zip of both) is brought in by a source, which keeps its ids.

    Example: rialto import books/*.csv --site tea --dry-run
    """
    from central.catalog.importing.command import import_by_source, needs_source
    from central.catalog.importing.run import Options, import_files

    if source or any(needs_source(file) for file in files):
        if map_file or images:
            raise WrongUse("a source keeps its own mapping: --map and --images go without it")
        told = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
        counts = import_by_source(files, site, source or f"1C, {site}", is_dry=dry_run, tell=told)
        _say(counts, as_json=as_json, dry_run=dry_run, site=site)
        return
    asked = Options(map=map_file, images=images, is_dry=dry_run)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} rows"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(f"importing into {site}", total=None, visible=False)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total >= _LONG)

        counts = import_files(
            files, site, asked, tell=lambda line: print(line, file=sys.stderr, flush=True), progress=progress
        )
    _say(counts, as_json=as_json, dry_run=dry_run, site=site)


def _say(counts: Counts, *, as_json: bool, dry_run: bool, site: str) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(counts)))
        return
    would = "would be " if dry_run else ""
    typer.echo(
        f"{counts.read} units read: {counts.created} {would}created, {counts.updated} {would}updated, "
        f"{counts.unchanged} unchanged, {counts.refused} refused."
    )
    if dry_run:
        typer.echo("Next: the same without --dry-run.")
    elif counts.created or counts.updated:
        typer.echo(f"Next: see them in the shop '{site}', or under Products at central.")
