"""What is done to many products at once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from central.catalog.actions import delist, refuse_stale, relist, rename_address, set_price, set_regional_prices
from central.catalog.errors import BadGoods, StaleProduct
from central.catalog.models import Category, Listing, Offer
from central.catalog.queries import price_around
from central.catalog.reach import show_product
from central.catalog.renaming import rename_product, renew_category, renew_product
from central.catalog.rules import from_choice
from central.cluster.models import Region
from central.cluster.queries import regions_at, regions_visible_to
from central.ui.lists import BulkAction, BulkForm
from central.ui.texts import parse_money


class PercentForm(BulkForm):
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


def _regions(user: User) -> list[tuple[str, str]]:
    return list(regions_visible_to(user).values_list("pk", "title"))


class RegionalPriceForm(BulkForm):
    region = forms.ChoiceField(label=_("Region"))
    deed = forms.ChoiceField(
        label=_("Its price"),
        choices=[
            ("percent", _("Change by per cent")),
            ("set", _("Set to an amount")),
            ("remove", _("Take away: as in the region around, or in the shop")),
        ],
    )
    percent = forms.DecimalField(
        label=_("Change by, %"),
        required=False,
        min_value=Decimal(-99),
        max_value=Decimal(1000),
        decimal_places=2,
        help_text=_("Of what it costs there now, be that a price of the region or of the shop."),
    )
    amount = forms.CharField(
        label=_("Amount"),
        required=False,
        max_length=20,
        help_text=_("In the currency of the shop, such as 350 or 4.50."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, given: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(given, user)
        self.fields["region"].choices = _regions(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        if filled.get("deed") == "percent" and not filled.get("percent") and "percent" not in self.errors:
            self.add_error("percent", _("By 0 % nothing changes."))
        if filled.get("deed") == "set" and not _is_amount(filled.get("amount", "")):
            self.add_error("amount", _("Write an amount, such as 350 or 4.50."))
        return filled


def _is_amount(text: str, currency: str = "RUB") -> bool:
    try:
        parse_money(text, currency)
    except ValueError:
        return False
    return True


def _reprice_there(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, Any] | None:
    own, region = _regional(offer), filled["region"]
    became: int | None = None
    if filled["deed"] == "set":
        if not _is_amount(filled["amount"], offer.currency):
            raise BadGoods("price", f"'{filled['amount']}' is no amount")
        became = parse_money(filled["amount"], offer.currency)
    elif filled["deed"] == "percent":
        parents = {pk: one.parent_id for pk, one in regions_at(offer.site).items()}
        now = own[region] if region in own else price_around(own, offer.price, region, parents)
        became = price_by(now, Decimal(filled["percent"]))
    if became == own.get(region):
        return None
    _set_there(offer, region, became, user)
    return {"region": region, "was": own.get(region), "became": became}


def _reprice_there_back(offer: Offer, user: User, told: dict[str, Any]) -> None:
    """Only a price that is still what it was made, as of the shop's own."""
    now = _regional(offer).get(told["region"])
    if now != told["became"]:
        raise StaleProduct(told["became"] or 0, now or 0)
    _set_there(offer, told["region"], told["was"], user)


def _regional(offer: Offer) -> dict[str, int]:
    return dict(offer.regional_prices.values_list("region", "price"))


def _set_there(offer: Offer, region: str, price: int | None, user: User) -> None:
    unit = (offer.variant.sku, offer.variant.options)
    set_regional_prices(offer.site, {unit: {region: price}}, by=user.username, seen_ver=offer.ver)


def _has_regions() -> bool:
    return Region.objects.exists()


def _set(offer: Offer, price: int, user: User) -> None:
    set_price(offer.site, offer.variant.sku, offer.variant.options, price, by=user.username, seen_ver=offer.ver)


class ShowInRegionsForm(BulkForm):
    how = forms.ChoiceField(
        label=_("Show these products"),
        choices=[("all", _("in all regions")), ("only", _("only in these")), ("but", _("everywhere but in these"))],
    )
    regions = forms.MultipleChoiceField(label=_("Regions"), required=False)

    def __init__(self, given: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(given, user)
        self.fields["regions"].choices = _regions(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("how") != "all" and not data.get("regions") and "regions" not in self.errors:
            self.add_error("regions", _("Choose one region at least."))
        return data


def _reach(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, Any] | None:
    return _show(offer, from_choice(filled["how"], filled["regions"]), user)


def _reach_back(offer: Offer, user: User, told: dict[str, Any]) -> None:
    """Only a rule that is still what it was made."""
    now = Listing.objects.get(pk=offer.listing_id)
    if now.shown_in != told["became"]:
        raise StaleProduct(now.ver, now.ver)
    _show(offer, told["was"], user)


def _show(offer: Offer, rule: dict[str, bool], user: User) -> dict[str, Any] | None:
    was = _rule(offer)
    show_product(offer.site, offer.variant.product_id, rule, by=user.username)
    became = _rule(offer)
    return {"was": was, "became": became} if was != became else None


def _rule(offer: Offer) -> dict[str, bool]:
    # Asked anew: another unit of the same product may have been given the rule a moment ago.
    return dict(Listing.objects.values_list("shown_in", flat=True).get(pk=offer.listing_id))


def _renew(offer: Offer, user: User, filled: dict[str, Any]) -> dict[str, str] | None:
    was = _slug(offer)
    became = renew_product(offer.site, offer.variant.product_id, by=user.username)
    return {"was": was, "became": became} if was != became else None


def _renew_back(offer: Offer, user: User, told: dict[str, str]) -> None:
    """Only an address that is still what it was made."""
    if _slug(offer) != told["became"]:
        raise StaleProduct(offer.ver, offer.ver)
    rename_product(offer.site, offer.variant.product_id, told["was"], by=user.username)


def _slug(offer: Offer) -> str:
    # Asked anew: another unit of the same product may have been given the address a moment ago.
    return str(Listing.objects.values_list("slug", flat=True).get(pk=offer.listing_id))


def _renew_shelf(shelf: Category, user: User, filled: dict[str, Any]) -> dict[str, str] | None:
    became = renew_category(shelf.site, shelf.pk)
    return {"was": shelf.slug, "became": became} if shelf.slug != became else None


def _renew_shelf_back(shelf: Category, user: User, told: dict[str, str]) -> None:
    """Only an address that is still what it was made."""
    if shelf.slug != told["became"]:
        raise StaleProduct(shelf.ver, shelf.ver)
    rename_address(shelf.site, shelf.pk, told["was"])


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


_ASK_TO_RENEW = _(
    "Their pages get the addresses that new ones would get today, and the old addresses lead on to them. The patterns "
    "are set in Search engines."
)

#: of the list of categories
OF_SHELVES = [
    BulkAction(
        "renew",
        _("Addresses by the pattern"),
        "manage_seo",
        _renew_shelf,
        undo=_renew_shelf_back,
        asks=_ASK_TO_RENEW,
        icon="refresh",
    ),
]

ACTIONS = [
    BulkAction(
        "price", _("Change prices by per cent"), "edit_products", _reprice, undo=_reprice_back, form=PercentForm
    ),
    BulkAction(
        "regional-price",
        _("Change prices in a region"),
        "edit_products",
        _reprice_there,
        undo=_reprice_there_back,
        form=RegionalPriceForm,
        icon="map-pin",
        is_there=_has_regions,
    ),
    BulkAction(
        "reach",
        _("Show in regions"),
        "edit_products",
        _reach,
        undo=_reach_back,
        form=ShowInRegionsForm,
        icon="world",
        is_there=_has_regions,
    ),
    BulkAction(
        "renew",
        _("Addresses by the pattern"),
        "manage_seo",
        _renew,
        undo=_renew_back,
        asks=_ASK_TO_RENEW,
        icon="refresh",
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
