"""The borders between the simulator and the two roles, which it loads by dotted name: it may import neither.

Everything here runs in one thread. Before a call the world has put the node's own databases behind `connections`, set
the node's clock (`node.clock`) and the seed's chance. The edges' and the hub's asyncio code runs on the world's loop,
whose time is virtual: `asyncio.sleep` costs nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.topics import EdgeScope

CENTRAL = "central.simulated:Central"
EDGE = "edge.simulated:Edge"

#: the nodes, and the shop each of them serves; all shops are of one cart group
EDGES = ("a", "b", "c")
SITES: Mapping[str, str] = {"a": "tea", "b": "toys", "c": "books"}
GROUP = "all"


@dataclass(frozen=True)
class Sku:
    """Goods of one shop. `variant`: UUID hex. `units`: received before the first event."""

    site: str
    sku: str
    variant: str
    units: int
    price: int = 100


@dataclass(frozen=True)
class Setting:
    """What a seed begins with. `sign_keys`: node -> its public Ed25519 key, raw; `central_key`: central's private.

    `ttl_s`: how long an edge sells from a grant after it last asked; short, so that leases end within a run.
    """

    skus: tuple[Sku, ...]
    sign_keys: Mapping[str, bytes]
    central_key: bytes
    ttl_s: int = 40


@dataclass(frozen=True)
class CentralOrder:
    """An order as central has it. `units`: variant -> units ordered; `pending`: those still sold with no right."""

    id: str
    body_hash: bytes
    units: Mapping[str, int]
    pending: Mapping[str, int]
    is_cancelled: bool = False
    is_duplicate_suspect: bool = False


@dataclass(frozen=True)
class Books:
    """Stock as central's ledger says, per variant (UUID hex)."""

    received: Mapping[str, int]
    #: units that orders hold: sold and not cancelled
    sold: Mapping[str, int]
    pool: Mapping[str, int]
    written_off: Mapping[str, int] = field(default_factory=dict)


class Central(Protocol):
    """Central's production code over SQLite, all realms.

    The hub itself (`sync.hub.Session`, `sync.logreader`, `sync.intake`) runs as it is; a fault "database down" is
    raised by the database, not here.
    """

    def create(self) -> None:
        """Make the schema in empty databases behind every alias of central; the runner copies the files afterwards."""

    def begin(self, setting: Setting) -> None:
        """A fresh world: forget what the process remembers (tails, bodies, directory), write the seed's goods,
        sites and units, hand `sync.directory` a directory of the setting's nodes."""

    def forget(self) -> None:
        """What the process that serves the links remembers goes with it."""

    def sequence(self) -> int:
        """Outbox -> log of every realm the edges read, one batch; returns how many entries moved."""

    def answer(self, edge: EdgeScope, kind: str, body: bytes, *, is_again: bool = False) -> tuple[bytes, bool]:
        """`ask_stock` and the like, without waiting: (answer, whether it is final).

        Not final: units were recalled from other edges, ask again (`is_again`) until it is, for 1.5 s at most.
        """

    def told(self) -> list[tuple[str, str, bytes]]:
        """(node, kind, body): what `sync.hub.tell` would have sent since the last call."""

    def periodic(self) -> None:
        """One round of what central does at intervals: freeze, sweep, audit, unpaid, cut the log."""

    def operator(self, action: str, rng: random.Random) -> str:
        """A person at the desk: "receive", "correct", "transfer", "write_off", "cancel", "begin_anew".

        Returns what was done, "" when there was nothing to do it to.
        """

    def fence(self, node: str) -> int:
        """A new epoch for a node that joins anew; the old one may not speak for it any more. Returns the epoch."""

    # --- for the oracle

    def taken(self, node: str) -> Mapping[int, int]:
        """Epoch -> the last op taken in from this node under it."""

    def orders(self) -> Mapping[str, CentralOrder]:
        """By id (32 hex digits)."""

    def carts(self) -> Mapping[str, bytes]:
        """Root -> canonical bytes (`sync.core.cart.cart_bytes`) of every cart that stands for itself."""

    def root_of(self, cart: str) -> str: ...

    def books(self) -> Books: ...

    def grants(self) -> Mapping[str, int]:
        """Right -> units that were granted."""

    def log_heads(self) -> Mapping[str, tuple[str, int]]:
        """Realm -> (epoch, head) of each log the edges read."""

    def set_aside(self) -> Sequence[tuple[str, bytes, str]]:
        """(order, `body_hash`, reason) of each second order under an id or number, kept for people to look at."""

    def audit(self) -> Sequence[str]:
        """Breaches of I1-I3 as central's own audit finds them; other quarantined ops too, one line each."""
