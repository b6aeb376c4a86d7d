"""Whose changes are kept: customers, whoever changes them. Whom orders bring for the first time is no change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from central.people.models import Customer
from central.ui.watching import watch


def _name(key: str) -> str:
    found = Customer.objects.filter(pk=key).only("name").first()
    return (found.name if found else "") or key


def _merged(user: Any, customer: Customer) -> Iterable[Customer]:
    """Who was found to be the same person: what happened to his record happened to this one."""
    return Customer.objects.filter(merged_into=customer)


watch(
    Customer,
    title=_("Client"),
    right="see_customers",
    keeps_new=False,
    fields=("name", "phone", "email", "address", "merged_into", "erased_at"),
    titles={
        "name": _("Full name"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "address": _("Address"),
        "merged_into": _("Is one person with"),
        "erased_at": _("Erased"),
    },
    words={"merged_into": _name},
    card="clients-card",
    name_of=_name,
    also=_merged,
)
