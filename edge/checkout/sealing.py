"""Sealing what the shopper typed to central, before anything is written."""

from __future__ import annotations

from edge.checkout.errors import NotReady
from edge.checkout.node import this_node
from infra.crypto.keys import RECOVERY
from infra.crypto.sealing import seal_to_all
from infra.crypto.signing import unb64
from sync.contracts.codec import pack
from sync.contracts.documents import SealingKeyDoc
from sync.contracts.orders import Person, SealedPerson, person_info
from sync.store.edge import documents


def seal_person(person: Person, order: str) -> SealedPerson:
    """Seal to central's current key and the recovery recipient. Raises `NotReady` when central's key is not known."""
    # Joining brought the first keys; the replica has them as soon as the link was up once.
    first = {key.id: key for key in this_node().sealing_keys}
    keys = documents.all_of("sealing_key:all", SealingKeyDoc) or first
    current = max((key.id for key in keys.values() if key.is_current), key=_age, default="")
    if not current:
        raise NotReady("central's key has not arrived here yet")
    recipients = {name: unb64(keys[name].public) for name in (current, RECOVERY) if name in keys}
    return SealedPerson(key_id=current, sealed=seal_to_all(recipients, pack(person), info=person_info(order)))


def _age(key_id: str) -> tuple[int, str]:
    return (int(key_id), "") if key_id.isdecimal() else (0, key_id)
