"""Orders as CommerceML: out to 1C, and their states back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

from django.utils import timezone
from lxml import etree

from central.catalog.importing.models import SourceItem
from central.catalog.importing.xml import children_of, elements, text_of
from central.exchange.models import ExchangeKey
from central.orders.actions import change_status
from central.orders.errors import MoveRefused
from central.orders.models import Order, OrderLine, OrderStatus
from central.people.models import OrderContact
from sync.contracts.money import minor_digits

#: orders of one answer, the longest changed first; the next question brings the rest
MOST = 500
#: a transaction commits a little after the moment it writes: an order is handed out once that is over
SETTLED = timedelta(seconds=5)
ENCODING = "windows-1251"


@dataclass
class Given:
    """An answer: the XML, the numbers of its orders, and up to when the next question need not look."""

    xml: bytes
    numbers: list[str]
    to: datetime | None


def orders_for(key: ExchangeKey) -> Given:
    """The orders of the key's sites that changed since 1C took them last."""
    orders = Order.objects.filter(site__in=key.sites).select_related("status").prefetch_related("lines")
    if key.orders_taken_to is not None:
        orders = orders.filter(changed_at__gt=key.orders_taken_to)
    orders = orders.filter(changed_at__lt=timezone.now() - SETTLED).order_by("changed_at", "pk")
    found = list(orders[:MOST])
    to = found[-1].changed_at if found else None
    if to is not None and len(found) == MOST:  # the rest of the same moment belongs to this answer too
        found += orders.filter(changed_at=to).exclude(pk__in=[order.pk for order in found])
    people = _people(found) if key.gives_people else {}
    root = etree.Element("КоммерческаяИнформация", ВерсияСхемы="2.07", ДатаФормирования=_day(timezone.now()))
    codes = _codes(key, [line for order in found for line in order.lines.all()])
    for order in found:
        root.append(_document(order, people.get(order.pk), codes))
    # What the encoding of 1C has no letter for goes out as a character reference.
    xml = etree.tostring(root, xml_declaration=True, encoding=ENCODING, pretty_print=True)
    return Given(cast(bytes, xml), [order.number for order in found], to)


def _people(orders: Iterable[Order]) -> dict[UUID, OrderContact]:
    return {row.pk: row for row in OrderContact.objects.filter(pk__in=[order.pk for order in orders])}


def _codes(key: ExchangeKey, lines: Iterable[OrderLine]) -> dict[tuple[str, str], str]:
    """(sku, options) -> the id 1C knows the unit by."""
    if key.source is None:
        return {}
    rows = SourceItem.objects.filter(source=key.source, sku__in={line.sku for line in lines})
    return {(sku, options): code for sku, options, code in rows.values_list("sku", "options", "code")}


def _document(order: Order, person: OrderContact | None, codes: Mapping[tuple[str, str], str]) -> etree._Element:
    document = etree.Element("Документ")
    placed = timezone.localtime(order.placed_at)
    for name, value in (
        ("Ид", str(order.pk)),
        ("Номер", order.number),
        ("Дата", _day(placed)),
        ("ХозОперация", "Заказ товара"),
        ("Роль", "Продавец"),
        ("Валюта", order.currency),
        ("Курс", "1"),
        ("Сумма", _money(order.total, order.currency)),
    ):
        _put(document, name, value)
    document.append(_customer(order, person))
    _put(document, "Время", placed.strftime("%H:%M:%S"))
    _put(document, "Комментарий", person.comment if person else "")
    goods = etree.SubElement(document, "Товары")
    if order.delivery_price:
        goods.append(_item("ORDER_DELIVERY", order.delivery_title, order.delivery_price, 1, order.currency, "Услуга"))
    for line in order.lines.all():
        code = codes.get((line.sku, line.options), line.sku)
        title = f"{line.title} ({line.options_title})" if line.options_title else line.title
        item = _item(code, title, line.charged // line.units, line.units, order.currency, "Товар", total=line.charged)
        item.insert(1, _element("Артикул", line.sku))
        goods.append(item)
    _features(
        document,
        {
            "Метод оплаты": order.payment,
            "Способ доставки": order.delivery_title,
            "Сайт": order.site_label,
            "Статус заказа": order.status.title_ru,
            "Статуса заказа ИД": order.status_id,
            "Отменен": "true" if order.status.group == OrderStatus.Group.CANCELLED else "false",
            "Финальный статус": "true" if order.status.is_final else "false",
            "Дата изменения статуса": timezone.localtime(order.changed_at).strftime("%Y-%m-%d %H:%M:%S"),
        },
    )
    return document


def _customer(order: Order, person: OrderContact | None) -> etree._Element:
    """Who ordered; without the right a name that says nothing, so that 1C still has a contractor for the order."""
    parties = etree.Element("Контрагенты")
    one = etree.SubElement(parties, "Контрагент")
    name = person.name if person and person.name else f"Покупатель {order.number}"
    _put(one, "Ид", str(order.customer or order.pk) if person else f"order-{order.number}")
    _put(one, "Наименование", name)
    _put(one, "Роль", "Покупатель")
    _put(one, "ПолноеНаименование", name)
    if person is None:
        return parties
    if person.address:
        _put(etree.SubElement(one, "АдресРегистрации"), "Представление", person.address)
    contacts = etree.SubElement(one, "Контакты")
    for kind, value in (("Почта", person.email), ("Телефон рабочий", person.phone)):
        if value:
            contact = etree.SubElement(contacts, "Контакт")
            _put(contact, "Тип", kind)
            _put(contact, "Значение", value)
    return parties


def _item(
    code: str, title: str, price: int, units: int, currency: str, kind: str, *, total: int | None = None
) -> etree._Element:
    item = etree.Element("Товар")
    _put(item, "Ид", code)
    _put(item, "Наименование", title)
    unit = _element("БазоваяЕдиница", "шт")
    unit.set("Код", "796")
    item.append(unit)
    _put(item, "ЦенаЗаЕдиницу", _money(price, currency))
    _put(item, "Количество", str(units))
    _put(item, "Сумма", _money(price * units if total is None else total, currency))
    _features(item, {"ВидНоменклатуры": kind, "ТипНоменклатуры": kind})
    return item


def _features(parent: etree._Element, pairs: Mapping[str, str]) -> None:
    features = etree.SubElement(parent, "ЗначенияРеквизитов")
    for name, value in pairs.items():
        feature = etree.SubElement(features, "ЗначениеРеквизита")
        _put(feature, "Наименование", name)
        _put(feature, "Значение", value)


def _put(parent: etree._Element, name: str, text: str) -> None:
    parent.append(_element(name, text))


def _element(name: str, text: str) -> etree._Element:
    made = etree.Element(name)
    # What no XML may hold, a shopper may have typed.
    made.text = "".join(sign for sign in text if sign in "\t\n" or sign >= " ")
    return made


def _money(amount: int, currency: str) -> str:
    digits = minor_digits(currency)
    return f"{amount / 10**digits:.{digits}f}"


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


# --- states back --------------------------------------------------------------------------------------------------


@dataclass
class Taken:
    """What a file of states did: how many orders moved, and what was refused, order by order."""

    moved: int = 0
    refused: list[str] = field(default_factory=list)


def take_states(file: Path, key: ExchangeKey) -> Taken:
    """Move orders of the key's sites to the states 1C names. Raises `ImportRefused` for what is no XML."""
    taken = Taken()
    statuses = list(OrderStatus.objects.all())
    for element in elements(file, ["Документ"]):
        number = text_of(element, "Номер")
        order = Order.objects.filter(number=number, site__in=key.sites).first()
        if order is None:
            taken.refused.append(f"{number[:40]}: there is no such order of these sites")
            continue
        target = _target(element, statuses)
        if target is None or target.pk == order.status_id:
            continue
        try:
            change_status(order.pk, target.pk, by=f"1C {key.title}"[:150])
            taken.moved += 1
        except MoveRefused:
            taken.refused.append(f"{number}: cannot go from {order.status_id} to {target.pk}")
    return taken


def _target(element: etree._Element, statuses: list[OrderStatus]) -> OrderStatus | None:
    said = {
        text_of(one, "Наименование").casefold(): text_of(one, "Значение")
        for one in children_of(element, "ЗначенияРеквизитов", "ЗначениеРеквизита")
    }
    for name in ("статуса заказа ид", "статус заказа"):
        word = said.get(name, "").casefold().rpartition("] ")[2]
        for status in statuses:
            if word and word in (status.code.casefold(), status.title_ru.casefold(), status.title_en.casefold()):
                return status
    if said.get("отменен", "").casefold() == "true":
        return next((one for one in statuses if one.code == "cancelled"), None)
    return None
