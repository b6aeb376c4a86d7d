"""What an engine refuses."""

from __future__ import annotations

from node.errors import RialtoError


class Unavailable(RialtoError):
    """The engine does not answer, or answers that it cannot. Trying again later may help."""

    code = "search_unavailable"
    status = 503


class NoIndex(RialtoError):
    """There is no such index: it was never built."""

    code = "no_search_index"
    status = 404


class NotConfigured(RialtoError):
    """The engine has no place in the settings of this node."""

    code = "search_not_configured"
    status = 409
