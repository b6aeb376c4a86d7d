"""How the screens of imports call things."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATES = {
    "draft": _("Waits for its mapping"),
    "checking": _("Looking for changes"),
    "ready": _("Changes to look at"),
    "running": _("Being written"),
    "done": _("Done"),
    "stopped": _("Stopped"),
    "failed": _("Failed"),
}
TONES = {
    "draft": "grey",
    "checking": "blue",
    "ready": "amber",
    "running": "blue",
    "done": "green",
    "stopped": "amber",
    "failed": "red",
}
OUTCOMES = {
    "created": _("New"),
    "updated": _("Changed"),
    "unchanged": _("Unchanged"),
    "kept": _("Left to their master"),
    "refused": _("Refused"),
}
OUTCOME_TONES = {"created": "green", "updated": "blue", "unchanged": "grey", "kept": "amber", "refused": "red"}
FIELD_TITLES = {
    "sku": _("Sku"),
    "title": _("Title"),
    "text": _("Text"),
    "brand": _("Brand"),
    "category": _("Category"),
    "attributes": _("Properties"),
    "picture": _("Pictures"),
    "pictures": _("Pictures"),
    "price": _("Price"),
    "old_price": _("Old price"),
    "private_prices": _("Prices that stay at central"),
    "stock": _("Stock"),
    "barcode": _("Barcode"),
    "currency": _("Currency"),
    "options": _("Options"),
    "options_title": _("Options as shoppers read them"),
    "product": _("Product of a variant"),
    "slug": _("Address in the shop"),
    "shown_in": _("Shown in regions"),
    "listed": _("Shown in the shop"),
    "is_active": _("On sale"),
    "purchase price": _("Purchase price"),
    "recommended price": _("Recommended price"),
    "wholesale price": _("Wholesale price"),
    "dropship price": _("Dropshipping price"),
}
PRICE_TITLES = {
    "retail": _("Retail: what shops ask"),
    "old": _("Old: struck out in shops"),
    "purchase": _("Purchase: stays at central"),
    "recommended": _("Recommended: stays at central"),
    "wholesale": _("Wholesale: stays at central"),
    "dropship": _("Dropshipping: stays at central"),
    "none": _("Not taken"),
}

#: fields whose values are money
MONEY = frozenset(("price", "old_price", "purchase price", "recommended price", "wholesale price", "dropship price"))
