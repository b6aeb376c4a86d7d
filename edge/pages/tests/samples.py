"""Three sample shops for `preview`: enough goods to see every kind of page, with plain pictures."""

from __future__ import annotations

from edge.pages.tests import make
from sync.contracts.documents import DeliveryMethod, PaymentMethod, Picture, ProductDoc, SiteDoc

_RU_DELIVERY = [
    DeliveryMethod(code="pickup", title="Самовывоз", price=0, needs_address=False, note="Готов через два часа"),
    DeliveryMethod(code="courier", title="Курьер", price=35000, needs_address=True, note="На следующий день"),
]
_RU_PAYMENT = [
    PaymentMethod(code="cash", title="При получении", provider="cash", needs_central=False),
    PaymentMethod(code="card", title="Картой на сайте", provider="pretend", needs_central=True),
]


def sites(port: int) -> list[SiteDoc]:
    def origin(name: str) -> str:
        return f"http://{name}.localhost:{port}"

    return [
        make.make_site(
            "tea",
            name="Чабрец",
            label="Чабрец",
            colour="#4f6b3a",
            origin=origin("tea"),
            language="ru",
            currency="RUB",
            tagline="Чай, травы и тихие вечера",
            about="Мы собираем иван-чай на костромских лугах и возим улуны из Фуцзяни.\n\nПакуем в день заказа.",
            phone="+7 000 555-01-10",
            email="lavka@chabrets.example.com",
            address="Кострома, Молочная гора, 7",
            deliveries=_RU_DELIVERY,
            payments=_RU_PAYMENT,
        ),
        make.make_site(
            "clay",
            name="Глина",
            label="Глина",
            colour="#b5522f",
            origin=origin("clay"),
            language="ru",
            currency="RUB",
            tagline="Посуда с характером",
            about="Мастерская на шестерых: гончарный круг, две печи и полка, которая всё время пустеет.",
            phone="+7 000 555-01-20",
            email="hello@glina.example.com",
            address="Тула, Металлистов, 19",
            deliveries=_RU_DELIVERY,
            payments=_RU_PAYMENT,
        ),
        make.make_site(
            "ink",
            name="Inkwell",
            label="Inkwell",
            colour="#1d3fbb",
            origin=origin("ink"),
            language="en",
            currency="EUR",
            tagline="Pens, paper and slow letters",
            about="A small shop for people who still write by hand. We try every pen before we sell it.",
            phone="+1 202 555 0130",
            email="desk@inkwell.example.com",
            address="12 Quill Street, Dublin",
        ),
    ]


_SHELVES = {
    "tea": [
        ("green", "Зелёный чай", ["Лунцзин", "Би Ло Чунь", "Сенча", "Ганпаудер", "Тай Пин Хоу Куй"], 69000),
        ("oolong", "Улуны", ["Те Гуань Инь", "Да Хун Пао", "Габа", "Дун Дин"], 89000),
        ("black", "Чёрный чай", ["Кимун", "Ассам Мангалам", "Дянь Хун", "Лапсанг Сушонг"], 54000),
        ("herbs", "Травы и сборы", ["Иван-чай с чабрецом", "Таёжный сбор", "Мята перечная", "Липовый цвет"], 32000),
        ("ware", "Посуда для чая", ["Гайвань белая", "Чахай стеклянный", "Пиала «Дождь»"], 129000),
    ],
    "clay": [
        ("cups", "Кружки", ["Кружка «Песок»", "Кружка «Графит»", "Кружка «Охра»", "Чашка для эспрессо"], 149000),
        ("plates", "Тарелки", ["Тарелка десертная", "Тарелка «Берег»", "Блюдо овальное", "Пиала глубокая"], 189000),
        ("vases", "Вазы", ["Ваза «Амфора»", "Ваза «Капля»", "Ваза-бутылка", "Ваза «Холм»"], 349000),
        ("pots", "Кашпо", ["Кашпо малое", "Кашпо «Гнездо»", "Кашпо на ножках"], 219000),
    ],
    "ink": [
        ("pens", "Fountain pens", ["Heron Steel", "Rook Piston", "Wren Pocket", "Kestrel Demonstrator"], 4900),
        ("ink", "Bottled ink", ["Storm Blue", "Lamp Black", "Oak Gall", "Harbour Green"], 1450),
        (
            "paper",
            "Paper & notebooks",
            ["Dot-grid notebook", "Writing pad", "Ledger, ruled", "Field book"],
            1290,
        ),
        ("post", "Cards & envelopes", ["Deckle-edge cards", "Airmail envelopes", "Sealing wax", "Letter set"], 990),
    ],
}
_COLOURS = ["#c9b28f", "#a9b48f", "#c08a6a", "#8fa3ad", "#b99aa8", "#d2c29a"]


def publish_all(port: int) -> None:
    make.publish(*sites(port))
    for site in sites(port):
        for place, (slug, title, names, price) in enumerate(_SHELVES[site.id]):
            shelf = make.make_category(site.id, slug, title=title, position=place, text=f"{title}. {site.tagline}.")
            make.publish(shelf)
            goods = [_product(site, shelf.id, name, price, at) for at, name in enumerate(names)]
            if slug in ("green", "cups", "pens"):
                goods += [_product(site, shelf.id, f"{names[at % 4]} № {at}", price, at) for at in range(5, 60)]
            make.publish_goods(*goods)


def _product(site: SiteDoc, shelf: str, name: str, price: int, at: int) -> ProductDoc:
    slug = make.hex_of(name)[:8]
    step = price // 10
    own = price + at * step
    if at % 4 == 1:
        words = ("50 г", "100 г", "250 г") if site.language == "ru" else ("Fine", "Medium", "Broad")
        units = [
            make.make_variant(f"{slug}-{n}", own + n * step, f"size={word}", old_price=own + 4 * step if n == 0 else 0)
            for n, word in enumerate(words)
        ]
    else:
        units = [make.make_variant(slug, own, old_price=own + step if at % 4 == 2 else 0)]
    return make.make_product(
        site.id,
        slug,
        title=name,
        categories=[shelf],
        currency=site.currency,
        variants=units,
        pictures=[_picture(name, n) for n in range(1 + at % 3)],
        text=f"{name}. {site.about}",
        attributes=[("Вес", "100 г"), ("Страна", "Китай")] if site.language == "ru" else [("Weight", "24 g")],
        position=at,
        brand="Чабрец" if site.id == "tea" and at % 2 else "",
    )


def _picture(name: str, number: int) -> Picture:
    at = int(make.hex_of(name), 16) + number
    ground, shape = _COLOURS[at % 6], _COLOURS[(at // 6) % 6]
    return make.make_picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="800" height="800">'
        f'<rect width="8" height="8" fill="{ground}"/><circle cx="4" cy="4.2" r="2.3" fill="{shape}"/>'
        f'<rect x="3.2" y="{1 + number}" width="1.6" height="2" rx=".3" fill="#fff7"/></svg>'
    )
