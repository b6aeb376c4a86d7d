"""What the desks of sites may do beyond their stock."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import DatabaseError
from django.utils import timezone

from central.stock.models import DeskRule
from node.realms import ORDERS, atomic


def rules() -> Mapping[str, DeskRule]:
    """Site -> its rule, of those that have one."""
    return DeskRule.objects.in_bulk()


def may_sell_below(site: str) -> bool:
    """Whether an order of the site's desk may sell more than is free."""
    return DeskRule.objects.filter(pk=site, sells_below=True).exists()


def sites_hiding_empty() -> set[str]:
    """Sites whose operators are not shown what is sold out; none while the stock does not answer."""
    try:
        return set(DeskRule.objects.filter(hides_empty=True).values_list("site", flat=True))
    except DatabaseError:
        return set()


def set_rules(sites: Collection[str], *, below: Collection[str], hiding: Collection[str], by: str) -> None:
    """Give each of `sites` what it is named in; other sites are left alone."""
    with atomic(ORDERS):
        known = DeskRule.objects.select_for_update().in_bulk(list(sites))
        for site in sorted(sites):
            row = known.get(site) or DeskRule(site=site)
            wanted = (site in below, site in hiding)
            if wanted != (row.sells_below, row.hides_empty):
                row.sells_below, row.hides_empty = wanted
                row.changed_by, row.changed_at = by, timezone.now()
                row.save()
