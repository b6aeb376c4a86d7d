"""Labels and colours of sites, as every screen shows them. The app that has the sites says how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SiteLook:
    id: str
    label: str
    colour: str  # "#0b7285"


_read: Callable[[], Iterable[SiteLook]] = tuple


def read_sites_by(read: Callable[[], Iterable[SiteLook]]) -> None:
    """Called once at start by the app that has the sites."""
    global _read
    _read = read


def looks(request: Any) -> dict[str, SiteLook]:
    """All sites by id, read once per request: a line of an order names its shop to whoever may see the order."""
    known: dict[str, SiteLook] | None = getattr(request, "_site_looks", None)
    if known is None:
        known = {look.id: look for look in _read()}
        if request is not None:
            request._site_looks = known
    return known


def style_sheet() -> str:
    """CSS with each site's colour; a style sheet because our policy allows no style attributes."""
    return "\n".join(f".site-{look.id}{{--site:{look.colour}}}" for look in _read())
