"""What edges tell of the addresses of their shops."""

from __future__ import annotations

from msgspec import Struct


class SourceHits(Struct, frozen=True, array_like=True):
    """An old address of a site was asked for `hits` times more."""

    site: str
    source: str
    hits: int


class RedirectHits(Struct, frozen=True):
    """Op `redirect_hits`: hits of redirects since the last telling. A figure: what a crash loses is lost."""

    hits: list[SourceHits]
