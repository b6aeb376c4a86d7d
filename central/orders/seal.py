"""Opening what an edge sealed: the one place where a person comes out of an order. And sealing what central takes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from central.orders.models import Order
from infra.crypto.keys import CentralKeys, ensure_central_keys
from infra.crypto.sealing import seal_to_all
from node.config import config
from sync.contracts.codec import pack, unpack
from sync.contracts.orders import Person, SealedPerson, person_info


def open_person(order: Order) -> Person:
    """Raises `SealBroken`, or `KeyMissing` when the key was taken away."""
    opened = _keys(config().home).open(bytes(order.sealed), info=person_info(order.pk.hex))
    return unpack(opened, Person)


def seal_person(person: Person, order: str) -> SealedPerson:
    """The same for an order that central takes itself: at rest it looks like one of an edge's."""
    keys = _keys(config().home)
    sealed = seal_to_all(keys.public_sealing_keys(), pack(person), info=person_info(order))
    return SealedPerson(key_id=keys.current_sealing_id, sealed=sealed)


@lru_cache(maxsize=2)
def _keys(home: Path) -> CentralKeys:
    return ensure_central_keys(home)
