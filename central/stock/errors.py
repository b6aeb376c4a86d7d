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


class TooManyVariants(StockError):
    """A question about more variants than an edge may ask about at once."""

    code = "too_many_variants"


class UnknownGrant(StockError):
    """An edge, or a person, speaks of a grant that central never gave."""

    code = "unknown_grant"


class NotFrozen(StockError):
    """A right that its edge may still sell from, or that is over, cannot be written off."""

    code = "not_frozen"
    status = 409


class UnknownWarehouse(StockError):
    code = "unknown_warehouse"
    status = 404


class BadWarehouse(StockError):
    """A warehouse that cannot be kept as it is asked for. `fields` says what is wrong with which."""

    code = "bad_warehouse"
    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in fields.items()), fields=fields)


class StaleWarehouse(StockError):
    """Somebody else changed the warehouse after the page was drawn."""

    code = "stale_warehouse"
    status = 409


class WarehouseInUse(StockError):
    """Goods lie in it, or it is the only one: it cannot be switched off."""

    code = "warehouse_in_use"
    status = 409


class WarehouseOff(StockError):
    """Nothing comes into a warehouse that is switched off."""

    code = "warehouse_off"
    status = 409


class UnknownSupply(StockError):
    """It has come in or was given up, or never was."""

    code = "unknown_supply"
    status = 409
