"""Rows of this app as the documents an edge reads."""

from __future__ import annotations

from central.stock.models import Grant
from sync.contracts.stock import GrantDoc


def grant_doc(grant: Grant) -> GrantDoc:
    return GrantDoc(
        id=grant.pk.hex,
        edge=grant.edge,
        epoch=grant.epoch,
        variant=grant.variant.hex,
        units=grant.units,
        ttl_s=grant.ttl_s,
        is_open=grant.state == Grant.State.OPEN,
    )
