"""Plain builders: each shows only what its test is about."""

from __future__ import annotations

import uuid
from uuid import UUID

from central.stock.models import Grant
from sync.contracts.cart import CartDelta, CartState, LineKey
from sync.contracts.orders import GrantUse, OrderLine, PlacedOrder, SealedPerson
from sync.topics import EdgeScope


def make_edge(node: str = "a", epoch: int = 1) -> EdgeScope:
    return EdgeScope(node=node, epoch=epoch, sites=frozenset({"tea"}), groups=frozenset({"main"}))


def make_line(variant: UUID, units: int, *uses: tuple[Grant, int]) -> OrderLine:
    return OrderLine(
        key=LineKey("tea", "sku"),
        variant=variant.hex,
        title="Tea",
        options_title="",
        units=units,
        price=100,
        currency="RUB",
        price_ver=1,
        charged=100 * units,
        rate_micros=1_000_000,
        rate_ver=0,
        uses=[GrantUse(grant=grant.pk.hex, units=used) for grant, used in uses],
        pending=units - sum(used for _, used in uses),
    )


def make_order(*lines: OrderLine, placed_at: int = 1_700_000_000_000, edge: str = "a") -> PlacedOrder:
    return PlacedOrder(
        id=uuid.uuid4().hex,
        number="TEA-A-000001",
        site="tea",
        edge=edge,
        cart="c" * 32,
        placed_at=placed_at,
        currency="RUB",
        lines=list(lines),
        delivery="pickup",
        delivery_title="Pick-up",
        delivery_price=0,
        payment="cash",
        payment_provider="cash_on_delivery",
        goods_total=sum(line.charged for line in lines),
        total=sum(line.charged for line in lines),
        person=SealedPerson(key_id="1", sealed=b""),
        taken=CartDelta(cart="c" * 32, delta=CartState()),
        consent_at=placed_at,
        consent_text="1",
    )
