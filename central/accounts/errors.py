"""What accounts refuse."""

from __future__ import annotations

from django.utils.functional import Promise

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


class NotYours(RialtoError):
    """Somebody gives, or touches, what is beyond his own rights or sites."""

    code = "not_yours"
    status = 403

    @classmethod
    def of_rights(cls, rights: frozenset[str]) -> NotYours:
        return cls(
            f"you do not hold these rights yourself: {', '.join(sorted(rights)) or 'all'}", rights=sorted(rights)
        )

    @classmethod
    def of_sites(cls) -> NotYours:
        return cls("you do not see these sites yourself")


class OwnAccess(RialtoError):
    code = "own_access"
    status = 403

    def __init__(self) -> None:
        super().__init__("nobody changes his own roles and sites, or switches himself off: ask another administrator")


class LastAdministrator(RialtoError):
    code = "last_administrator"
    status = 409

    def __init__(self) -> None:
        super().__init__("one person who manages staff and sees all sites must be left")


class Taken(RialtoError):
    """A login, an e-mail or the name of a role that somebody has. `data["fields"]`: field -> sentence."""

    code = "taken"
    status = 422

    def __init__(self, field: str, text: Promise | str) -> None:
        super().__init__(f"this {field} is taken", fields={field: text})


class StaleStaff(RialtoError):
    code = "stale_staff"
    status = 409

    def __init__(self) -> None:
        super().__init__("somebody else saved this in the same moment: look at it and save again")


class ReadyRole(RialtoError):
    code = "ready_role"
    status = 409

    def __init__(self, role: str) -> None:
        super().__init__(f"'{role}' is a ready role: copy it and change the copy", role=role)


class RoleInUse(RialtoError):
    code = "role_in_use"
    status = 409

    def __init__(self, role: str, people: int) -> None:
        super().__init__(f"{people} people have the role '{role}': give them another first", role=role, people=people)


class NoAddress(RialtoError):
    code = "no_address"
    status = 409

    def __init__(self, login: str) -> None:
        super().__init__(f"'{login}' has no e-mail, or is switched off: no link can be sent", login=login)
