"""What this app refuses."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownPayment(RialtoError):
    code = "unknown_payment"
    status = 404

    def __init__(self) -> None:
        super().__init__("there is no such payment")


class WrongMoney(RialtoError):
    """A provider says that another amount was paid than we asked for: looked at by people, never marked as paid."""

    code = "wrong_money"
    status = 409
