"""Gathers what has failed, in the sequencer's process."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError

from central.failures.actions import forget_old, take_over
from node.realms import CENTRAL_REALMS
from sync.periodic import every


@every(10)
def gather_failures() -> None:
    for realm in CENTRAL_REALMS:
        # A realm that is away says so on its own screen.
        with suppress(DatabaseError):
            take_over(realm)


@every(86_400)
def forget_old_failures() -> None:
    forget_old()
