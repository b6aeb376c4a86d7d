"""What happens to customers; ids only."""

from __future__ import annotations

from sync.events import Event


class CustomerMatched(Event, frozen=True, kw_only=True):
    """The shopper of an order is known: made, or found by phone or e-mail. Both are UUIDs in hex."""

    order: str
    customer: str
    is_new: bool


class CustomerChanged(Event, frozen=True, kw_only=True):
    """A customer, or what was given with one of his orders, is not what it was; `ver` is the version this made.

    It does not say what changed: whoever wants to know reads the customer as he is now, so late and repeated events
    do no harm.
    """

    customer: str
    ver: int


class CustomersParted(Event, frozen=True, kw_only=True):
    """A merge was taken back: `orders` may be another customer's now. Whose they are is read from the contacts."""

    gone: str
    kept: str
    orders: list[str]


class CustomerErased(Event, frozen=True, kw_only=True):
    """The person behind these orders was forgotten; each id a UUID in hex. `views`: saved views that looked for him."""

    customer: str
    orders: list[str]
    views: list[str] = []
