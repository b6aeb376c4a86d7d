"""Asking for what `reach.settle` does, from whatever moves shelves or goods; and how regions lie in one another."""

from __future__ import annotations

from typing import Final

from central.catalog.models import Category, Listing, RegionTree
from central.cluster.trees import Parents
from node.realms import CATALOG
from sync.events import schedule_job

JOB: Final = "catalog.settle_reach"
#: there is one tree
THE_TREE: Final = 1


def region_tree() -> Parents:
    """As this realm knows it."""
    row = RegionTree.objects.filter(pk=THE_TREE).first()
    return row.parents if row else {}


def has_rules(site: str) -> bool:
    """Whether anything of a site is hidden anywhere."""
    shelves = Category.objects.filter(site=site).exclude(shown_in={})
    return shelves.exists() or Listing.objects.filter(site=site).exclude(reach={}).exists()


def settle_later(site: str) -> None:
    """After the caller's `atomic("catalog")`; nothing to do where there are no rules."""
    if has_rules(site):
        schedule_job(JOB, site.encode(), realm=CATALOG)
