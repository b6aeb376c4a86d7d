"""`rialto cdn ...` on central."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The CDN: check its accounts, purge by hand.")

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]


@app.command("check", help="Ask each account whether it works.\n\nExample: rialto cdn check --json")
def check(as_json: AsJson = False) -> None:
    from central.cdn.accounts import probe
    from central.cdn.models import Account
    from infra.cdn.protocol import CdnError
    from node.errors import RialtoError

    rows = []
    for account in Account.objects.filter(is_active=True):
        try:
            zones, error = [zone.name for zone in probe(account)], ""
        except (CdnError, RialtoError) as raised:
            zones, error = [], str(raised)
        rows.append({"account": account.title, "provider": account.provider, "zones": zones, "error": error})
    if as_json:
        typer.echo(json.dumps({"accounts": rows}))
    else:
        for row in rows:
            typer.echo(f"{row['account']:<24} {row['error'] or 'works: ' + (', '.join(row['zones']) or 'no zones')}")
        if not rows:
            typer.echo("No CDN accounts yet. Next: CDN, Add an account, on the desk.")
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


@app.command("purge", help="Purge pages of a site, or all of it.\n\nExample: rialto cdn purge tea /p/green-tea")
def purge(
    site: Annotated[str, typer.Argument(metavar="SITE")],
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="None: the whole site.")] = None,
    as_json: AsJson = False,
) -> None:
    from central.cdn import accounts

    if addresses:
        count = accounts.purge_addresses(site, addresses)
    else:
        accounts.purge_site(site)
        count = 0
    if as_json:
        typer.echo(json.dumps({"site": site, "pages": count, "whole": not addresses}))
    else:
        typer.echo("It is purged as soon as the plan permits. Next: CDN, Purges, on the desk.")
