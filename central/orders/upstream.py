"""Orders from edges: those a node has made itself, and those a tab has carried to another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import DataError

from central.carts.actions import CARTS
from central.cluster.keys import central_public_key
from central.orders import receiving
from central.orders.errors import BrokenOrder, OrderConflict
from central.orders.labels import label_of
from central.orders.writing import NAMES
from central.stock.granting import GRANTS
from central.stock.ledger import VARIANTS
from infra.crypto.signing import unb64, verify
from node.realms import ORDERS
from sync.contracts.codec import unpack
from sync.contracts.orders import KeptOrder, PlacedOrder, kept_order_part
from sync.directory import DirectoryDown, directory
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, receives_many


def _locks(placed: Iterable[PlacedOrder]) -> dict[Lock, set[Any]]:
    found: dict[Lock, set[Any]] = {NAMES: set(), VARIANTS: set(), GRANTS: set(), CARTS: set()}
    for one in placed:
        found[NAMES] |= {one.id, one.number}
        found[VARIANTS] |= {UUID(line.variant) for line in one.lines}
        found[GRANTS] |= {UUID(use.grant) for line in one.lines for use in line.uses}
        found[CARTS].add(one.taken.cart)
    return found


def _locks_of_orders(bodies: Sequence[bytes]) -> dict[Lock, set[Any]]:
    return _locks(map(_unpacked, bodies))


def _locks_of_kept(bodies: Sequence[bytes]) -> dict[Lock, set[Any]]:
    return _locks(_unpacked(unpack(body, KeptOrder).body) for body in bodies)


@receives_many("order", realm=ORDERS, locks=_locks_of_orders)
def take_in_orders(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    """A repeat is taken in again without effect; another order under a known id goes to quarantine."""
    placed = [_unpacked(body) for body in bodies]
    for one in placed:
        if not edge.is_vouched:
            _check_is_its_own(edge, one)
    _receive(list(zip(placed, bodies, strict=True)))


@receives_many("kept_order", realm=ORDERS, locks=_locks_of_kept)
def take_in_kept_orders(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    """Orders that tabs have carried to this node: whoever brings them, the node that made them signed them."""
    found = []
    for body in bodies:
        try:
            kept = unpack(body, KeptOrder)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Poison("not an order that a tab kept") from error
        placed = _unpacked(kept.body)
        _check_is_genuine(kept, placed)
        if not edge.is_vouched and _is_revoked(placed.edge):
            raise Poison(f"revoked: '{placed.edge}', which made the order, was revoked; a person may let it in")
        found.append((placed, kept.body))
    _receive(found)


def _receive(arrived: Sequence[tuple[PlacedOrder, bytes]]) -> None:
    try:
        receiving.receive_orders(arrived)
    except (ValueError, DataError) as error:
        raise Poison("not an order") from error
    except (OrderConflict, BrokenOrder) as error:
        raise Poison(f"{error.code}: {error}") from error


def _unpacked(body: bytes) -> PlacedOrder:
    try:
        return unpack(body, PlacedOrder)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Poison("not an order") from error


def _check_is_its_own(edge: EdgeScope, placed: PlacedOrder) -> None:
    """A stolen key makes orders of its own shops at most. A shop that has moved since is known by its cart group."""
    if placed.edge != edge.node:
        raise Poison(f"foreign_order: '{edge.node}' brings an order of '{placed.edge}' without its signature")
    if placed.site not in edge.sites and label_of(placed.site).group not in edge.groups:
        raise Poison(f"foreign_site: '{edge.node}' does not serve '{placed.site}'")


def _check_is_genuine(kept: KeptOrder, placed: PlacedOrder) -> None:
    proof = kept.proof
    try:
        vouched, key = unb64(proof.signature), unb64(proof.asked_by)
    except ValueError as error:
        raise Poison("not an order that a tab kept") from error
    is_signed = verify(central_public_key(), vouched, proof.signed_part()) and verify(
        key, kept.signature, kept_order_part(kept.body)
    )
    if not is_signed or (placed.id, placed.edge) != (kept.id, proof.node):
        raise Poison("not_genuine: the order is not signed by the node that is said to have made it")


def _is_revoked(node: str) -> bool:
    try:
        found = directory().find(node)
    except DirectoryDown:
        return False  # its key is vouched for by central's own signature
    return found is not None and found.is_revoked
