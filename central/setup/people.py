"""The demo's staff, and shoppers that are plainly made up: no such phone can ring, no such mail can arrive.

Read by the launcher before Django is there: nothing of it is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

#: the first may do everything; `sites` empty: all of them
STAFF: list[dict[str, str]] = [
    dict(zip(("login", "password", "role", "name", "sites", "note"), row, strict=True))
    for row in (
        ("admin", "admin-demo", "admin", "Ада Выдуманная", "", "all shops"),
        ("manager", "manager-demo", "manager", "Марк Вымышленный", "", "all shops"),
        ("operator", "operator-demo", "operator", "Оля Примерова", "tea", "the tea shop only"),
        ("viewer", "viewer-demo", "viewer", "Vera Sample", "", "looks, changes nothing"),
    )
]

#: a role of the demo's own, a step above an operator
OWN_ROLE = "Старшая смены"
OWN_ROLE_RIGHTS = ("see_orders", "work_orders", "see_customers", "see_carts", "see_products", "edit_stock", "see_staff")

#: more people, whose sign-ins nobody needs: (login, first name, last name, role or the demo's own, where)
MORE_STAFF: list[tuple[str, str, str, str, dict[str, object]]] = [
    ("galina", "Галина", "Образцова", "manager", {"groups": ["tea-table"]}),
    ("zoya", "Зоя", "Набросок", "", {"sites": ["tea", "clay"]}),
    ("bert", "Bert", "Placeholder", "viewer", {"sites": ["ink"]}),
    ("igor", "Игорь", "Черновиков", "operator", {"sites": ["clay"]}),
]
#: of these, who has left
GONE = "igor"

#: logins that work on orders
WORKERS = ("manager", "operator", "admin")


#: shoppers with an account, by their number and language: all their orders name their mail
ACCOUNTS: list[tuple[int, str]] = [(1, "ru"), (2, "ru"), (1, "en")]
SHOPPER_PASSWORD = "tea-and-clay"  # noqa: S105 - of people who are made up


@dataclass(frozen=True)
class Shopper:
    name: str
    phone: str  # E.164, of a range that is not given out
    email: str  # example.com or example.org
    address: str
    language: str


# ruff: noqa: SIM905 - lists of words are read as words
_HER = "Анна Ольга Мария Елена Нина Вера Дарья Полина Софья Ирина Алиса Тамара Лидия Зоя Агата Юлия".split()
_HIS = "Иван Пётр Павел Борис Глеб Егор Марк Семён Лев Юрий Тимур Артём Фёдор Никита Роман Степан".split()
_SURNAMES = (
    "Примеров Выдумкин Образцов Вымыслов Понарошкин Пробин Макетов Эскизов Черновиков Набросков Моделин "
    "Заглушкин Шаблонов Условнов Тестов Демин"
).split()
_FIRST = "Alice Bob Carol Dan Erin Frank Grace Heidi Ivan Judy Ken Lena Mallory Niaj Olivia Peggy Rupert Sybil".split()
_LAST = "Sample Example Placeholder Mockup Draft Pretend Fictional Notreal Testcase Imaginary Standin Dummy".split()
_STREETS = ("Выдуманная ул.", "Примерный пер.", "ул. Образцовая", "Несуществующий проезд", "наб. Вымысла")
_ROADS = ("Imaginary Row", "Example Street", "Placeholder Lane", "Nowhere Road", "Sample Square")
_CITIES = ("Городок", "Вымыслоград", "Примерск", "Небывалое")
_TOWNS = ("Fictionville", "Sampleton", "Nowhere-on-Sea", "Exampleford")


def shopper(number: int, *, language: str) -> Shopper:
    """The same number gives the same person."""
    random = Random(f"shopper/{language}/{number}")  # noqa: S311 - a made-up name, not a secret
    house = f"{random.randrange(1, 90)}"
    if language == "ru":
        is_her = random.random() < 0.6
        surname = random.choice(_SURNAMES) + ("а" if is_her else "")
        name = f"{random.choice(_HER if is_her else _HIS)} {surname}"
        address = f"{random.choice(_CITIES)}, {random.choice(_STREETS)}, {house}, кв. {random.randrange(1, 200)}"
        phone = f"+7000000{number:04d}"
        return Shopper(name, phone, f"shopper{number}@example.com", address, language)
    name = f"{random.choice(_FIRST)} {random.choice(_LAST)}"
    address = f"{house} {random.choice(_ROADS)}, {random.choice(_TOWNS)}"
    return Shopper(name, f"+1202555{100 + number % 100:04d}", f"buyer{number}@example.org", address, language)


def account_holders() -> list[Shopper]:
    """Those of them who can sign in, by `SHOPPER_PASSWORD`."""
    return [shopper(number, language=language) for number, language in ACCOUNTS]
