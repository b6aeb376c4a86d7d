"""Central's own keys as this app needs them: its signature, and what edges seal personal data to."""

from __future__ import annotations

from infra.crypto.keys import RECOVERY, CentralKeys, ensure_central_keys
from infra.crypto.signing import b64, public_of, sign
from node.config import config
from sync.contracts.documents import SealingKeyDoc


def _keys() -> CentralKeys:
    return ensure_central_keys(config().home)


def central_signing_key() -> bytes:
    """The private key, 32 bytes: for the hub, which signs its WELCOME with it."""
    return _keys().sign


def central_public_key() -> bytes:
    return public_of(_keys().sign)


def sign_as_central(message: bytes) -> bytes:
    return sign(_keys().sign, message)


def sealing_keys() -> list[SealingKeyDoc]:
    """The public keys an edge seals to: the current one first, the recovery recipient marked as not current."""
    public = _keys().public_sealing_keys()
    return [
        SealingKeyDoc(id=name, public=b64(raw), is_current=name != RECOVERY)
        for name, raw in sorted(public.items(), key=lambda item: item[0] == RECOVERY)
    ]
