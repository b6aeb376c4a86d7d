"""`rialto init`, `run`, `migrate`, `manage`: a node on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from node import places, runner
from node.config import build, config, load
from node.errors import Refused, WrongUse
from node.places import FILE_NAME

init_app = typer.Typer(no_args_is_help=True, add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
Where = Annotated[Path, typer.Argument(metavar="DIR", help="The node's directory; made when missing.")]
BaseUrl = Annotated[str, typer.Option(help="The address people type, without a path; default http://localhost:PORT.")]
Bind = Annotated[str, typer.Option(help="Address and port to listen on.")]


@init_app.command("central", help="Make a central node.\n\nExample: rialto init central /srv/rialto")
def init_central(
    where: Where = Path("central"),
    base_url: BaseUrl = "",
    bind: Bind = "127.0.0.1:8400",
    as_json: AsJson = False,
) -> None:
    home = make_home(where, "central", base_url=base_url, bind=bind)
    _say_made(home, "central", f"rialto --home {where} run", as_json)


@init_app.command("edge", help="Make an edge node.\n\nExample: rialto init edge /srv/shop --bind 0.0.0.0:8080")
def init_edge(
    where: Where = Path("edge"),
    base_url: BaseUrl = "",
    bind: Bind = "127.0.0.1:8401",
    as_json: AsJson = False,
) -> None:
    home = make_home(where, "edge", base_url=base_url, bind=bind)
    _say_made(
        home, "edge", f"rialto --home {where} join TOKEN, with a token of `rialto node invite` on central", as_json
    )


def _say_made(home: Path, role: str, next_step: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"role": role, "dir": str(home)}))
        return
    typer.echo(f"A node of role {role} is in {home}.\nNext: {next_step}")


def make_home(where: Path, role: str, *, base_url: str, bind: str) -> Path:
    """Write `rialto.toml` and the secret key. Refuses a directory that holds a node already."""
    home = where.resolve()
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise WrongUse(f"--bind {bind}: write ADDRESS:PORT, such as 127.0.0.1:8400")
    if (home / FILE_NAME).exists():
        raise Refused(f"{home} holds a node already: choose another directory")
    base_url = base_url or f"http://localhost:{port}"
    values = {"role": role, "base_url": base_url, "bind_host": host.strip("[]"), "bind_port": int(port)}
    build(home / FILE_NAME, {**values, "home": home, "secret_key": "only-for-checking-" * 2})
    try:
        home.mkdir(parents=True, exist_ok=True)
        places.make_private(home / "keys")
        places.make_secret(home, "secret_key")
        write_settings(home / FILE_NAME, values)
    except OSError as error:
        raise Refused(f"cannot write {error.filename}: {error.strerror}") from error
    return home


HEADER = """\
# This node's settings. Each may also come from the environment, as RIALTO_<NAME>.
# Keys and secrets are in keys/; databases not named here are the node's own, in data/.
"""


def write_settings(file: Path, values: dict[str, object]) -> None:
    """Write plain settings (text, whole numbers) as TOML, whole or not at all."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    fresh = file.with_suffix(".new")
    fresh.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(file)


def run(
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what each process logs at INFO.")] = False,
) -> None:
    """Run this node until Ctrl-C: its own servers, web, workers.

    Example: rialto --home /srv/rialto run
    """
    from node import homes

    os.environ["RIALTO_HOME"] = str(homes.find(role=None))
    if verbose:
        os.environ["RIALTO_LOG_LEVEL"] = "info"
    asyncio.run(runner.run_node(config(), tell=lambda line: print(f"rialto: {line}", file=sys.stderr, flush=True)))


def migrate(as_json: AsJson = False) -> None:
    """Bring this node's databases to the code's schema (`run` does it by itself).

    Example: rialto --home /srv/rialto migrate
    """
    from node import embedded
    from node.migrate import migrate as bring_up

    settings = config()
    with embedded.running(settings.home, postgres=bool(settings.embedded_realms), valkey=False):
        settings = load(settings.home)  # making PostgreSQL made its password
        bring_up(settings, tell=lambda line: print(line, file=sys.stderr, flush=True))
    typer.echo(json.dumps({"migrated": True}) if as_json else "The databases have the schema of this version.")


def manage(context: typer.Context) -> None:
    """Django's own commands, for repair.

    Example: rialto --home /srv/rialto manage shell
    """
    from django.core.management import execute_from_command_line

    execute_from_command_line(["rialto manage", *context.args])


manage.context_settings = {"allow_extra_args": True, "ignore_unknown_options": True}  # type: ignore[attr-defined]
