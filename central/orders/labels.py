"""What a site is called, for the labels on orders. An order is taken in whether the realm of sites answers or not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import DatabaseError

from central.cluster.models import Region, Site


@dataclass(frozen=True)
class SiteLabel:
    label: str
    domain: str
    name: str
    language: str
    #: its cart group, "" when the site is not known
    group: str = ""


_KEEP_S = 30.0
_seen: dict[str, tuple[float, SiteLabel]] = {}


def label_of(site_id: str) -> SiteLabel:
    """The site's label as it is now; its id when there is no such site or nobody to ask."""
    now = time.monotonic()
    kept = _seen.get(site_id)
    if kept and now - kept[0] < _KEEP_S:
        return kept[1]
    try:
        site = Site.objects.filter(pk=site_id).first()
    except DatabaseError:
        site = None
    if site is None:
        return kept[1] if kept else SiteLabel(label=site_id, domain="", name=site_id, language="en")
    domain = urlsplit(site.origin).hostname or ""
    found = SiteLabel(label=site.label, domain=domain, name=site.name, language=site.language, group=site.cart_group)
    _seen[site_id] = (now, found)
    return found


def region_titles() -> dict[str, str]:
    """Of all regions; empty while nobody can be asked, and then their ids stand in."""
    try:
        return dict(Region.objects.values_list("pk", "title"))
    except DatabaseError:
        return {}
