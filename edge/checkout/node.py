"""Who this edge is, and the proof of it that orders carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from edge.checkout.errors import NotReady
from infra.crypto.keys import ensure_node_keys
from node.config import config
from sync.contracts.documents import SealingKeyDoc
from sync.contracts.join import JoinAnswer


@dataclass(frozen=True, repr=False)
class ThisNode:
    """`proof`: central's signature over this node's name and key. `central_key`: raw, 32 bytes, pinned by joining."""

    id: str
    epoch: int
    sign_key: bytes
    central_key: bytes
    proof: JoinAnswer
    sealing_keys: tuple[SealingKeyDoc, ...]


def this_node() -> ThisNode:
    """Raises `NotReady` on a node that has not joined a cluster."""
    return _read(config().home)


@lru_cache(maxsize=4)
def _read(home: Path) -> ThisNode:
    from infra.crypto.signing import unb64
    from sync.join import joined

    found = joined(home)
    if found is None or found.answer is None:
        raise NotReady("this node has not joined a cluster")
    return ThisNode(
        id=found.node,
        epoch=found.epoch,
        sign_key=ensure_node_keys(home).sign,
        central_key=unb64(found.central_key),
        proof=found.answer,
        sealing_keys=tuple(found.sealing_keys),
    )
