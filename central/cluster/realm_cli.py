"""`rialto realm ...` on central: where each realm lives, and moving one."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from central.cluster.cli import AsJson, _by
from central.cluster.moving import mover, record, settling
from central.cluster.moving.errors import MoveRefused
from central.cluster.moving.record import Move, Step
from central.cluster.realm_check import State, check_url
from central.cluster.realm_state import all_states
from node.errors import Refused
from node.realms import CENTRAL_REALMS

app = typer.Typer(no_args_is_help=True, help="Realms: list, check a database, move, status, abort.")

Realm = Annotated[str, typer.Argument(metavar="REALM", help=", ".join(CENTRAL_REALMS))]
To = Annotated[
    str, typer.Option("--to", help="postgresql://user:password@host:port/database; - reads it from standard input.")
]

WORDS = {
    Step.PREPARE: "making the tables",
    Step.COPY: "copying",
    Step.FOLLOW: "following the changes",
    Step.VERIFY: "comparing both sides",
    Step.SWITCH: "switching",
    Step.DONE: "done",
    Step.BACK: "rolled back",
}


@app.command("list", help="Where each realm lives and whether it answers.\n\nExample: rialto realm list --json")
def list_realms(as_json: AsJson = False) -> None:
    states = all_states()
    if as_json:
        rows = [
            {"realm": one.realm, "address": one.address, "up": one.is_up, "trouble": one.trouble, "size": one.size}
            for one in states
        ]
        typer.echo(json.dumps({"realms": rows}))
        return
    for one in states:
        typer.echo(
            f"{one.realm:<10} {'up' if one.is_up else 'DOWN':<5} {one.address}{one.trouble and '  '}{one.trouble}"
        )


@app.command(
    "check",
    help="Look whether a database is fit for a realm; nothing is changed.\n\n"
    "Example: rialto realm check orders --to postgresql://rialto:secret@10.0.0.5/orders",
)
def check(realm: Realm, to: To, as_json: AsJson = False) -> None:
    _known(realm)
    found = check_url(realm, _address(to))
    is_fit = all(one.state is not State.FAILS for one in found)
    if as_json:
        rows = [{"what": one.what, "state": one.state, "said": one.said, "todo": one.todo} for one in found]
        typer.echo(json.dumps({"realm": realm, "fit": is_fit, "checks": rows}))
    else:
        for one in found:
            typer.echo(f"{one.state.upper():<6} {one.what}: {one.said}{one.todo and '. '}{one.todo}")
    if not is_fit:
        raise typer.Exit(1)


@app.command(
    "move",
    help="Move a realm to another, empty database while central goes on.\n\n"
    "Example: rialto realm move orders --to postgresql://rialto:secret@10.0.0.5/orders",
)
def move(
    realm: Realm,
    to: To,
    by: Annotated[str, typer.Option(help="Who asked for it.", hidden=True)] = "",
    as_json: AsJson = False,
) -> None:
    planned = mover.plan(realm, _address(to), by=by or _by())
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    from rich.console import Console

    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(WORDS[Step.PREPARE], total=100, said="")

        def tell(now: Move) -> None:
            said = f"{now.rows} rows, {now.followed} changes"
            bar.update(task, description=WORDS[now.step], completed=now.share, said=said)

        try:
            done = mover.run(planned, tell)
        except Refused as error:
            if as_json:
                print(f"rialto: {error}", file=sys.stderr)
                typer.echo(json.dumps({"move": planned.public, "error": error.code}))
                raise typer.Exit(1) from None
            raise
    if as_json:
        typer.echo(json.dumps({"move": done.public}))
        return
    pause = "" if done.pause_ms is None else f"; writers waited {done.pause_ms:.0f} ms"
    typer.echo(f"'{realm}' is in its new database: {done.rows} rows and {done.followed} changes{pause}.")
    typer.echo(
        "Next: back the new one up. The old one refuses every write; drop it when you need it no more.", err=True
    )


@app.command("status", help="How the newest move of each realm stands.\n\nExample: rialto realm status orders")
def status(
    realm: Annotated[str, typer.Argument(metavar="[REALM]", help="all of them when left out")] = "",
    as_json: AsJson = False,
) -> None:
    if realm:
        _known(realm)
    moves = [found for one in ([realm] if realm else CENTRAL_REALMS) if (found := settling.settle(one))]
    if as_json:
        typer.echo(json.dumps({"moves": [one.public for one in moves]}))
        return
    for one in moves:
        where = one.public["target"] if one.step is Step.DONE else one.public["source"]
        typer.echo(f"{one.realm:<10} {WORDS[one.step]:<22} lives at {where}{one.problem and '  '}{one.problem}")
    if not moves:
        typer.echo("No realm has been moved.")


@app.command("abort", help="End a move before its switch; the realm stays.\n\nExample: rialto realm abort orders")
def abort(realm: Realm, as_json: AsJson = False) -> None:
    _known(realm)
    found = record.last(realm)
    if found is None or found.is_over:
        raise MoveRefused(f"the realm '{realm}' is not being moved")
    record.ask_to_stop(found)
    ended = settling.settle(realm)
    assert ended is not None  # noqa: S101 - it was there just now
    if as_json:
        typer.echo(json.dumps({"move": ended.public, "asked": not ended.is_over}))
    elif ended.is_over:
        typer.echo(f"'{realm}': {WORDS[ended.step]}.")
    else:
        typer.echo(f"'{realm}' will be left where it is; `rialto realm status {realm}` tells when.")


def _known(realm: str) -> None:
    if realm not in CENTRAL_REALMS:
        raise MoveRefused(f"there is no realm '{realm}': name one of {', '.join(CENTRAL_REALMS)}")


def _address(to: str) -> str:
    return sys.stdin.readline().strip() if to == "-" else to
