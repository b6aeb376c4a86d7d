"""The root of our errors: each carries a stable code and a sentence that says what to do."""

from __future__ import annotations


class RialtoError(Exception):
    """An error with a stable `code` (for machines), a message (for people) and an HTTP status.

    `data` names the ids involved and travels with the error into JSON answers.
    """

    code: str = "error"
    status: int = 400

    def __init__(self, message: str = "", **data: object) -> None:
        super().__init__(message or self.code)
        self.data = data


class WrongUse(RialtoError):
    """A command was called in a way it cannot be: exit code 2."""

    code = "wrong_use"


class Refused(RialtoError):
    """A command was understood and refused: exit code 1."""

    code = "refused"
