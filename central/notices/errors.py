"""What this app refuses."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownNotice(RialtoError):
    code = "unknown_notice"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no notice '{name}'", notice=name)
