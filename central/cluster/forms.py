"""Forms of sites and invites. What they refuse is refused by the actions too; here it is said beside the field."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from central.cluster.errors import BadField
from central.cluster.models import Site
from central.ui.explain import explain
from central.ui.texts import money_field, parse_money

_ID = r"^[a-z][a-z0-9-]{0,19}$"
_ID_HELP = _("A small letter, then small letters, digits or dashes, 20 at most. It never changes.")
_TEXTS = ("tagline", "about", "phone", "email", "address")

#: what the ways to deliver and to pay are called in a shop of that language
_TITLES = {
    "pickup": {"en": "Pick up yourself", "ru": "Самовывоз"},
    "courier": {"en": "Courier", "ru": "Курьером"},
    "cash": {"en": "Cash on delivery", "ru": "Наличными при получении"},
    "card": {"en": "By card", "ru": "Картой"},
}


def themes() -> list[tuple[str, str]]:
    """The folders of `sites/themes`."""
    found = (one.name for one in files("sites").joinpath("themes").iterdir() if one.is_dir())
    return [(name, name) for name in sorted(found) if not name.startswith(("_", "."))]


class SiteForm(forms.Form):
    """All of a site that people edit. `id` only when it is registered."""

    name = forms.CharField(label=_("Shop name"), max_length=80, help_text=_("What shoppers call the shop."))
    label = forms.CharField(label=_("Label"), max_length=30, help_text=_("Two or three words on cart and order lines."))
    colour = forms.RegexField(
        r"^#[0-9a-f]{6}$",
        label=_("Colour of the label"),
        widget=forms.TextInput(attrs={"type": "color"}),
        initial="#3f51c7",
    )
    is_active = forms.BooleanField(label=_("Open for shoppers"), required=False, initial=True)

    origin = forms.RegexField(
        r"^https?://[a-z0-9.-]+(:\d{1,5})?/?$",
        label=_("Address"),
        help_text=_("Like https://shop.example, without a path."),
        error_messages={"invalid": _("Write it like https://shop.example, without a path.")},
        max_length=200,
        strip=True,
    )
    extra_hosts = forms.CharField(
        label=_("Further host names"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line; they lead to the address above."),
    )
    node = forms.ChoiceField(label=_("Node"), required=False, help_text=_("The edge that has the site's live carts."))
    cart_group = forms.RegexField(
        _ID,
        label=_("Cart group"),
        initial="main",
        help_text=_("Sites of one group share one cart."),
        error_messages={"invalid": _ID_HELP},
    )

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        help_text=_("Three letters: EUR, RUB."),
        error_messages={"invalid": _("Three letters, such as EUR.")},
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=themes)

    tagline = forms.CharField(label=_("Tagline"), required=False, max_length=120)
    about = forms.CharField(label=_("About the shop"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    email = forms.EmailField(label=_("E-mail"), required=False)
    address = forms.CharField(label=_("Postal address"), required=False, max_length=200)

    pickup = forms.BooleanField(label=_("Pick-up, free of charge"), required=False, initial=True)
    courier = forms.BooleanField(label=_("Courier"), required=False, initial=True)
    courier_price = forms.CharField(label=_("Price of the courier"), required=False, initial="0")
    cash = forms.BooleanField(label=_("Cash on delivery"), required=False, initial=True)
    card = forms.BooleanField(label=_("By card"), required=False, initial=True)

    def __init__(self, *args: Any, nodes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["node"].choices = [("", _("none yet")), *nodes]  # type: ignore[attr-defined]

    def clean_extra_hosts(self) -> list[str]:
        hosts: list[str] = self.cleaned_data["extra_hosts"].lower().split()
        for host in hosts:
            if not re.fullmatch(r"[a-z0-9.-]{1,200}", host):
                raise forms.ValidationError(_("%(host)s is not a host name."), params={"host": host})
        return hosts

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            data["courier_price"] = parse_money(data.get("courier_price") or "0", str(data.get("currency", "")).upper())
        except ValueError:
            self.add_error("courier_price", _("Write an amount, such as 350 or 4.50."))
        if not (data.get("pickup") or data.get("courier")):
            self.add_error("pickup", _("A shop needs a way to deliver."))
        if not (data.get("cash") or data.get("card")):
            self.add_error("cash", _("A shop needs a way to be paid."))
        return data

    def fields_of_site(self, site: Site | None = None) -> dict[str, Any]:
        """What `register_site` and `edit_site` take. Texts and ways this form does not show are kept as they are."""
        data = self.cleaned_data
        plain = (
            "name",
            "label",
            "colour",
            "is_active",
            "origin",
            "extra_hosts",
            "cart_group",
            "language",
            "theme",
            "node",
        )
        return {
            **{name: data[name] for name in plain},
            "currency": data["currency"].upper(),
            "texts": {**(site.texts if site else {}), **{name: data[name] for name in _TEXTS}},
            "deliveries": _ways(site.deliveries if site else [], self._deliveries()),
            "payments": _ways(site.payments if site else [], self._payments()),
        }

    def _deliveries(self) -> dict[str, dict[str, Any] | None]:
        data, language = self.cleaned_data, self.cleaned_data["language"]
        pickup = {"title": _TITLES["pickup"][language], "price": 0, "needs_address": False}
        courier = {"title": _TITLES["courier"][language], "needs_address": True}
        return {
            "pickup": pickup if data["pickup"] else None,
            "courier": {**courier, "price": data["courier_price"]} if data["courier"] else None,
        }

    def _payments(self) -> dict[str, dict[str, Any] | None]:
        data, language = self.cleaned_data, self.cleaned_data["language"]
        cash = {"title": _TITLES["cash"][language], "provider": "cash_on_delivery", "needs_central": False}
        card = {"title": _TITLES["card"][language], "provider": "pretend_card", "needs_central": True}
        return {"cash": cash if data["cash"] else None, "card": card if data["card"] else None}

    @staticmethod
    def initial_of(site: Site) -> dict[str, Any]:
        """The form as the site stands."""
        plain = ("name", "label", "colour", "is_active", "origin", "cart_group", "language", "currency", "theme")
        ways = {way["code"] for way in [*site.deliveries, *site.payments]}
        price = next((way["price"] for way in site.deliveries if way["code"] == "courier"), 0)
        return {
            **{name: getattr(site, name) for name in plain},
            "node": site.node_id or "",
            "extra_hosts": "\n".join(site.extra_hosts),
            **{name: site.texts.get(name, "") for name in _TEXTS},
            **{code: code in ways for code in _TITLES},
            "courier_price": money_field(price, site.currency),
        }


def _ways(kept: list[dict[str, Any]], wanted: dict[str, dict[str, Any] | None]) -> list[dict[str, Any]]:
    """`kept` ways without those switched off, with those switched on; what a kept one is called stays."""
    known = {way["code"]: way for way in kept}
    result = [way for way in kept if way["code"] not in wanted or wanted[way["code"]] is not None]
    for code, way in wanted.items():
        if way is None:
            continue
        if code in known:
            if "price" in way:
                position = result.index(known[code])
                result[position] = {**known[code], "price": way["price"]}
        else:
            result.append({"code": code, **way})
    return result


class NewSiteForm(SiteForm):
    id = forms.RegexField(_ID, label=_("Id"), help_text=_ID_HELP, error_messages={"invalid": _ID_HELP})


class InviteForm(forms.Form):
    """What `invite_node` takes."""

    id = forms.RegexField(_ID, label=_("Id"), help_text=_ID_HELP, error_messages={"invalid": _ID_HELP})
    name = forms.CharField(label=_("Node name"), max_length=80, help_text=_("Where it stands or what it is for."))
    sites = forms.MultipleChoiceField(
        label=_("Sites it will serve"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    operator_email = forms.EmailField(
        label=_("E-mail of its operator"), required=False, help_text=_("Told when the node falls silent.")
    )
    minutes = forms.IntegerField(label=_("Valid for, minutes"), min_value=1, max_value=1440, initial=60)

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]


class GroupForm(forms.Form):
    """What `edit_group` takes."""

    title = forms.CharField(label=_("Title"), max_length=80)
    parent = forms.ChoiceField(label=_("Stands in"), required=False, help_text=_("A group may hold groups."))
    sites = forms.MultipleChoiceField(
        label=_("Sites"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("A site stands in one group: ticked here it leaves the group it was in."),
    )

    def __init__(self, *args: Any, groups: list[tuple[str, str]], sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [("", _("no other group")), *groups]  # type: ignore[attr-defined]
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]


class NewGroupForm(GroupForm):
    id = forms.RegexField(_ID, label=_("Id"), help_text=_ID_HELP, error_messages={"invalid": _ID_HELP})


def put_errors(form: forms.Form, error: BadField) -> None:
    """What an action refused, beside its fields."""
    for name, why in error.fields.items():
        # What the action says stands in the translations as well.
        form.add_error(name if name in form.fields else None, _(why))
    if not form.errors:
        form.add_error(None, explain(error))
