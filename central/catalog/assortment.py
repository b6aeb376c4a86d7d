"""What stock asks of the catalogue: which goods the shops of a cart group offer."""

from __future__ import annotations

import time
from collections.abc import Collection
from uuid import UUID

from central.catalog.models import Offer
from central.cluster.models import Site

#: a shop that joins a group can wait so long for its first rights
_KEEP_S = 10.0
_sites: dict[frozenset[str], tuple[float, list[str]]] = {}


def offered(variants: Collection[UUID], groups: Collection[str]) -> set[UUID]:
    offers = Offer.objects.filter(variant__in=list(variants), site__in=_sites_of(frozenset(groups)))
    return set(offers.values_list("variant", flat=True))


def _sites_of(groups: frozenset[str]) -> list[str]:
    now = time.monotonic()
    kept = _sites.get(groups)
    if kept is None or now - kept[0] >= _KEEP_S:
        found = list(Site.objects.filter(cart_group__in=groups).values_list("pk", flat=True))
        kept = _sites[groups] = (now, found)
    return kept[1]
