"""Ways to deliver and to pay as forms show them: of a site, and of a site in a region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from central.ui.forms import MoneyField, TickField

#: code -> what the way is called in a shop of that language, and what else it is born with
Ways = Mapping[str, tuple[dict[str, str], dict[str, Any]]]

DELIVERIES: Ways = {
    "pickup": ({"en": "Pick up yourself", "ru": "Самовывоз"}, {"needs_address": False}),
    "courier": ({"en": "Courier", "ru": "Курьером"}, {"needs_address": True}),
}
PAYMENTS: Ways = {
    "cash": (
        {"en": "Cash on delivery", "ru": "Наличными при получении"},
        {"provider": "cash_on_delivery", "needs_central": False},
    ),
    "card": ({"en": "By card", "ru": "Картой"}, {"provider": "pretend_card", "needs_central": True}),
}
LABELS = {"pickup": _("Pick-up"), "courier": _("Courier"), "cash": _("Cash on delivery"), "card": _("By card")}


def rows_of(codes: Ways) -> list[tuple[str, ...]]:
    """The fields of ways as rows of a section."""
    rows: list[tuple[str, ...]] = []
    for code in codes:
        price = (f"{code}_price",) if codes is DELIVERIES else ()
        rows += [(code,), (f"{code}_title", *price, f"{code}_note")]
    return rows


def names_of(codes: Ways) -> list[str]:
    return [name for row in rows_of(codes) for name in row]


def add_fields(form: forms.Form, currency: str) -> None:
    """A tick, a title, a note and (of deliveries) a price for each way; a tick that is there stays."""
    for code in (*DELIVERIES, *PAYMENTS):
        form.fields.setdefault(code, TickField(label=LABELS[code], initial=True))
        form.fields[f"{code}_title"] = forms.CharField(label=_("Called"), required=False, max_length=60)
        form.fields[f"{code}_note"] = forms.CharField(label=_("Note"), required=False, max_length=120)
    for code in DELIVERIES:
        form.fields[f"{code}_price"] = MoneyField(label=_("Price"), currency=currency, required=False)


def initial_of(deliveries: list[dict[str, Any]], payments: list[dict[str, Any]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    ways = {way["code"]: way for way in [*deliveries, *payments]}
    for code in (*DELIVERIES, *PAYMENTS):
        way = ways.get(code, {})
        shown |= {code: code in ways, f"{code}_title": way.get("title", ""), f"{code}_note": way.get("note", "")}
        if code in DELIVERIES:
            shown[f"{code}_price"] = way.get("price", 0)
    return shown


def read(data: Mapping[str, Any], had: list[dict[str, Any]], codes: Ways, language: str) -> list[dict[str, Any]]:
    """`had` ways, those of `codes` as the form says; a new one comes last."""
    known = {way["code"]: way for way in had}
    order = [*known, *(code for code in codes if code not in known)]
    return [
        known[code] if code not in codes else _way(data, code, codes, known.get(code, {}), language)
        for code in order
        if code not in codes or data[code]
    ]


def _way(data: Mapping[str, Any], code: str, codes: Ways, had: dict[str, Any], language: str) -> dict[str, Any]:
    titles, born = codes[code]
    title = data[f"{code}_title"] or titles.get(language) or titles["en"]
    way = {**born, **had, "code": code, "title": title, "note": data[f"{code}_note"]}
    if codes is DELIVERIES:
        way["price"] = data[f"{code}_price"] or 0
    return way
