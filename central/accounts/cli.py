"""`rialto staff ...` on central: who may sign in to the desk."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Annotated

import typer

from node.errors import Refused

app = typer.Typer(no_args_is_help=True, help="Staff who sign in to the desk: list, add, password.")

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin; else one is made.")]


@app.command("list", help="Show who may sign in.\n\nExample: rialto staff list --json")
def list_staff(as_json: AsJson = False) -> None:
    from django.contrib.auth.models import User

    from central.accounts.scope import ALL, visible_sites

    rows = []
    for user in User.objects.order_by("username").prefetch_related("groups"):
        seen = visible_sites(user)
        sites = "all" if seen is ALL else sorted(seen)
        roles = [group.name for group in user.groups.all()]
        rows.append({"login": user.username, "name": user.get_full_name(), "roles": roles, "sites": sites})
    if as_json:
        typer.echo(json.dumps({"staff": rows}))
        return
    for row in rows:
        typer.echo("{login:<16} {roles!s:<16} {sites!s:<24} {name}".format(**row))
    if not rows:
        typer.echo("Nobody yet. Next: rialto staff add LOGIN --role admin --all-sites")


@app.command("add", help="Add a member of staff.\n\nExample: rialto staff add ada --role admin --all-sites")
def add(
    login: Annotated[str, typer.Argument()],
    role: Annotated[str, typer.Option(help="admin, manager, operator or viewer.")],
    site: Annotated[list[str], typer.Option(help="A site he may see; may be repeated.")] = [],  # noqa: B006
    all_sites: Annotated[bool, typer.Option("--all-sites", help="All sites, also those still to come.")] = False,
    name: Annotated[str, typer.Option(help="First and last name.")] = "",
    email: Annotated[str, typer.Option(help="He may sign in by it as well.")] = "",
    from_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    from django.contrib.auth.models import User

    from central.accounts.actions import make_staff
    from central.accounts.scope import ALL

    if User.objects.filter(username=login).exists():
        raise Refused(f"'{login}' is there already; `rialto staff password {login}` gives a new password")
    password = _password(from_stdin)
    make_staff(login, password, role=role, name=name, email=email, sites=ALL if all_sites else site)
    _say(login, password, from_stdin, as_json)


@app.command("password", help="Set a new password; it ends all sessions.\n\nExample: rialto staff password ada")
def password(login: Annotated[str, typer.Argument()], from_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    from central.accounts.actions import set_password

    new = _password(from_stdin)
    set_password(login, new)
    _say(login, new, from_stdin, as_json)


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return secrets.token_urlsafe(12)
    given = sys.stdin.readline().rstrip("\r\n")
    if len(given) < 10:
        raise Refused("the password has fewer than 10 characters")
    return given


def _say(login: str, password: str, is_known: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"login": login} if is_known else {"login": login, "password": password}))
        return
    typer.echo(f"{login} may sign in now." if is_known else f"{login} may sign in now with the password {password}")
