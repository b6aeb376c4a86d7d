"""Orders that tabs keep: an order survives while one of {this disk, that tab} does.

A tab presents what it keeps to any page of any shop of the group. The edge that does not know the order sends it on to
central, envelope and all, under its own numbers; central takes an order in once, by its id. A browser can carry an
order, not make one, and neither can another node: the edge that made it signed it. What is known is known by its bytes:
two disks of a node that was copied may each have made the order of one checkout, and people must hear of the second.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from edge.checkout.models import Kept, Order
from edge.checkout.node import this_node
from infra.crypto.signing import sign, unb64, verify
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import NodeDoc
from sync.contracts.orders import KeptOrder, PlacedOrder, kept_order_part
from sync.replica import on_central_ack
from sync.store.edge import sql
from sync.store.edge.models import Document
from sync.store.edge.outbox import enqueue
from sync.store.writer import writer

MAX_ORDERS = 10
MAX_BYTES = 256 * 1024


def envelope(order: Order) -> bytes:
    """What the order's page gives the tab to keep, as JSON."""
    node, body = this_node(), bytes(order.body)
    return msgspec.json.encode(
        KeptOrder(id=order.pk, proof=node.proof, body=body, signature=sign(node.sign_key, kept_order_part(body)))
    )


def parse(raw: bytes) -> list[KeptOrder]:
    """A POST's body: a JSON list of what the tab keeps. Raises `ValueError`."""
    if len(raw) > MAX_BYTES:
        raise ValueError("too many bytes")
    kept = msgspec.json.decode(raw, type=list[KeptOrder])
    if len(kept) > MAX_ORDERS:
        raise ValueError("too many orders")
    return kept


def take_in(orders: list[KeptOrder]) -> dict[str, str]:
    """Order id -> "acked" (the tab may forget it), "kept" (we have it, central does not yet) or "refused".

    Belongs inside a job of the writer.
    """
    return {kept.id: _take_in(kept) for kept in orders}


def _take_in(kept: KeptOrder) -> str:
    mark = blake2b(kept.body, digest_size=16).hexdigest()
    for known in (Order.objects.filter(pk=kept.id, body=kept.body), Kept.objects.filter(pk=mark)):
        is_acked = known.values_list("is_acked", flat=True).first()
        if is_acked is not None:
            return "acked" if is_acked else "kept"
    if not _is_genuine(kept):
        return "refused"
    Kept.objects.create(id=mark)
    enqueue("orders", "kept_order", pack(kept), ref=mark)
    return "kept"


def _is_genuine(kept: KeptOrder) -> bool:
    """Whether a node of this cluster made the order: central vouches for its key, its key for the order."""
    proof = kept.proof
    try:
        vouched, key = unb64(proof.signature), unb64(proof.asked_by)
        placed = unpack(kept.body, PlacedOrder)
    except (msgspec.MsgspecError, ValueError):
        return False
    return (
        verify(this_node().central_key, vouched, proof.signed_part())
        and verify(key, kept.signature, kept_order_part(kept.body))
        and (placed.id, placed.edge) == (kept.id, proof.node)
        and not _is_shut_out(proof.node)
    )


def _is_shut_out(node: str) -> bool:
    rows = Document.objects.filter(topic__startswith="node:", key=node, body__isnull=False)
    return any(unpack(bytes(body), NodeDoc).is_revoked for body in rows.values_list("body", flat=True) if body)


@on_central_ack("kept_order")
@on_central_ack("order")
async def acked(refs: list[str]) -> None:
    """Central has committed these orders, told by id or by the mark of what a tab brought: the tabs may forget them."""
    await writer.run(lambda: _mark(refs))


def _mark(refs: list[str]) -> None:
    for table in ("edge_checkout_order", "edge_checkout_kept"):
        sql.execute(f"UPDATE {table} SET is_acked = 1 WHERE id IN ({sql.marks(refs)})", refs)  # noqa: S608
