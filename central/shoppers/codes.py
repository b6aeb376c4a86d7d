"""The digits of a code, and how many codes and tries there may be."""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from central.shoppers.errors import TooManyTries
from node.config import config

logger = logging.getLogger(__name__)

LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
#: codes for one e-mail; counted in the database too, so that a flushed Redis lets nobody guess on
PER_HOUR: Final = 5

#: what -> (per e-mail, per address of the network)
_LIMITS: Final[dict[str, tuple[RateLimitItem, RateLimitItem]]] = {
    "password": (parse("10/15 minutes"), parse("60/15 minutes")),
    "send": (parse(f"{PER_HOUR}/hour"), parse("30/hour")),
    "code": (parse("25/hour"), parse("100/hour")),
}


def digits_of(code: UUID) -> str:
    """The six digits of a code: nothing of them is stored, so a stolen database has no codes to try hashes on."""
    made = hmac.digest(config().secret_key.encode(), b"rialto-shopper-code\0" + code.bytes, hashlib.sha256)
    return f"{int.from_bytes(made[:8]) % 1_000_000:06d}"


def is_right(code: UUID, typed: str) -> bool:
    return hmac.compare_digest(digits_of(code).encode(), typed.strip().encode())


def count(what: str, *, email: bytes, address: str) -> None:
    """Count one try of `what` for an e-mail (its blind index) and for a network address. Raises `TooManyTries`.

    Redis away: the sign-in goes on, as what must hold is counted in the database; the log says so.
    """
    per_mail, per_address = _LIMITS[what]
    try:
        limiter = MovingWindowRateLimiter(_storage(config().redis_url, _prefix()))
        is_within = limiter.hit(per_mail, what, email.hex()) & limiter.hit(per_address, what, _hashed(address))
    except Exception as error:  # redis' own errors and the socket's
        logger.warning("sign-in tries cannot be counted: %s", type(error).__name__)
        return
    if not is_within:
        logger.warning("too many tries of '%s' for e-mail %s", what, email.hex()[:12])
        raise TooManyTries("too many tries; wait before the next one", what=what)


def forget_counts() -> None:
    """Forget every count (tests)."""
    _storage(config().redis_url, _prefix()).reset()


def _prefix() -> str:
    # Two clusters may share one Redis.
    return hashlib.sha256(str(config().home).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def _storage(url: str, prefix: str) -> Storage:
    address = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
    made = storage_from_string(address, key_prefix=f"rialto-shoppers-{prefix}")
    assert isinstance(made, Storage)  # noqa: S101 - not the asyncio kind, whose schemes begin with "async+"
    return made


def _hashed(address: str) -> str:
    # A network address is personal: Redis gets no list of them.
    return hmac.digest(config().secret_key.encode(), address.encode(), hashlib.sha256).hex()[:32]
