"""What happens to a customer's own record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from central.history import queries as history
from central.people.queries import customer
from central.ui.timeline import Entry, Source, add_source


def of_customer(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """Which fields were changed and by whom; the values stand in the card's history."""
    found = customer(UUID(key))
    if found is not None:
        for entry in history.of_record(user, found, limit=limit).entries:
            fields = ", ".join(str(row.title) for row in entry.rows)
            yield Entry(entry.at, _("Contacts changed"), fields, entry.who, "user")


add_source(Source("people.customer", "see_customers", of_customer))
