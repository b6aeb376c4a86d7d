# ruff: noqa: E501 - texts
"""The three shops of the demo and their groups."""

from __future__ import annotations

from typing import Any

#: site -> (node that has its carts, its port from the base)
PLACES = {"tea": ("a", 1), "clay": ("b", 2), "ink": ("c", 3)}


def origin(site: str, ports_base: int) -> str:
    return f"http://{site}.localhost:{ports_base + PLACES[site][1]}"


def _ways(*ways: tuple[str, str, int, bool, str]) -> list[dict[str, Any]]:
    names = ("code", "title", "price", "needs_address", "note")
    return [dict(zip(names, way, strict=True)) for way in ways]


def _payments(cash: str, cash_note: str, card: str, card_note: str) -> list[dict[str, Any]]:
    return [
        {"code": "cash", "title": cash, "provider": "cash_on_delivery", "needs_central": False, "note": cash_note},
        {"code": "card", "title": card, "provider": "pretend_card", "needs_central": True, "note": card_note},
    ]


_RU_PAYMENTS = _payments(
    "Наличными при получении", "Курьеру или на кассе", "Картой онлайн", "Учебный платёж: деньги никуда не уходят"
)

#: group of sites -> (its title, its sites)
GROUPS = {"tea-table": ("Чай и посуда", ["tea", "clay"]), "desk-things": ("Письменный стол", ["ink"])}

SITES: dict[str, dict[str, Any]] = {
    "tea": {
        "name": "Чабрец",
        "label": "Чабрец",
        "colour": "#2f6f4e",
        "language": "ru",
        "currency": "RUB",
        "theme": "tea",
        "texts": {
            "tagline": "Чай и травы, собранные с толком",
            "about": "Чабрец — небольшая чайная лавка. Мы покупаем чай маленькими партиями, пробуем каждую и пишем на "
            "пачке, откуда он и когда собран.\n\nТравы сушим пучками, в тени, и не дробим: так запах доживает до чашки. "
            "Если чай не понравился, напишите — поможем выбрать другой.\n\nЛавка выдумана для показа: заказать в ней "
            "можно всё, но привезут только письмо.",
            "phone": "+7 000 000-00-01",
            "email": "tea@example.com",
            "address": "Городок, Выдуманная ул., 3",
        },
        "deliveries": _ways(
            ("pickup", "Самовывоз из лавки", 0, False, "Соберём за час, ждём два дня"),
            ("courier", "Курьер", 35_000, True, "Завтра, с 10 до 21"),
        ),
        "payments": _RU_PAYMENTS,
    },
    "clay": {
        "parent": "tea",
        "inherits": ["currency", "payments"],
        "name": "Глина",
        "label": "Глина",
        "colour": "#b5603a",
        "language": "ru",
        "currency": "RUB",
        "theme": "clay",
        "texts": {
            "tagline": "Посуда трёх маленьких мастерских",
            "about": "Глина — магазин керамики. Три мастерские крутят, сушат, обжигают и глазуруют каждую вещь руками, "
            "поэтому двух совсем одинаковых чашек у нас нет.\n\nВсё, что можно, проверяем водой и чаем: носики не капают, "
            "крышки не падают.\n\nМастерские и магазин выдуманы для показа.",
            "phone": "+7 000 000-00-02",
            "email": "clay@example.com",
            "address": "Примерск, Примерный пер., 12",
        },
        "deliveries": _ways(
            ("pickup", "Забрать в мастерской", 0, False, "Будни с 11 до 19"),
            ("courier", "Курьер, бережная упаковка", 49_000, True, "Два–три дня"),
        ),
        "payments": _RU_PAYMENTS,
    },
    "ink": {
        "name": "Inkwell",
        "label": "Inkwell",
        "colour": "#24406f",
        "language": "en",
        "currency": "EUR",
        "theme": "ink",
        "texts": {
            "tagline": "Paper, pens and unhurried letters",
            "about": "Inkwell is a small stationery shop. We sell notebooks that lie flat, pens that start on the first "
            "stroke and inks that look the same tomorrow.\n\nEvery fountain pen is written with before it leaves. If it "
            "skips, it does not leave.\n\nThe shop is made up, for show: you may order anything, and only a mail will "
            "arrive.",
            "phone": "+1 202 555 0143",
            "email": "ink@example.com",
            "address": "12 Imaginary Row, Sampleton",
        },
        "deliveries": _ways(
            ("pickup", "Collect from the shop", 0, False, "Ready in an hour"),
            ("courier", "Courier", 590, True, "Two working days"),
        ),
        "payments": _payments(
            "Cash on delivery", "To the courier or at the till", "Card online", "A pretend payment: no money moves"
        ),
    },
}

#: base, quote, micro-units of the quote for one whole unit of the base
RATES = (("EUR", "RUB", 98_500_000), ("RUB", "EUR", 10_152))
