"""What happens to a customer's own record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from central.people.models import CustomerChange
from central.ui.timeline import Entry, Source, add_source


def of_customer(user: Any, key: str, limit: int) -> Iterator[Entry]:
    """Which fields were changed and by whom; the values stand in the card's own history."""
    names = {
        "name": _("Name"), "phone": _("Phone"), "email": _("E-mail"), "address": _("Address"),
        "password": _("Password"), "account": _("Account"),
    }  # fmt: skip
    said_by = {CustomerChange.By.SHOPPER: _("the client himself"), CustomerChange.By.SYSTEM: "Rialto"}
    for change in CustomerChange.objects.filter(customer_id=UUID(key))[:limit]:
        fields = [names.get(name, name) for name in json.loads(change.values or "{}")]
        by = said_by.get(CustomerChange.By(change.by), change.who)
        yield Entry(change.at, _("Contacts changed"), ", ".join(fields), by, "user")


add_source(Source("people.customer", "see_customers", of_customer))
