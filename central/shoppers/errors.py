"""What the id domain refuses. The sentences for shoppers are in `views`; none says whether an e-mail is known."""

from __future__ import annotations

from node.errors import RialtoError


class ShopperError(RialtoError):
    status = 422


class WrongSignIn(ShopperError):
    """The e-mail and the password do not belong together."""

    code = "wrong_sign_in"


class WrongCode(ShopperError):
    """Not the digits that were sent, or not any more."""

    code = "wrong_code"


class CodeSpent(ShopperError):
    """The code was used, is older than ten minutes, or five tries were wrong."""

    code = "code_spent"


class TooManyTries(ShopperError):
    code = "too_many_tries"
    status = 429


class WeakPassword(ShopperError):
    code = "weak_password"

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages
        super().__init__(" ".join(messages))


class EmailTaken(ShopperError):
    """Another account signs in with this e-mail. Said to staff, and to whoever has proven the mail; to nobody else."""

    code = "email_taken"
    status = 409


class BadAsk(ShopperError):
    """A shop's request for a sign-in that no shop of ours has made: shown here, never redirected."""

    code = "bad_ask"
    status = 400


class BadGrant(ShopperError):
    """A one-time code that cannot be exchanged, or a grant that is no more."""

    status = 403

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("this sign-in cannot be used (any more); sign in again")
