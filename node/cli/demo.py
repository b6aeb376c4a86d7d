"""`rialto demo`, `demo cut`, `demo heal`."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from node import demo_control, homes
from node.errors import Refused, WrongUse
from node.places import FILE_NAME

app = typer.Typer(add_completion=False, invoke_without_command=True)

LAST_BASE = 65535 - 49


@app.callback()
def demo(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON on stdout when ready; everything else on stderr.")
    ] = False,
    ports: Annotated[int, typer.Option(metavar="BASE", help="Ports BASE to BASE+49 are used.")] = 8400,
    folder: Annotated[Path | None, typer.Option("--dir", help="Where the data stays; default .rialto/demo.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the demo's data away first.")] = False,
    traffic: Annotated[bool, typer.Option("--traffic", help="Pretend shoppers look around and buy.")] = False,
) -> None:
    """A whole cluster on this machine: central, three shops on three host names, one cart. Ctrl-C stops it.

    Example: rialto demo --ports 8400
    """
    if context.invoked_subcommand is not None:
        return
    if not 1024 <= ports <= LAST_BASE:
        raise WrongUse(f"--ports {ports}: choose a number from 1024 to {LAST_BASE}")
    where = (folder or homes.default_demo()).resolve()
    from node import demo as demos
    from node.supervise import Supervisor

    if fresh:
        demos.clear(where)
    elif demos.is_foreign(where):
        raise Refused(f"{where} holds something else than a demo: choose another --dir")
    try:
        with demos.taken(where):
            run = demos.Demo(where, demos.Ports(ports), tell=_say, has_traffic=traffic)

            async def serve() -> None:
                await run.run(Supervisor(_say), lambda seconds: _announce(run, seconds, as_json))

            asyncio.run(serve())
    except OSError as error:
        raise Refused(f"the demo cannot use {error.filename or where}: {error.strerror or error}") from error


def _announce(run: Any, seconds: str, as_json: bool) -> None:
    from node.demo import NODES

    signs_in = staff()
    if as_json:
        sites = [{"id": site, "url": run.ports.site_url(node), "node": node} for node, site in NODES.items()]
        first = {name: signs_in[0][name] for name in ("login", "password")}
        line = {
            "central": run.ports.central_url,
            "id": run.ports.id_url,
            "staff": first,
            "sites": sites,
            "dir": str(run.folder),
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)
    _say(guide(run.ports, signs_in, seconds, str(run.folder)))


def staff() -> list[dict[str, str]]:
    """The demo's sign-ins, the first one may do everything: `{"login", "password", "role"}`."""
    rows = importlib.import_module("central.setup.people").STAFF
    return [dict(row) for row in rows]


def guide(ports: Any, signs_in: list[dict[str, str]], seconds: str, folder: str) -> str:
    """What to open and what to try."""
    tea, clay, ink = (ports.site_url(node) for node in "abc")
    rows = "\n".join(f"    {row['login']:<10} {row['password']:<16} {row.get('role', '')}" for row in signs_in)
    names = "central.localhost id.localhost tea.localhost clay.localhost ink.localhost"
    made_up = importlib.import_module("central.setup.people")
    shoppers = "\n".join(f"    {one.email:<27} {made_up.SHOPPER_PASSWORD}" for one in made_up.account_holders())
    return f"""
Ready in {seconds} s. Start here:   {tea}

  1. Buy in one shop:   {tea} - put something into the cart
  2. Hop:               in "our shops" at the top go to {clay} - the cart comes along; add a cup
  3. See it:            the tea shop's tab has changed by itself; also try {ink} in English
  4. Cut:               ./rialto demo cut b - then go on shopping and order at {clay}: it sells on
  5. Heal:              ./rialto demo heal b - the order appears at central, once, with each line's shop

  Central (desk):       {ports.central_url}
{rows}
  Shoppers' accounts:   {ports.id_url}
{shoppers}
  Mail that was sent:   http://localhost:{ports.mail_pages}
  Data and logs:        {folder}

  If a browser does not know *.localhost, add this line to /etc/hosts:
    127.0.0.1 {names}

Ctrl-C stops everything."""


@app.command("cut", help="Cut the link of a demo node.\n\nExample: rialto demo cut b")
def cut(
    node: Annotated[str, typer.Argument(metavar="NODE")],
    folder: Annotated[Path | None, typer.Option("--dir", help="The demo's directory.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    _say_state(demo_control.cut(node, control=_control(folder)), as_json)


@app.command("heal", help="Join the link of a demo node again.\n\nExample: rialto demo heal b")
def heal(
    node: Annotated[str, typer.Argument(metavar="NODE")],
    folder: Annotated[Path | None, typer.Option("--dir", help="The demo's directory.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    _say_state(demo_control.heal(node, control=_control(folder)), as_json)


def _control(folder: Path | None) -> Path:
    from node.demo import control_socket

    return control_socket((folder or homes.running_demo() or homes.default_demo()).resolve())


def _say_state(state: dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"nodes": state}))
    else:
        typer.echo("  ".join(f"{node}: {what}" for node, what in state.items()))


@app.command("prepare", hidden=True)
def prepare(what: str, base: int, folder: Path) -> None:
    """Run by the demo itself, with central's settings: let the edges join, then fill the shops."""
    import django

    django.setup()
    demo_data = importlib.import_module("central.setup.demo")
    if what == "rebase":
        demo_data.rebase(base)
        return
    join_edges(folder, base)
    demo_data.open_shops(base) if what == "open" else demo_data.seed(base)


def join_edges(folder: Path, base: int) -> None:
    """What `node invite` and `join` do, without a network between them: both homes are on this machine."""
    from node.demo import NODES, Ports

    cluster = importlib.import_module("central.cluster.actions")
    joining = importlib.import_module("sync.join")
    for node in NODES:
        home = folder / "edges" / node
        if not (home / FILE_NAME).exists():
            raise Refused(f"there is no edge in {home}")
        token = cluster.invite_node(
            node, name=f"Edge {node.upper()}", sites=[], by="demo", central_url=Ports(base).central_url
        )
        joining.join_in_process(home, token, cluster.join_node)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
