"""Watches nodes and realms, in the sequencer's process."""

from __future__ import annotations

import time

from central.cluster.moving.settling import settle_all
from central.cluster.realm_health import note
from central.cluster.realm_state import all_states
from central.cluster.refusals import forget_old
from central.cluster.silence import look_for_silence
from sync.periodic import every

#: a central that was down itself has heard of nobody: edges get this long to dial in before they count as silent
GRACE_S = 60.0

_began = time.monotonic()


@every(10)
def watch_nodes() -> None:
    if time.monotonic() - _began >= GRACE_S:
        look_for_silence()


@every(10)
def watch_realms() -> None:
    """With the realm `cluster` down there is nowhere to write it down; then nobody can look either."""
    for state in all_states():
        note(state.realm, is_up=state.is_up)


every(86_400)(forget_old)


@every(2)
def settle_moves() -> None:
    """A move whose process was killed: behind the switch every write fails until somebody finishes it."""
    settle_all()
