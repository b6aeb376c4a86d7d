"""Which file of a picture others take: search engines, social networks and marketplaces know no SVG and hardly AVIF."""

from __future__ import annotations

from typing import Final

from sync.contracts.documents import Picture, PictureSource

#: by preference, the one most services take first
TYPES: Final = ("jpg", "jpeg", "png", "webp", "gif")


def widely_taken(picture: Picture) -> Picture | PictureSource | None:
    """The largest file of the kind that most services take, None when there is none of any such kind."""
    files: list[Picture | PictureSource] = [picture, *picture.sources]
    fit = [one for one in files if one.ext in TYPES]
    return min(fit, key=lambda one: (TYPES.index(one.ext), -one.width), default=None)
