"""Stock rights on the wire. A unit is sold only from a right (escrow; `distributed.md` section 2)."""

from __future__ import annotations

from msgspec import Struct


class GrantDoc(Struct, frozen=True, kw_only=True):
    """Central lets one edge sell `units` of a variant. Answer to an ask, and state topic `grant:<edge>`, key = id."""

    id: str
    edge: str
    epoch: int
    variant: str
    units: int
    ttl_s: int
    is_open: bool = True


class Ask(Struct, frozen=True, kw_only=True):
    """Over the link: rights for `wanted` (variant -> units). `must`: a shopper is waiting, so recall when short."""

    wanted: dict[str, int]
    must: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """`left`: variant -> units nobody holds after this answer, for the shopper who cannot have what he asked."""

    grants: list[GrantDoc]
    left: dict[str, int]


class GrantReport(Struct, frozen=True, kw_only=True):
    """A fact, up (kind `grant_report`): totals so far; they only grow, so reports are joined by max."""

    grant: str
    sold: int
    returned: int
    is_sealed: bool = False


class Recall(Struct, frozen=True, kw_only=True):
    """Push to an edge (kind `recall`): give back up to so many units of each variant that no shopper holds."""

    wanted: dict[str, int]


class Renew(Struct, frozen=True, kw_only=True):
    """Over the link (kind `renew_stock`): the edge still sells from these grants."""

    grants: list[str]


class Renewed(Struct, frozen=True, kw_only=True):
    """Answer: these go on for another `ttl_s` from the moment the edge asked; the others are not open any more."""

    grants: list[GrantDoc]
