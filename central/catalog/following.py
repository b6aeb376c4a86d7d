"""Asking for what `reach.settle` does, from whatever moves shelves or goods."""

from __future__ import annotations

from typing import Final

from central.catalog.models import Category, Listing
from node.realms import CATALOG
from sync.events import schedule_job

JOB: Final = "catalog.settle_reach"


def has_rules(site: str) -> bool:
    """Whether anything of a site is hidden anywhere."""
    shelves = Category.objects.filter(site=site).exclude(shown_in={})
    return shelves.exists() or Listing.objects.filter(site=site).exclude(reach={}).exists()


def settle_later(site: str) -> None:
    """After the caller's `atomic("catalog")`; nothing to do where there are no rules."""
    if has_rules(site):
        schedule_job(JOB, site.encode(), realm=CATALOG)
