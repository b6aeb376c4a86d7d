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
    """Over the link: rights for `wanted` (variant -> units). `must`: a shopper is waiting, so recall when short.

    `is_idle`: nobody buys these at the edge at the moment; it would like a few for when it is cut off. Zero units ask
    for none, and only how many it may keep.

    `knows`, of a question asked anew because its connection broke: the grants of these variants that the edge may sell
    from. What else central has given it the answer brings, before anything new.
    """

    wanted: dict[str, int]
    must: bool = False
    is_idle: bool = False
    knows: list[str] | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """`left`: variant -> units nobody holds after this answer, for the shopper who cannot have what he asked.

    `keep`, to an ask that `is_idle`: variant -> the most units the edge should keep, with what this answer brings.
    """

    grants: list[GrantDoc]
    left: dict[str, int]
    keep: dict[str, int] = {}


#: variants in one question of what is left
MOST_LEFT = 500


class LeftAsk(Struct, frozen=True, kw_only=True):
    """Over the link (kind `stock_left`): do carts at the edge want more than there is? variant -> units, no more than
    `MOST_LEFT` of them. Nothing is held or given."""

    wanted: dict[str, int]


class Left(Struct, frozen=True, kw_only=True):
    """Answer: variant -> units nobody has bought, wherever they lie, and no more than were asked about.

    Of goods that no shop of the edge's cart groups offers it says nothing.
    """

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
    """Over the link (kind `renew_stock`): the edge still sells from all its grants.

    `grants`: those that an edge of an earlier version wants an answer about each.
    """

    grants: list[str] = []


class Renewed(Struct, frozen=True, kw_only=True):
    """Answer: all that is open goes on for another `ttl_s` from the moment the edge asked.

    `grants`: of those it named, the ones that are open.
    """

    grants: list[GrantDoc] = []
    ttl_s: int = 0
