"""What accounts refuse."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownRole(RialtoError):
    code = "unknown_role"
    status = 422

    def __init__(self, role: str) -> None:
        super().__init__(f"there is no role '{role}'", role=role)


class UnknownStaff(RialtoError):
    code = "unknown_staff"
    status = 404

    def __init__(self, login: str) -> None:
        super().__init__(f"nobody signs in as '{login}'; `rialto staff list` shows who does", login=login)


class UnknownChoice(RialtoError):
    code = "unknown_choice"
    status = 422
