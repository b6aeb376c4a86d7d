"""A shop, a shelf, goods: documents for the tests of heads and feeds."""

from __future__ import annotations

from typing import Any

from sites.shelf import HeldCard
from sync.contracts.documents import CardDoc, CategoryDoc, Picture, ProductDoc, SiteDoc, VariantDoc, card_key


def site(**changes: Any) -> SiteDoc:
    values: dict[str, Any] = {
        "id": "tea",
        "name": "Чабрец",
        "label": "Чабрец",
        "colour": "#0b7285",
        "origin": "https://tea.example",
        "hosts": ["tea.example"],
        "language": "ru",
        "currency": "RUB",
        "theme": "tea",
        "group": "main",
        "node": "a",
        "tagline": "Чай и травы",
        "about": "Мы возим чай.\n\nИ травы.",
    }
    return SiteDoc(**values | changes)


TOP = CategoryDoc(id="0" * 31 + "a", site="tea", slug="tea", title="Чай")
GREEN = CategoryDoc(id="0" * 31 + "b", site="tea", slug="green", title="Зелёный чай", parent=TOP.id)
TREE = (TOP, GREEN)
PICTURE = Picture(hash="ab" * 32, ext="jpg", width=800, height=800)


def variant(sku: str, price: int, **changes: Any) -> VariantDoc:
    values: dict[str, Any] = {"id": f"{sum(sku.encode()):032x}", "sku": sku, "options": "", "options_title": ""}
    return VariantDoc(**values | {"price": price} | changes)


def product(**changes: Any) -> ProductDoc:
    values: dict[str, Any] = {
        "id": "1" * 32,
        "site": "tea",
        "slug": "sencha",
        "title": "Сенча",
        "categories": [GREEN.id],
        "currency": "RUB",
        "variants": [variant("SE1", 50000)],
        "brand": "Уджи",
        "text": "Свежий чай.\n\nЗаваривать при 80 °C.",
        "pictures": [PICTURE],
        "attributes": [("Вес", "50 г")],
    }
    return ProductDoc(**values | changes)


def cards(goods: ProductDoc) -> dict[str, HeldCard]:
    found = {}
    for each in goods.variants:
        card = CardDoc(
            site=goods.site,
            sku=each.sku,
            options=each.options,
            variant=each.id,
            title=goods.title,
            options_title=each.options_title,
            slug=goods.slug,
            price=each.price,
            currency=goods.currency,
        )
        found[card_key(goods.site, each.sku, each.options)] = HeldCard(card, 1)
    return found
