"""What keeps jobs from being forgotten."""

from __future__ import annotations

from functools import partial

import structlog

from node.realms import CENTRAL_REALMS
from sync.periodic import every
from sync.store.jobs import runner

log = structlog.get_logger(__name__)


@every(10)
def sweep_jobs() -> None:
    """Send every due job again, unless workers have enough. A realm that is away is none of the others' business."""
    # Asked once for all realms: else the first one's jobs would keep the others' from being sent.
    _each_realm(partial(runner.sweep, sends=not runner.is_enough_sent()))


@every(86_400)
def tidy_jobs() -> None:
    _each_realm(runner.tidy)


def _each_realm(work: runner.RealmWork) -> None:
    for realm in CENTRAL_REALMS:
        try:
            work(realm)
        except Exception as error:
            log.warning("jobs_realm_away", realm=realm, error=type(error).__name__)
