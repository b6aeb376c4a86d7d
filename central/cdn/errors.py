"""What the CDN app refuses."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownAccount(RialtoError):
    code = "unknown_cdn_account"
    status = 404


class UnknownZone(RialtoError):
    code = "unknown_cdn_zone"
    status = 404


class BadCdn(RialtoError):
    """An account, zone or purge that cannot be; the message says why."""

    code = "bad_cdn"
    status = 422
