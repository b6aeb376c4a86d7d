"""Looks at the books each minute and freezes rights that are over, in the sequencer's process."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError

from central.stock.auditing import look_at_books
from central.stock.leases import freeze_overdue
from sync.periodic import every


@every(60)
def audit_books() -> None:
    # A realm that is away says so on its own screen.
    with suppress(DatabaseError):
        look_at_books()


@every(10)
def freeze_rights() -> None:
    with suppress(DatabaseError):
        freeze_overdue()
