"""CommerceML 2, as 1C writes it, as a stream of typed rows; knows nothing of the catalogue.

Reads `import.xml`, `offers.xml`, `prices.xml`, `rests.xml`, a classifier alone and files without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from central.catalog.importing.models import SourceTerm
from central.catalog.importing.xml import child_of, children_of, elements, name_of, root_of, text_of

Kind = SourceTerm.Kind

ROOTS = ("КоммерческаяИнформация", "Классификатор")
RECORDS = (
    "Группы/Группа",
    "Свойства/Свойство",
    "ВариантыЗначений/Справочник",
    "ТипыЦен/ТипЦены",
    "Склады/Склад",
    "Товары/Товар",
    "Предложения/Предложение",
)
_YES = ("true", "1", "да")
_DELETED = ("удален", "удалён", "удалить")


@dataclass(frozen=True)
class Term:
    """A word of the source; see `SourceTerm`."""

    kind: str
    code: str
    title: str
    parent: str = ""


@dataclass
class Good:
    """A product as `import.xml` has it. `properties`: (code of the property, its text or the code of a value)."""

    line: int
    code: str
    sku: str = ""
    barcode: str = ""
    title: str = ""
    text: str = ""
    brand: str = ""
    groups: list[str] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    is_deleted: bool = False


@dataclass
class Asked:
    """One price: the code of its type, the amount as it is written, and its currency."""

    code: str
    amount: str
    currency: str = ""


@dataclass
class Sold:
    """An offer as `offers.xml` has it. `rests`: (code of a warehouse, units as written); "": of all together."""

    line: int
    code: str
    sku: str = ""
    barcode: str = ""
    title: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    prices: list[Asked] = field(default_factory=list)
    rests: list[tuple[str, str]] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def good(self) -> str:
        """The code of its product: what stands before "#"."""
        return self.code.partition("#")[0]


Row = Term | Good | Sold


def is_commerceml(path: Path) -> bool:
    """Raises `ImportRefused` for what is no XML."""
    return root_of(path) in ROOTS


def read(path: Path) -> Iterator[Row]:
    """The rows of a file in its order. Raises `ImportRefused` at the first place that cannot be read."""
    for element in elements(path, RECORDS):
        yield from _READERS[name_of(element)](element, _line_of(element))


# --- the words of the source --------------------------------------------------------------------------------------


def _group(element: etree._Element, line: int) -> Iterator[Row]:
    above = element.getparent()
    outer = above.getparent() if above is not None else None
    parent = text_of(outer, "Ид") if outer is not None and name_of(outer) == "Группа" else ""
    yield Term(Kind.GROUP, text_of(element, "Ид"), _line(text_of(element, "Наименование")), parent)


def _property(element: etree._Element, line: int) -> Iterator[Row]:
    yield Term(Kind.PROPERTY, text_of(element, "Ид"), _line(text_of(element, "Наименование")))


def _value(element: etree._Element, line: int) -> Iterator[Row]:
    yield Term(Kind.VALUE, text_of(element, "ИдЗначения"), _line(text_of(element, "Значение")))


def _price_type(element: etree._Element, line: int) -> Iterator[Row]:
    currency = currency_of(text_of(element, "Валюта"))
    yield Term(Kind.PRICE, text_of(element, "Ид"), _line(text_of(element, "Наименование")), currency)


def _warehouse(element: etree._Element, line: int) -> Iterator[Row]:
    yield Term(Kind.WAREHOUSE, text_of(element, "Ид"), _line(text_of(element, "Наименование")))


# --- goods and offers ---------------------------------------------------------------------------------------------


def _good(element: etree._Element, line: int) -> Iterator[Row]:
    yield Good(
        line=line,
        code=text_of(element, "Ид"),
        sku=text_of(element, "Артикул"),
        barcode=text_of(element, "Штрихкод"),
        title=_line(text_of(element, "Наименование")),
        text=text_of(element, "Описание"),
        brand=_brand(element),
        groups=[code for one in children_of(element, "Группы", "Ид") if (code := (one.text or "").strip())],
        properties=[
            (code, value)
            for one in children_of(element, "ЗначенияСвойств", "ЗначенияСвойства")
            for value in _texts(one, "Значение")
            if (code := text_of(one, "Ид"))
        ],
        pictures=_texts(element, "Картинка"),
        is_deleted=_is_deleted(element),
    )


def _brand(element: etree._Element) -> str:
    maker = child_of(element, "Изготовитель")
    if maker is None:
        maker = child_of(element, "ТорговаяМарка")
    if maker is None:
        return ""
    return _line(text_of(maker, "Наименование") or (maker.text or ""))


def _offer(element: etree._Element, line: int) -> Iterator[Row]:
    yield Sold(
        line=line,
        code=text_of(element, "Ид"),
        sku=text_of(element, "Артикул"),
        barcode=text_of(element, "Штрихкод"),
        title=_line(text_of(element, "Наименование")),
        options=[
            (_line(text_of(one, "Наименование")), _line(text_of(one, "Значение")))
            for one in children_of(element, "ХарактеристикиТовара", "ХарактеристикаТовара")
        ],
        prices=[
            Asked(
                text_of(one, "ИдТипаЦены"),
                text_of(one, "ЦенаЗаЕдиницу"),
                currency_of(text_of(one, "Валюта")),
            )
            for one in children_of(element, "Цены", "Цена")
        ],
        rests=list(_rests(element)),
        is_deleted=_is_deleted(element),
    )


def _rests(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Units: of all warehouses together (""), and of each, in any of the forms the schema's versions have."""
    if total := text_of(element, "Количество"):
        yield "", total
    for one in element.iterchildren("{*}Склад"):
        if one.get("ИдСклада"):
            yield one.get("ИдСклада", ""), one.get("КоличествоНаСкладе", "0")
    for one in children_of(element, "Остатки", "Остаток"):
        places = list(one.iterchildren("{*}Склад"))
        if not places and (units := text_of(one, "Количество")):
            yield "", units
        for place in places:
            yield text_of(place, "Ид"), text_of(place, "Количество") or "0"


def _is_deleted(element: etree._Element) -> bool:
    status = (element.get("Статус") or text_of(element, "Статус")).casefold()
    return status in _DELETED or text_of(element, "ПометкаУдаления").casefold() in _YES


def _texts(element: etree._Element, name: str) -> list[str]:
    return [text for one in element.iterchildren("{*}" + name) if (text := (one.text or "").strip())]


def _line_of(element: etree._Element) -> int:
    line: Any = element.sourceline
    return int(line or 0)


def _line(text: str) -> str:
    return " ".join(text.split())


def currency_of(text: str) -> str:
    """An ISO code: 1C writes "руб" where it means RUB; "" when it names none."""
    word = re.sub(r"[^\w]", "", text).casefold()
    return {"руб": "RUB", "рубль": "RUB", "рубли": "RUB", "rur": "RUB", "643": "RUB"}.get(word, word.upper())


_READERS = {
    "Группа": _group,
    "Свойство": _property,
    "Справочник": _value,
    "ТипЦены": _price_type,
    "Склад": _warehouse,
    "Товар": _good,
    "Предложение": _offer,
}
