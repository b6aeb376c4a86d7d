"""What search does at intervals."""

from __future__ import annotations

from central.search import actions, indexing
from sync.periodic import every


@every(5)
def follow_log() -> None:
    indexing.follow()


@every(86_400)
def forget_old() -> None:
    actions.forget_old()
