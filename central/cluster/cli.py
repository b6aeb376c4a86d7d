"""`rialto node ...` and `rialto site ...` on central."""

from __future__ import annotations

import json
from typing import Annotated

import typer

node_app = typer.Typer(no_args_is_help=True, help="Nodes of the cluster: list, invite, revoke.")
site_app = typer.Typer(no_args_is_help=True, help="Sites of the cluster: list, add, switch off.")

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]


def _by() -> str:
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a number without a name
        return "cli"


@node_app.command("list", help="Show every node with its state.\n\nExample: rialto node list --json")
def list_nodes(as_json: AsJson = False) -> None:
    from central.cluster.models import Node
    from central.cluster.queries import light_of

    rows = [
        {
            "id": node.id,
            "name": node.name,
            "state": node.state,
            "light": light_of(node),
            "sites": sorted(site.id for site in node.sites.all()),
            "version": node.health.version if hasattr(node, "health") else "",
            "heard_at": node.health.heard_at.isoformat() if hasattr(node, "health") else None,
            "backlog": node.health.backlog if hasattr(node, "health") else None,
            "lag": node.health.lag if hasattr(node, "health") else None,
        }
        for node in Node.objects.select_related("health").prefetch_related("sites")
    ]
    if as_json:
        typer.echo(json.dumps({"nodes": rows}))
        return
    for row in rows:
        shops = ", ".join(row["sites"])  # type: ignore[arg-type]
        typer.echo(f"{row['id']:<12} {row['light']:<6} {shops:<24} heard {row['heard_at'] or 'never'}")
    if not rows:
        typer.echo("No nodes yet. Next: rialto node invite ID --site SITE")


@node_app.command("invite", help="Make a one-time join token.\n\nExample: rialto node invite edge-a --site tea")
def invite(
    node_id: Annotated[str, typer.Argument(metavar="ID")],
    site: Annotated[list[str], typer.Option(help="A site this edge will serve; may be repeated.")],
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    minutes: Annotated[int, typer.Option(help="How long the token is good.", min=1, max=7 * 24 * 60)] = 60,
    email: Annotated[str, typer.Option(help="The operator's e-mail.")] = "",
    as_json: AsJson = False,
) -> None:
    from central.cluster.actions import invite_node
    from node.config import config

    token = invite_node(
        node_id,
        name=name,
        sites=site,
        by=_by(),
        central_url=config().base_url,
        minutes=minutes,
        operator_email=email,
    )
    if as_json:
        typer.echo(json.dumps({"node": node_id, "token": token, "minutes": minutes}))
        return
    typer.echo(token)
    typer.echo(
        f"\nGood once, for {minutes} minutes. On the edge: rialto init edge DIR, then rialto join TOKEN", err=True
    )


@node_app.command("revoke", help="Shut a node out within seconds.\n\nExample: rialto node revoke edge-a")
def revoke(node_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    from central.cluster.actions import revoke_node

    node = revoke_node(node_id, by=_by())
    typer.echo(json.dumps({"node": node.id, "state": node.state}) if as_json else f"{node.id} is revoked.")


@site_app.command("list", help="Show every site.\n\nExample: rialto site list --json")
def list_sites(as_json: AsJson = False) -> None:
    from central.cluster.models import Site

    rows = [
        {
            "id": site.id,
            "name": site.name,
            "origin": site.origin,
            "node": site.node_id,
            "language": site.language,
            "currency": site.currency,
            "is_active": site.is_active,
        }
        for site in Site.objects.all()
    ]
    if as_json:
        typer.echo(json.dumps({"sites": rows}))
        return
    for row in rows:
        state = "" if row["is_active"] else "  (off)"
        typer.echo(f"{row['id']:<12} {row['origin']:<40} {row['currency']} {row['language']}{state}")
    if not rows:
        typer.echo("No sites yet. Next: rialto site add ID --name NAME --origin https://shop.example --currency EUR")


@site_app.command(
    "add",
    help="Register a site.\n\nExample: rialto site add tea --name 'Tea Shop' --origin https://tea.example "
    "--currency EUR --language en",
)
def add_site(
    site_id: Annotated[str, typer.Argument(metavar="ID")],
    name: Annotated[str, typer.Option()],
    origin: Annotated[str, typer.Option(help="https://shop.example, without a path")],
    currency: Annotated[str, typer.Option(help="ISO 4217, such as EUR")],
    language: Annotated[str, typer.Option()] = "en",
    theme: Annotated[str, typer.Option()] = "tea",
    colour: Annotated[str, typer.Option(help="of the label on cart and order lines")] = "#0b7285",
    cart_group: Annotated[str, typer.Option(help="sites of one cart group share the cart")] = "main",
    node: Annotated[str, typer.Option(help="the edge that serves it")] = "",
    as_json: AsJson = False,
) -> None:
    from central.cluster.actions import register_site

    site = register_site(
        site_id,
        by=_by(),
        node=node,
        name=name,
        label=name[:30],
        colour=colour,
        origin=origin,
        language=language,
        currency=currency,
        theme=theme,
        cart_group=cart_group,
    )
    typer.echo(json.dumps({"site": site.id}) if as_json else f"{site.id} is registered at {site.origin}.")


@site_app.command("off", help="Switch a site off; its history stays.\n\nExample: rialto site off tea")
def switch_off(site_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    from central.cluster.actions import edit_site

    site = edit_site(site_id, by=_by(), is_active=False)
    typer.echo(json.dumps({"site": site.id, "is_active": False}) if as_json else f"{site.id} is switched off.")
