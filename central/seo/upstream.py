"""What edges tell: how often old addresses are asked for."""

from __future__ import annotations

import msgspec

from central.seo.redirects import note_hits
from node.realms import CATALOG
from sync.contracts.codec import unpack
from sync.contracts.seo import RedirectHits
from sync.topics import EdgeScope
from sync.upstream import Poison, receives

#: of one telling: an edge counts each minute, and no address is asked for more often than that
_MOST = 1_000_000


@receives("redirect_hits", realm=CATALOG)
def count_hits(edge: EdgeScope, body: bytes) -> None:
    """A node counts for its own sites only: what it says of another's is left aside."""
    try:
        told = unpack(body, RedirectHits)
    except msgspec.MsgspecError as error:
        raise Poison("not a RedirectHits") from error
    for site in sorted(edge.sites):
        own = sorted((each.source, each.hits) for each in told.hits if each.site == site and 0 < each.hits <= _MOST)
        note_hits(site, own)
