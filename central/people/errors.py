"""What actions on customers refuse."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownCustomer(RialtoError):
    code = "unknown_customer"
    status = 404

    def __init__(self, customer: object) -> None:
        super().__init__("there is no such customer", customer=str(customer))


class StaleCustomer(RialtoError):
    """Somebody else has changed the record since the form was opened."""

    code = "stale_customer"
    status = 409

    def __init__(self, customer: object, seen: int, now: int) -> None:
        super().__init__("somebody else has changed the record meanwhile", customer=str(customer), seen=seen, now=now)
