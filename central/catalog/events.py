"""What the catalogue tells others."""

from __future__ import annotations

from sync.events import Event


class PicturesPlaced(Event, frozen=True, kw_only=True):
    """These pictures (sha256) stand at goods or shelves of some site since, or at one site more.

    It does not say which: whoever wants to know reads where they stand now.
    """

    pictures: list[str]
