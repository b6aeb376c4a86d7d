"""What is refused here, besides `BadPattern` of `sites.seo.patterns`."""

from __future__ import annotations

from node.errors import RialtoError


class BadAddress(RialtoError):
    """An address that no redirect can have; `field` is "source" or "target"."""

    code = "bad_address"
    status = 422

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}", field=field)
        self.why = why


class RedirectLoop(RialtoError):
    """The target leads back to the source."""

    code = "redirect_loop"
    status = 422

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"{target} leads back to {source}", field="target", source=source, target=target)


class UnknownRecord(RialtoError):
    code = "unknown_seo_record"
    status = 404


class BadFeed(RialtoError):
    """`field` names what is wrong of a feed."""

    code = "bad_feed"
    status = 422


class BadSheet(RialtoError):
    code = "bad_sheet"
    status = 422


class WalkRefused(RialtoError):
    """An old site that cannot be walked through."""

    code = "walk_refused"
    status = 422
