"""What this app refuses; each has a page in plain words."""

from __future__ import annotations

from node.errors import RialtoError


class CannotSignIn(RialtoError):
    """The way from or to the id domain is broken. `code` says where; the cart stays as it was."""

    status = 409

    def __init__(self, code: str, status: int = 409) -> None:
        self.code, self.status = code, status
        super().__init__("signing in did not work; the cart stays as it was")
