"""Labels, colours and groups of sites, as every screen shows them. The app that has the sites says how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SiteLook:
    id: str
    label: str
    colour: str  # "#0b7285"
    group: str = ""  # the id of its group, "" for none


@dataclass(frozen=True)
class GroupLook:
    """A group of sites for management; `parent` is the id of the group above, "" for none."""

    id: str
    title: str
    parent: str = ""


_read: Callable[[], Iterable[SiteLook]] = tuple
_read_groups: Callable[[], Iterable[GroupLook]] = tuple


def read_sites_by(read: Callable[[], Iterable[SiteLook]]) -> None:
    """Called once at start by the app that has the sites."""
    global _read
    _read = read


def read_groups_by(read: Callable[[], Iterable[GroupLook]]) -> None:
    """As `read_sites_by`, for the groups."""
    global _read_groups
    _read_groups = read


def looks(request: Any) -> dict[str, SiteLook]:
    """All sites by id, read once per request: a line of an order names its shop to whoever may see the order."""
    known: dict[str, SiteLook] | None = getattr(request, "_site_looks", None)
    if known is None:
        known = {look.id: look for look in _read()}
        if request is not None:
            request._site_looks = known
    return known


def groups(request: Any) -> dict[str, GroupLook]:
    """All groups by id, read once per request; empty ones too."""
    known: dict[str, GroupLook] | None = getattr(request, "_group_looks", None)
    if known is None:
        known = {look.id: look for look in _read_groups()}
        if request is not None:
            request._group_looks = known
    return known


def sites_of_group(request: Any, group: str) -> frozenset[str]:
    """The ids of the sites that stand in a group or in one under it; `request` may be None."""
    known = groups(request)
    under = {group}
    while more := {look.id for look in known.values() if look.parent in under} - under:
        under |= more
    return frozenset(look.id for look in looks(request).values() if look.group in under)


def style_sheet() -> str:
    """CSS with each site's colour; a style sheet because our policy allows no style attributes."""
    return "\n".join(f".site-{look.id}{{--site:{look.colour}}}" for look in _read())
