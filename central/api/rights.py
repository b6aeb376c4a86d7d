"""The rights a key may have: those the API has something to do with."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

TITLES: Final = {
    "see_sites": _("See sites"),
    "see_products": _("See products"),
    "edit_products": _("Change products and prices"),
    "edit_stock": _("Change stock"),
    "see_orders": _("See orders"),
    "work_orders": _("Move orders and comment on them"),
    "make_orders": _("Place orders, at the catalogue's prices"),
    "price_orders": _("Place orders at prices of its own"),
    "see_customers": _("See names, phones and addresses"),
    "see_health": _("See the health of the cluster, also as metrics"),
}
