"""What callers of this app can catch."""

from __future__ import annotations

from node.errors import RialtoError


class StockError(RialtoError):
    code = "stock"


class NotEnoughInPool(StockError):
    """Fewer units lie in the pool than the change takes; the rest is at edges or sold. `data` has the figures."""

    code = "not_enough_in_pool"
    status = 409


class WrongUnits(StockError):
    """A number of units that cannot be: below zero, or above a billion."""

    code = "wrong_units"


class UnknownGrant(StockError):
    """An edge speaks of a grant that central never gave it."""

    code = "unknown_grant"
