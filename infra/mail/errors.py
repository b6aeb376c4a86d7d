"""The two ways in which sending fails."""

from __future__ import annotations

from node.errors import RialtoError


class Refused(RialtoError):
    """The mail will never be taken: a bad address, a bad password. Not tried again."""

    code = "mail_refused"
    status = 422
    is_final = True


class Unavailable(RialtoError):
    """The server is away or busy, or went away before it answered. Tried again, as the same mail."""

    code = "mail_unavailable"
    status = 503
    is_transient = True
