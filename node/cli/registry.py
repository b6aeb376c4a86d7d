"""Every `rialto` command: where it lives, for which role, and one line of help.

A command is named here by dotted name and imported only when it is called, so that `rialto --help` and the start of
a node do not import the whole house.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Command:
    """`target` is `module:attribute`, a `typer.Typer` or a function. `role` asks for a node and its Django set-up."""

    target: str
    help: str
    role: Literal["central", "edge", "any"] | None = None
    #: the node's own PostgreSQL and Valkey are started for the length of the command when the node is not running
    needs_servers: bool = False
    is_hidden: bool = False
    #: its subcommands that live elsewhere and may ask for a node of another role
    parts: Mapping[str, Command] = field(default_factory=dict)


def _central(target: str, help: str) -> Command:
    return Command(target, help, role="central", needs_servers=True)


COMMANDS: dict[str, Command] = {
    # --- try it
    "demo": Command("node.cli.demo:app", "A whole cluster on this machine: central, three shops, one cart."),
    # --- run a node
    "init": Command("node.cli.nodes:init_app", "Make a node: init central DIR, init edge DIR."),
    "run": Command("node.cli.nodes:run", "Run this node until Ctrl-C."),
    "join": Command("sync.join:command", "Join this edge to a cluster by a one-time token.", role="edge"),
    "adopt": Command("sync.adopting:command", "Give this edge's restored or copied disk a new epoch.", role="edge"),
    "node": _central("central.cluster.cli:node_app", "Nodes of the cluster: list, invite, revoke."),
    "nodes": _central("central.cluster.cli:list_nodes", "The node list."),
    "site": _central("central.cluster.cli:site_app", "Sites of the cluster: list, add, switch off."),
    "realm": _central("central.cluster.realm_cli:app", "Realms: list, check a database, move, status, abort."),
    "staff": _central("central.accounts.cli:app", "Staff who sign in to the desk: list, add, password."),
    "keys": _central("central.keys.cli:app", "Encryption keys: list, add, rotate, retire, check."),
    "history": _central("central.history.cli:app", "The history of changes: check that it is what was written."),
    "import": _central("central.catalog.cli:app", "Import a catalogue from files into a site."),
    "goods": _central(
        "central.catalog.goods_cli:app", "Goods: reindex what lists of them are searched and filtered by."
    ),
    "pictures": _central("central.pictures.cli:app", "Pictures of goods: status, redo, retry."),
    "cdn": _central("central.cdn.cli:app", "The CDN: check its accounts, purge by hand."),
    "purge-agent": Command("infra.cdn.cli:command", "The purge service beside an nginx that caches for shops."),
    "cache": Command("infra.caching.cli:app", "The program cache of this node: status, empty.", role="any"),
    "search": _central("central.search.cli:app", "Search: print the configuration of a Sphinx server."),
    "api": Command("node.cli.api:app", "The OpenAPI documents: api openapi, api openapi --edge."),
    "orders": _central("central.orders.cli:app", "Orders: reindex what customers are found by."),
    "migrate": Command("node.cli.nodes:migrate", "Bring this node's databases to the code's schema.", role="any"),
    "doctor": Command("node.cli.doctor:doctor", "Say what is wrong with this node."),
    "manage": Command("node.cli.nodes:manage", "Django's own commands, for repair.", role="any", needs_servers=True),
    "pages": Command(
        "edge.pages.cli:app",
        "Pages as files: nginx, Caddy, status; at central: migrate, the addresses of an old site.",
        role="edge",
        parts={"migrate": _central("central.seo.cli:app", "At central: take the addresses of an old site along.")},
    ),
    # --- processes of a node, started by `run`
    "sequencer": Command("sync.sequencer:command", "The sequencers of central.", role="central", is_hidden=True),
    # --- work on Rialto itself
    "test": Command("node.cli.testing:test", "Run the tests this machine can run."),
    "lint": Command("node.cli.testing:lint", "Run every check of the code."),
    "lock": Command("node.cli.testing:lock", "Lock the requirements with hashes (needs a package registry)."),
    "simulate": Command(
        "sync.simulator.cli:simulate", "Run seeded clusters with everything going wrong, and an oracle; or mutants."
    ),
    "shots": Command("tests.shots:command", "Pictures of every screen of a running demo, and contact sheets."),
    "chaos": Command("node.chaos.cli:chaos", "Hurt a cluster of real processes; nothing lost, nothing oversold."),
    "bench": Command("node.bench.cli:app", "Measure, with the limits of the machine in the same run."),
}
