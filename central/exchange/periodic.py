"""What the exchange does at intervals."""

from __future__ import annotations

from central.exchange.actions import tidy_sessions
from sync.periodic import every


@every(3_600)
def tidy() -> None:
    tidy_sessions()
