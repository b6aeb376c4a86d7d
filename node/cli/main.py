"""The `rialto` command. Errors of ours end as one sentence on stderr; exit 0 done, 1 refused, 2 wrong use."""

from __future__ import annotations

import contextlib
import getpass
import importlib
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from node import homes, places
from node.acting import Actor, act_from_now_on
from node.cli.registry import COMMANDS, Command
from node.errors import RialtoError, WrongUse

HELP = """Rialto: many shops, one cart, one desk.

Example: rialto demo
"""


class Registered(TyperGroup):
    """A group whose commands are imported when they are called, and only then."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, entry in COMMANDS.items() if not entry.is_hidden]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if _only_listing():
            return typer.main.get_command(_stub(entry))
        command = load(cmd_name, entry)
        command.name = cmd_name
        return command


def _only_listing() -> bool:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    return not words


def _stub(entry: Command) -> typer.Typer:
    stub = typer.Typer(add_completion=False)
    stub.command(help=entry.help)(lambda: None)
    return stub


def load(name: str, entry: Command) -> Any:
    """The click command behind a registry entry, ready for its role."""
    asked = asked_part(name, entry) or entry
    if asked.role is not None and "--help" not in sys.argv:
        set_up(asked)
    command = _imported(name, entry)
    for part, its in entry.parts.items():
        inner = _imported(part, its)
        inner.name = part
        command.add_command(inner)
    return command


def asked_part(name: str, entry: Command) -> Command | None:
    """The part of a command that the command line names, whose role and servers count then; else None."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    # The home before it may be called as the command is
    after = [word for before, word in pairwise(words) if before == name]
    return next((entry.parts[word] for word in after if word in entry.parts), None)


def _imported(name: str, entry: Command) -> Any:
    module, _, attribute = entry.target.partition(":")
    try:
        target = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise WrongUse(f"`rialto {name}` is not part of this version") from error
        raise
    if not isinstance(target, typer.Typer):
        function, target = target, typer.Typer(add_completion=False)
        settings = getattr(function, "context_settings", None)
        target.command(name, context_settings=settings)(function)
    return typer.main.get_command(target)


def set_up(entry: Command) -> None:
    """Find the node, make Django ready for its role, and have its servers up until the command ends."""
    home = homes.find(role=None if entry.role == "any" else entry.role)
    os.environ["RIALTO_HOME"] = str(home)
    from node import config as node_config

    settings = node_config.config()
    if settings.embedded_realms and places.make_secret(home, "postgres_password"):
        node_config.install(None)
        settings = node_config.config()  # the URLs hold the password, which may have been made just now
    if entry.role not in ("any", settings.role):
        raise WrongUse(f"this command is for a node of role {entry.role}; {home} is of role {settings.role}")
    os.environ["DJANGO_SETTINGS_MODULE"] = f"node.settings.{settings.role}"
    if entry.needs_servers and settings.role == "central":
        from node import embedded

        _until_end.enter_context(
            embedded.running(home, postgres=bool(settings.embedded_realms), valkey=settings.is_redis_embedded)
        )
    import django

    django.setup()
    if entry.needs_servers:
        act_from_now_on(Actor(f"cli:{_operator()}"))


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id that has no name, as in a container
        return str(os.getuid())


_until_end = contextlib.ExitStack()

app = typer.Typer(
    cls=Registered,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"max_content_width": 120},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _note_home(home: str) -> str:
    # Eager, because the command is imported, and Django set up, before the group's own function is called.
    if home:
        os.environ["RIALTO_HOME"] = str(Path(home).resolve())
    return home


def _note_debug(debug: bool) -> bool:
    if debug:
        os.environ["RIALTO_DEBUG"] = "1"
    return debug


@app.callback()
def options(
    home: str = typer.Option(
        "",
        "--home",
        callback=_note_home,
        is_eager=True,
        help="The node's directory; default: RIALTO_HOME, or where you are.",
    ),
    debug: bool = typer.Option(
        False, "--debug", callback=_note_debug, is_eager=True, help="Show the traceback of an error."
    ),
) -> None:
    pass


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    if argv is not None:
        sys.argv = ["rialto", *argv]
    sys.exit(_run())


def _run() -> int:
    with _until_end:
        try:
            app(prog_name="rialto")
        except RialtoError as error:
            if os.environ.get("RIALTO_DEBUG"):
                raise
            print(f"rialto: {error}", file=sys.stderr)
            return 2 if isinstance(error, WrongUse) else 1
        except SystemExit as leaving:
            return _code(leaving)
        except KeyboardInterrupt:
            return 130
    return 0


def _code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    return leaving.code if isinstance(leaving.code, int) else 1
