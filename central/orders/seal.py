"""Opening what an edge sealed: the one place where a person comes out of an order. And sealing what central takes.

`Order.sealed` is what the edge sealed to central until the order's customer is known, then the same person under the
order's own key: so that erasing him reaches it wherever it was copied to.
"""

from __future__ import annotations

import msgspec

from central.orders.models import Order
from infra.crypto.errors import SealBroken
from infra.crypto.fields import is_of_person, open_value, seal_value
from infra.crypto.keys import ensure_central_keys
from infra.crypto.sealing import seal_to_all
from node.config import config
from node.realms import ORDERS, alias_of
from sync.contracts.codec import pack, unpack
from sync.contracts.orders import Person, SealedPerson, person_info

_COLUMN = "orders.sealed"


def open_person(order: Order) -> Person:
    """Raises `SealBroken`, or `KeyMissing` when the key was taken away."""
    stored = bytes(order.sealed)
    if is_of_person(stored):
        text = open_value(_COLUMN, stored, alias=alias_of(ORDERS))
        if text is None:
            raise SealBroken("the buyer was erased")
        return msgspec.json.decode(text, type=Person)
    opened = ensure_central_keys(config().home).open(stored, info=person_info(order.pk.hex))
    return unpack(opened, Person)


def put_under_own_key(order: Order) -> bool:
    """Seal the person anew under the order's own key; whether there was anything to do. The caller saves the order.

    Inside a transaction of `orders`. Raises `SealBroken`, `KeyMissing`, `PersonForgotten`.
    """
    if not order.sealed or is_of_person(bytes(order.sealed)):
        return False
    said = msgspec.json.encode(open_person(order)).decode()
    order.sealed = seal_value(_COLUMN, said, alias=alias_of(ORDERS), subject=order.pk)
    order.sealing_key = ""
    return True


def seal_person(person: Person, order: str) -> SealedPerson:
    """The same for an order that central takes itself: at rest it looks like one of an edge's."""
    keys = ensure_central_keys(config().home)
    sealed = seal_to_all(keys.public_sealing_keys(), pack(person), info=person_info(order))
    return SealedPerson(key_id=keys.current_sealing_id, sealed=sealed)
