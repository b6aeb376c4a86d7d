"""What happens to nodes and sites that others have to know of."""

from __future__ import annotations

from sync.events import Event


class EpochEnded(Event, frozen=True, kw_only=True):
    """No disk of this epoch or an earlier one speaks for the node any more: lost, rolled back, copied or revoked."""

    node: str
    epoch: int


class RegionsChanged(Event, frozen=True, kw_only=True):
    """These shops are in other regions, or the regions lie in one another otherwise."""

    sites: list[str]


class LanguagesChanged(Event, frozen=True, kw_only=True):
    """A shop speaks another language or one more or less. Whoever wants to know which reads them."""

    site: str
