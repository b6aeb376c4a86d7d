"""An order that central takes itself: from a script, a partner, or a colleague who writes it down at the telephone.

It is an order like any other: priced by the catalogue, its buyer sealed, taken in by `receive_order`. Only its units
come straight out of the pool, all of them or none: central is never cut off from its own stock, and what lies at edges
is asked back first, as for an edge that is short. Where the site's desk may sell below what is free, what nobody has is
a shortage: the order waits for it in the queue of all that wait.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import connections

from central.catalog.queries import PricedUnit, priced_units
from central.cluster import queries as cluster
from central.cluster.documents import site_doc
from central.cluster.models import Site
from central.orders.errors import BadOrder, NotEnough, OrderConflict
from central.orders.models import Order
from central.orders.receiving import receive_order
from central.orders.seal import seal_person
from central.stock.booking import sell_from_pool
from central.stock.errors import NotEnoughInPool
from central.stock.ledger import by_variant
from central.stock.queries import pools
from central.stock.recalling import gather_in_pool
from central.stock.rules import may_sell_below
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.fields import blind_indexes
from infra.crypto.normalise import email_key, phone_e164
from node.realms import ORDERS, alias_of, atomic
from sync.contracts.cart import CartDelta, LineKey
from sync.contracts.documents import SiteDoc
from sync.contracts.ids import new_cart_id
from sync.contracts.money import MICROS, Money
from sync.contracts.orders import OrderLine, Person, PlacedOrder
from sync.core import cart as carts

#: numbers without a country code are read as of this country
REGIONS = {"ru": "RU"}


@dataclass(frozen=True)
class WantedLine:
    """`price`: minor units of the catalogue's currency for one unit, None for the catalogue's own price."""

    key: LineKey
    units: int
    price: int | None = None


@dataclass(frozen=True, repr=False)
class WantedOrder:
    """What is asked for. It has no repr: it must not show in a log. `said`: the call, to tell a repeat from another.

    `id` is the caller's choice: the same id with the same `said` is the same order, however often it comes.
    """

    id: UUID
    site: str
    lines: Sequence[WantedLine]
    name: str
    phone: str
    email: str
    address: str
    comment: str
    delivery: str
    payment: str
    consent_text: str
    said: str
    #: in place of a node in the number: "TEA-API-000042"
    made_by: str = "API"


def place_order(wanted: WantedOrder) -> tuple[Order, bool]:
    """The order, and whether it is new. Who may ask for it, and for a price of his own, is the caller's business.

    Raises `BadOrder`, `NotEnough`, `OrderConflict` for another order under the same id, `central.cluster`'s
    `UnknownSite`. A desk that may sell below what is free never hears `NotEnough`.
    """
    marks = blind_indexes("orders.placed.call", wanted.said)  # keyed: what was said has a phone in it
    if known := _known(wanted.id, marks):
        return known, False
    site = site_doc(cluster.site(wanted.site))
    person = _person(wanted, site)
    lines = _lines(wanted, site)
    placed = _placed(wanted, site, lines, person)
    may_lack = may_sell_below(site.id)
    try:
        return _write(placed, marks), True
    except NotEnoughInPool as error:
        # What lies at shops is asked back first: a shortage is what nobody has.
        if not gather_in_pool(_units(lines)) and not may_lack:
            raise _not_enough(lines) from error
    try:
        return _write(placed, marks, may_lack=may_lack), True
    except NotEnoughInPool as error:
        raise _not_enough(lines) from error


def _known(order_id: UUID, marks: Sequence[bytes]) -> Order | None:
    order = Order.objects.select_related("status").filter(pk=order_id).first()
    if order is not None and bytes(order.called_as) not in marks:
        raise OrderConflict(order_id, order.number)
    return order


def _write(placed: PlacedOrder, marks: Sequence[bytes], *, may_lack: bool = False) -> Order:
    with atomic(ORDERS):
        # Sold before the order is taken in: `receive_order` books what was not booked.
        lacking = sell_from_pool(placed, may_lack=may_lack)
        if known := _known(UUID(placed.id), marks):
            return known  # the same call, at the same moment
        order = receive_order(_with_pending(placed, lacking))
        Order.objects.filter(pk=order.pk).update(called_as=marks[0])
    return order


def _with_pending(placed: PlacedOrder, lacking: Mapping[UUID, int]) -> PlacedOrder:
    """The order with what lacks of each variant said in its lines, from the last one on."""
    left = dict(lacking)
    lines = []
    for line in reversed(placed.lines):
        units = min(line.units, left.get(UUID(line.variant), 0))
        left[UUID(line.variant)] = left.get(UUID(line.variant), 0) - units
        lines.append(msgspec.structs.replace(line, pending=units) if units else line)
    return msgspec.structs.replace(placed, lines=lines[::-1])


def _person(wanted: WantedOrder, site: SiteDoc) -> Person:
    region = REGIONS.get(site.language, "")
    try:
        phone = phone_e164(wanted.phone, region)
    except NotAPhone:
        raise BadOrder("phone", "this is no phone number; write it with its country code") from None
    try:
        email = email_key(wanted.email) if wanted.email else ""
    except NotAnEmail:
        raise BadOrder("email", "this is no e-mail address") from None
    return Person(
        name=wanted.name,
        phone=phone,
        email=email,
        address=wanted.address,
        comment=wanted.comment,
        language=site.language,
    )


def _lines(wanted: WantedOrder, site: SiteDoc) -> list[OrderLine]:
    if not site.is_active:
        raise BadOrder("site", "this shop is switched off")
    keys = [line.key for line in wanted.lines]
    if len(set(keys)) != len(keys):
        raise BadOrder("lines", "a unit stands in two lines; add its units up")
    sisters = set(Site.objects.filter(cart_group=site.group, is_active=True).values_list("pk", flat=True))
    units = priced_units(keys)
    made = []
    for line in wanted.lines:
        unit = units.get(line.key)
        if unit is None or not unit.is_active or line.key.site not in sisters:
            raise BadOrder("lines", "the shop does not sell this", **_named(line.key))
        made.append(_line(line, unit, site.currency))
    return made


def _line(line: WantedLine, unit: PricedUnit, currency: str) -> OrderLine:
    micros, ver = _rate(unit.currency, currency)
    price = unit.price if line.price is None else line.price
    return OrderLine(
        key=line.key,
        variant=unit.variant.hex,
        title=unit.title,
        options_title=unit.options_title,
        units=line.units,
        price=price,
        currency=unit.currency,
        price_ver=unit.ver,
        charged=Money(price, unit.currency).times(line.units).converted(currency, micros).amount,
        rate_micros=micros,
        rate_ver=ver,
    )


def _rate(base: str, quote: str) -> tuple[int, int]:
    """(micros, version) of the published rate, or of the reverse of the opposite one."""
    if base == quote:
        return MICROS, 0
    if found := cluster.rate(base, quote):
        return found.micros, found.ver
    if found := cluster.rate(quote, base):
        return max(1, round(MICROS * MICROS / found.micros)), found.ver
    raise BadOrder("lines", f"there is no rate from {base} to {quote}")


def _placed(wanted: WantedOrder, site: SiteDoc, lines: list[OrderLine], person: Person) -> PlacedOrder:
    delivery = next((way for way in site.deliveries if way.code == wanted.delivery), None)
    payment = next((way for way in site.payments if way.code == wanted.payment), None)
    if delivery is None:
        raise BadOrder("delivery", "the shop does not deliver so", ways=[way.code for way in site.deliveries])
    if delivery.needs_address and not person.address:
        raise BadOrder("address", "this way of delivery needs an address")
    if payment is None:
        raise BadOrder("payment", "one cannot pay so here", ways=[way.code for way in site.payments])
    now, cart = time.time_ns() // 1_000_000, new_cart_id()
    goods = sum(line.charged for line in lines)
    return PlacedOrder(
        id=wanted.id.hex,
        number=_next_number(site.id, wanted.made_by),
        site=site.id,
        edge="",
        cart=cart,
        placed_at=now,
        currency=site.currency,
        lines=lines,
        delivery=delivery.code,
        delivery_title=delivery.title,
        delivery_price=delivery.price,
        payment=payment.code,
        payment_provider=payment.provider,
        goods_total=goods,
        total=goods + delivery.price,
        person=seal_person(person, wanted.id.hex),
        taken=CartDelta(cart=cart, delta=carts.encode(carts.EMPTY)),
        consent_at=now,
        consent_text=wanted.consent_text,
    )


def _next_number(site: str, made_by: str) -> str:
    # Counted outside the order's transaction: a refused order leaves a hole, and nobody waits for another's order.
    with atomic(ORDERS), connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_ordercounter (site, last) VALUES (%s, 1) "
            "ON CONFLICT (site) DO UPDATE SET last = orders_ordercounter.last + 1 RETURNING last",
            [site],
        )
        (last,) = cursor.fetchone()
    return f"{site}-{made_by}-{last:06d}".upper()


def _units(lines: Sequence[OrderLine]) -> Mapping[UUID, int]:
    return by_variant((UUID(line.variant), line.units) for line in lines)


def _not_enough(lines: Sequence[OrderLine]) -> NotEnough:
    """Which lines cannot be had whole, and how many units there are of each, dealt out from the first line on."""
    left = dict(pools(_units(lines)))
    short = []
    for line in lines:
        here = min(line.units, left.get(UUID(line.variant), 0))
        left[UUID(line.variant)] = left.get(UUID(line.variant), 0) - here
        if here < line.units:
            short.append({**_named(line.key), "left": here})
    return NotEnough("there are not that many left", lines=short)


def _named(key: LineKey) -> dict[str, str]:
    return {"site": key.site, "sku": key.sku, "options": key.options}
