"""Settings that a site takes from its parent, and settings a parent does not let go.

The columns of a site hold what stands: every reader, document and query sees effective values and knows nothing of
parents. What a site would have of its own while a parent's value stands in its column waits in `kept`, so neither
inheriting nor a lock ever throws a value away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from central.cluster.models import Site
from central.cluster.trees import line_above

TEXTS = ("tagline", "about", "phone", "email", "address")

#: the settings a parent can give; a text is `texts.<name>`
INHERITABLE = (
    "language",
    "currency",
    "theme",
    "cart_group",
    "deliveries",
    "payments",
    "unpaid_minutes",
    "pages",
    *(f"texts.{name}" for name in TEXTS),
)

Sites = Mapping[str, Site]


class Origin(StrEnum):
    OWN = "own"
    INHERITED = "inherited"
    LOCKED = "locked"


@dataclass(frozen=True)
class Standing:
    """Where a setting's value comes from: `source` is the id of the site that set it, `own` the site's own value."""

    value: Any
    origin: Origin
    source: str
    own: Any


def value_of(site: Site, name: str) -> Any:
    """What stands for the site."""
    return site.texts.get(name.removeprefix("texts."), "") if name.startswith("texts.") else getattr(site, name)


def own_of(site: Site, name: str) -> Any:
    """What the site has of its own, standing or waiting."""
    return site.kept[name] if name in site.kept else value_of(site, name)


def set_own(site: Site, name: str, value: Any) -> None:
    """Give the site a value of its own; `settle` then says whether it stands."""
    site.kept.pop(name, None)
    _put(site, name, value)


def locks_on(site: Site, sites: Sites) -> dict[str, str]:
    """Setting -> the highest site above that locks it."""
    above = [sites[one] for one in line_above(site.pk, parents_of(sites) | {site.pk: site.parent_id})]
    return {name: one.pk for one in above for name in one.locks}


def settle(site: Site, sites: Sites) -> None:
    """Put what stands into the columns. The site's parent must be settled, the ones above are taken from `sites`."""
    above = sites[site.parent_id] if site.parent_id else None
    locked = locks_on(site, sites)
    own = {name: own_of(site, name) for name in INHERITABLE}
    site.kept = {}
    for name in INHERITABLE:
        if above is not None and (name in locked or name in site.inherits):
            site.kept[name] = own[name]
            _put(site, name, value_of(above, name))
        else:
            _put(site, name, own[name])


def standings(site: Site, sites: Sites) -> dict[str, Standing]:
    """Each setting of a settled site, for a person to see where it comes from."""
    locked = locks_on(site, sites)
    found = {}
    for name in INHERITABLE:
        origin = Origin.LOCKED if name in locked else Origin.INHERITED if _inherits(site, name) else Origin.OWN
        source = source_of(site, name, sites)
        found[name] = Standing(value_of(site, name), origin, source, own_of(site, name))
    return found


def parents_of(sites: Sites) -> dict[str, str | None]:
    return {pk: site.parent_id for pk, site in sites.items()}


def _inherits(site: Site, name: str) -> bool:
    return site.parent_id is not None and name in site.inherits


def source_of(site: Site, name: str, sites: Sites) -> str:
    """The id of the site whose own value stands."""
    while site.parent_id and (name in site.inherits or name in locks_on(site, sites)):
        site = sites[site.parent_id]
    return site.pk


def _put(site: Site, name: str, value: Any) -> None:
    if value_of(site, name) == value:
        return
    if name.startswith("texts."):
        # A new mapping: what a caller holds of the old one is what was.
        site.texts = {**site.texts, name.removeprefix("texts."): value}
    else:
        setattr(site, name, value)
