"""Opening what an edge sealed: the one place where a person comes out of an order."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from central.orders.models import Order
from infra.crypto.keys import CentralKeys, ensure_central_keys
from node.config import config
from sync.contracts.codec import unpack
from sync.contracts.orders import Person, person_info


def open_person(order: Order) -> Person:
    """Raises `SealBroken`, or `KeyMissing` when the key was taken away."""
    opened = _keys(config().home).open(bytes(order.sealed), info=person_info(order.pk.hex))
    return unpack(opened, Person)


@lru_cache(maxsize=2)
def _keys(home: Path) -> CentralKeys:
    return ensure_central_keys(home)
