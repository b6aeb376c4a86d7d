"""What is done to many products at once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from central.catalog.actions import delist, refuse_stale, relist, set_price
from central.catalog.models import Listing, Offer
from central.ui.lists import BulkAction


class PercentForm(forms.Form):
    percent = forms.DecimalField(
        label=_("Change by, %"),
        min_value=Decimal(-99),
        max_value=Decimal(1000),
        decimal_places=2,
        help_text=_("10 makes prices a tenth higher, −10 a tenth lower. Struck prices stay."),
    )

    def clean_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["percent"]
        if not percent:
            raise ValidationError(_("By 0 % nothing changes."))
        return percent


def price_by(price: int, percent: Decimal) -> int:
    """A price in minor units, changed by so many per cent; halves go up."""
    return int((price * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _reprice(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, int] | None:
    became = price_by(offer.price, Decimal(filled["percent"]))
    if became == offer.price:
        return None
    _set(offer, became, user)
    return {"was": offer.price, "became": became}


def _reprice_back(offer: Offer, user: User, told: dict[str, int]) -> None:
    """Only a price that is still what it was made: what others set since stays."""
    refuse_stale(told["became"], offer.price)
    _set(offer, told["was"], user)


def _set(offer: Offer, price: int, user: User) -> None:
    set_price(offer.site, offer.variant.sku, offer.variant.options, price, by=user.username, seen_ver=offer.ver)


def _is_on(offer: Offer) -> bool:
    # Asked anew: another unit of the same product may have been switched a moment ago.
    return Listing.objects.filter(pk=offer.listing_id, is_active=True).exists()


def _off(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, bool] | None:
    was_on = _is_on(offer)
    delist(offer.site, offer.variant.product_id, by=user.username)
    return {"was_on": True} if was_on else None


def _on(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, bool] | None:
    was_on = _is_on(offer)
    relist(offer.site, offer.variant.product_id, by=user.username)
    return None if was_on else {"was_on": False}


def _switch_back(offer: Offer, user: User, told: dict[str, bool]) -> None:
    act = relist if told["was_on"] else delist
    act(offer.site, offer.variant.product_id, by=user.username)


ACTIONS = [
    BulkAction(
        "price", _("Change prices by per cent"), "edit_products", _reprice, undo=_reprice_back, form=PercentForm
    ),
    BulkAction("on", _("Switch on"), "edit_products", _on, undo=_switch_back, icon="check"),
    BulkAction(
        "off",
        _("Switch off"),
        "edit_products",
        _off,
        undo=_switch_back,
        asks=_("Shoppers will not find these products at their sites any more. Everything about them is kept."),
        icon="ban",
        is_dangerous=True,
    ),
]
