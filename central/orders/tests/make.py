"""Plain builders: orders as an edge makes them."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections

from infra.crypto.keys import ensure_central_keys
from infra.crypto.sealing import seal_to_all
from node.config import config
from sync.contracts.cart import CartDelta, CartState, LineKey
from sync.contracts.codec import pack
from sync.contracts.ids import new_cart_id, uuid7
from sync.contracts.money import Money
from sync.contracts.orders import OrderLine, Person, PlacedOrder, SealedPerson, person_info
from sync.core import cart as core

_numbers = itertools.count(1)

ANN = Person(
    name="Анна Примерова",
    phone="+70000000001",
    email="anna@example.com",
    address="Вымышленный переулок, 1",
    comment="Код домофона 1234К",
    language="ru",
    state_url="http://tea.localhost:8401/order/0123456789abcdef0123456789abcdef",
)


def make_line(site: str = "tea", sku: str = "T-1", *, units: int = 1, price: int = 50_000, **more: Any) -> OrderLine:
    currency = more.pop("currency", "RUB")
    rate, into = more.pop("rate_micros", 1_000_000), more.pop("into", "RUB")
    values: dict[str, Any] = {
        "variant": uuid.uuid5(uuid.NAMESPACE_URL, f"{site}/{sku}").hex,
        "title": f"Товар {sku}",
        "options_title": "",
        "price_ver": 1,
        "charged": Money(price, currency).times(units).converted(into, rate).amount,
        "rate_ver": 0 if rate == 1_000_000 else 1,
        "pending": units,
    }
    return OrderLine(
        key=LineKey(site, sku), units=units, price=price, currency=currency, rate_micros=rate, **{**values, **more}
    )


def make_placed(*lines: OrderLine, person: Person = ANN, site: str = "tea", **more: Any) -> PlacedOrder:
    """An order of site `tea` at edge `a`, one line, courier, cash; all stock pending, so no ledger is needed."""
    kept = list(lines) or [make_line()]
    order_id = more.pop("id", None) or uuid7().hex
    cart = more.pop("cart", None) or new_cart_id()
    goods, delivery = sum(line.charged for line in kept), more.pop("delivery_price", 30_000)
    now = time.time_ns() // 1_000_000
    values: dict[str, Any] = {
        "number": f"{site.upper()}-A-{next(_numbers):06}",
        "edge": "a",
        "placed_at": now,
        "currency": "RUB",
        "delivery": "courier",
        "delivery_title": "Курьер",
        "payment": "cash",
        "payment_provider": "cash_on_delivery",
        "goods_total": goods,
        "total": goods + delivery,
        "taken": CartDelta(cart=cart, delta=core.encode(core.EMPTY)),
        "consent_at": now,
        "consent_text": "2026-11",
        "referer": "https://search.example.com/",
        "utm": {"source": "newsletter"},
        "seconds_on_site": 95,
    }
    return PlacedOrder(
        id=order_id,
        site=site,
        cart=cart,
        lines=kept,
        delivery_price=delivery,
        person=sealed(person, order_id),
        **{**values, **more},
    )


def sealed(person: Person, order_id: str) -> SealedPerson:
    keys = ensure_central_keys(config().home)
    body = seal_to_all(keys.public_sealing_keys(), pack(person), info=person_info(order_id))
    return SealedPerson(key_id=keys.current_sealing_id, sealed=body)


def empty_state() -> CartState:
    return core.encode(core.EMPTY)


@contextmanager
def realm_away(alias: str) -> Iterator[None]:
    """Every query to the realm fails as it does when its server is gone."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise OperationalError("connection refused")

    with connections[alias].execute_wrapper(refuse):
        yield
