"""What actions on customers refuse."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownCustomer(RialtoError):
    code = "unknown_customer"
    status = 404

    def __init__(self, customer: object) -> None:
        super().__init__("there is no such customer", customer=str(customer))


class PhoneTaken(RialtoError):
    """The phone is another customer's: one phone, one customer."""

    code = "phone_taken"
    status = 409

    def __init__(self, customer: object, owner: object) -> None:
        super().__init__("this phone is another customer's", customer=str(customer), owner=str(owner))
