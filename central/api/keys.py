"""The text of a key, and finding out who holds one.

    rlt_<prefix: 12 hex digits>_<secret: 43 signs>

The prefix finds the row and may be shown; the secret is 256 random bits, so its plain hash is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from central.api.errors import NoKey, WrongAddress
from central.api.holder import Holder
from central.api.models import ApiKey
from infra.http.address import is_within

_FORM = re.compile(r"rlt_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
#: compared with when there is no such key, so that finding none takes as long as finding one
_NOBODY = hashlib.sha256(b"nobody").digest()


def new_key() -> tuple[str, str]:
    """(prefix, whole text) of a fresh key."""
    prefix = secrets.token_hex(6)
    return prefix, f"rlt_{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def holder_of(authorization: str, address: str) -> Holder:
    """Who sends this Authorization header from this address. Raises `NoKey` or `WrongAddress`; read anew each time."""
    scheme, _, text = authorization.partition(" ")
    if not authorization:
        raise NoKey("missing")
    found = _FORM.fullmatch(text.strip())
    if scheme.lower() != "bearer" or found is None:
        raise NoKey("malformed")
    prefix = found[1]
    key = ApiKey.objects.filter(prefix=prefix).first()
    if not hmac.compare_digest(bytes(key.hash) if key else _NOBODY, hash_of(text.strip())) or key is None:
        raise NoKey("unknown", prefix)
    if key.revoked_at is not None:
        raise NoKey("revoked", prefix)
    if key.is_expired:
        raise NoKey("expired", prefix)
    if key.addresses and not is_within(address, key.addresses):
        raise WrongAddress(prefix)
    return Holder(key)
