"""Frees what nobody has paid for, in the sequencer's process."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError

from central.orders.unpaid import free_unpaid
from sync.periodic import every


@every(60)
def free_units_of_unpaid_orders() -> None:
    # A realm that is away says so on its own screen.
    with suppress(DatabaseError):
        free_unpaid()
