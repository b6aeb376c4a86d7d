"""What this app refuses."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownFailure(RialtoError):
    code = "unknown_failure"
    status = 404


class NeverTried(RialtoError):
    """It may only be given up: tried again it would do harm, or nothing."""

    code = "never_tried"
    status = 409


class FailureOver(RialtoError):
    """It is done or given up already."""

    code = "failure_over"
    status = 409
