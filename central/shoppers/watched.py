"""Whose changes are kept: the accounts of clients, on the client's card. Signing in and out is no change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.people.models import Customer
from central.shoppers.models import Account
from central.ui.watching import watch

watch(
    Account,
    title=_("Account"),
    right="see_customers",
    of=(Customer, "customer"),
    fields=("site", "password", "is_closed"),
    personal=("password",),
    titles={"site": _("Account made at"), "password": _("Password"), "is_closed": _("Account closed")},
    sites=("site",),
)
