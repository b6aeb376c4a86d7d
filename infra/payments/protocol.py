"""What a way to be paid is. A provider knows HTTP and money; nothing of orders' states, pages or the ORM.

Refused       the provider said no, or was told something that cannot be: never retried
Unavailable   timeout, 5xx, rate limit: the caller tries again under the same key
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from node.errors import RialtoError


class PaymentError(RialtoError):
    code = "payment"


class Refused(PaymentError):
    code = "payment_refused"
    status = 422
    is_final = True  # a job that meets it is not tried again


class Unavailable(PaymentError):
    code = "payment_unavailable"
    status = 503
    is_transient = True  # a job that meets it is tried until the provider is back


@dataclass(frozen=True)
class ProviderSettings:
    """What a provider is made with. `home`: the node's directory; `base_url`: central's address, no last slash."""

    home: Path
    base_url: str


@dataclass(frozen=True)
class Charge:
    """Money to be asked for: `amount` in minor units of `currency`."""

    key: str  # idempotency key: one key, one charge, however often we ask
    amount: int
    currency: str
    label: str  # what the shopper reads: the order's number
    return_url: str  # where his browser goes afterwards


@dataclass(frozen=True)
class Opened:
    """A charge the provider knows. `pay_url` is "" when nothing is paid online."""

    ref: str
    pay_url: str


@dataclass(frozen=True)
class Callback:
    """What a provider posts to us, as it came."""

    body: bytes
    signature: str


@dataclass(frozen=True)
class Settlement:
    """What became of a charge."""

    ref: str
    key: str
    state: Literal["waiting", "paid", "refused"]
    amount: int
    currency: str


class PaymentProvider(Protocol):
    #: whether the shopper pays on a page, so that central must be reachable to make one
    is_online: bool

    def create(self, charge: Charge) -> Opened:
        """Open a charge. The same key again: the same answer; with other money: `Refused`."""
        ...

    def settle(self, callback: Callback) -> Settlement:
        """What a provider's message says, once its signature holds; a repeated message says the same. Or `Refused`."""
        ...

    def refund(self, ref: str, *, key: str, amount: int, currency: str) -> None:
        """Give back paid money, all or a part, once per key. Raises `Refused` for more than was paid."""
        ...


def check(charge: Charge) -> None:
    """Raises `Refused` for what no provider would take."""
    if not charge.key or charge.amount <= 0 or len(charge.currency) != 3:
        raise Refused("a charge has a key, an amount above zero and a currency", key=charge.key)
