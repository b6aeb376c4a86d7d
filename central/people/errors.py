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


class ErasedCustomer(RialtoError):
    """The person was forgotten: there is nothing to change or to merge."""

    code = "erased_customer"
    status = 409

    def __init__(self, customer: object) -> None:
        super().__init__("this customer was erased", customer=str(customer))


class TwoAccounts(RialtoError):
    """Both can sign in: which of the two sign-ins stays is said on the merge's own screen, never by one click."""

    code = "two_accounts"
    status = 409


class UnknownMerge(RialtoError):
    code = "unknown_merge"
    status = 404

    def __init__(self, merge: object) -> None:
        super().__init__("there is no such merge, or it was taken back", merge=str(merge))


class MergeNotLast(RialtoError):
    """The one who was kept took part in a later merge: that one is taken back first."""

    code = "merge_not_last"
    status = 409


class UnknownDoubt(RialtoError):
    code = "unknown_doubt"
    status = 404

    def __init__(self, doubt: object) -> None:
        super().__init__("there is no such doubt, or it was decided", doubt=str(doubt))
