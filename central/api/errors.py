"""What the API and its keys refuse.

RialtoError
├── NoKey 401               no good key: missing, unknown, revoked, expired
├── WrongAddress 403        the key may not be used from here
├── NoRight 403             the key lacks a right
├── TooMuchGiven 403        a maker of a key gives more than he holds
├── BadKey 422              a key that cannot be made
├── UnknownKey 404
├── BodyTooLarge 413, NotJson 415, BadCall 400, BadInput 422
├── TooMany 429
├── UnderWay 409            the same Idempotency-Key is being worked on
└── KeyReused 422           the same Idempotency-Key with another call
"""

from __future__ import annotations

from node.errors import RialtoError


class NoKey(RialtoError):
    """`reason` goes to the log alone: who holds no good key learns no more than that."""

    code = "no_key"
    status = 401

    def __init__(self, reason: str, prefix: str = "") -> None:
        super().__init__("send a good key: Authorization: Bearer rlt_…")
        self.reason, self.prefix = reason, prefix


class WrongAddress(RialtoError):
    code = "wrong_address"
    status = 403

    def __init__(self, prefix: str) -> None:
        super().__init__("this key may not be used from your address")
        self.reason, self.prefix = "wrong_address", prefix


class NoRight(RialtoError):
    code = "no_right"
    status = 403

    def __init__(self, right: str) -> None:
        super().__init__(f"this key lacks the right {right}", right=right)


class TooMuchGiven(RialtoError):
    code = "too_much_given"
    status = 403


class BadKey(RialtoError):
    """`field` says which part of the form."""

    code = "bad_key"
    status = 422

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why, field=field)
        self.field = field


class UnknownKey(RialtoError):
    code = "unknown_key"
    status = 404


class BodyTooLarge(RialtoError):
    code = "too_large"
    status = 413


class NotJson(RialtoError):
    code = "not_json"
    status = 415


class BadCall(RialtoError):
    code = "bad_request"
    status = 400


class BadInput(RialtoError):
    code = "bad_input"
    status = 422


class TooMany(RialtoError):
    code = "too_many_requests"
    status = 429


class UnderWay(RialtoError):
    code = "under_way"
    status = 409


class KeyReused(RialtoError):
    code = "idempotency_key_reused"
    status = 422
