"""What `rialto doctor` says of the cluster, beside what it sees of the node itself."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils import translation

from central.health.findings import findings_of
from central.health.gathering import whole_health


def examine() -> tuple[list[str], dict[str, Any]]:
    """(what somebody should look at, the figures)."""
    health = whole_health()
    with translation.override("en"):
        return [one.text for one in findings_of(health)], msgspec.to_builtins(health)
