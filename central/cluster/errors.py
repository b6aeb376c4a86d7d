"""What cluster actions refuse.

RialtoError
├── UnknownNode, UnknownSite, UnknownGroup, UnknownRegion, UnknownLanguage
├── NameTaken, BadField, RegionInUse
└── JoinRefused: bad secret, expired, used by another, revoked
"""

from __future__ import annotations

from node.errors import RialtoError


class UnknownNode(RialtoError):
    code = "unknown_node"
    status = 404

    def __init__(self, node: str) -> None:
        super().__init__(f"there is no node '{node}'; `rialto node list` shows them", node=node)


class UnknownSite(RialtoError):
    code = "unknown_site"
    status = 404

    def __init__(self, site: str) -> None:
        super().__init__(f"there is no site '{site}'; `rialto site list` shows them", site=site)


class UnknownGroup(RialtoError):
    code = "unknown_group"
    status = 404

    def __init__(self, group: str) -> None:
        super().__init__(f"there is no group of sites '{group}'", group=group)


class UnknownRegion(RialtoError):
    code = "unknown_region"
    status = 404

    def __init__(self, region: str) -> None:
        super().__init__(f"there is no region '{region}'", region=region)


class UnknownLanguage(RialtoError):
    code = "unknown_language"
    status = 404

    def __init__(self, site: str, language: str) -> None:
        super().__init__(f"the shop '{site}' does not speak '{language}'", site=site, language=language)


class RegionInUse(RialtoError):
    """Shops are in it, or regions lie in it; `users` are their names."""

    code = "region_in_use"
    status = 409

    def __init__(self, region: str, users: list[str]) -> None:
        super().__init__(f"region '{region}' is used by {', '.join(users)}", region=region, users=", ".join(users))


class NameTaken(RialtoError):
    code = "name_taken"
    status = 409


class BadField(RialtoError):
    """One or more fields hold what they may not; `fields` maps each to its sentence."""

    code = "bad_field"
    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in fields.items()), fields=fields)
        self.fields = fields


class JoinRefused(RialtoError):
    """The join token cannot be used; the code word says why, the sentence what to do."""

    status = 403

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
