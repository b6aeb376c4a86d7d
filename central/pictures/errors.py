"""What the pipeline of pictures refuses."""

from __future__ import annotations

from node.errors import RialtoError


class BadProfile(RialtoError):
    """`data["fields"]`: name of a field -> what is wrong with it."""

    code = "bad_picture_profile"
    status = 422


class StaleProfile(RialtoError):
    code = "stale_picture_profile"
    status = 409


class UnknownSitePicture(RialtoError):
    code = "unknown_site_picture"
    status = 404
