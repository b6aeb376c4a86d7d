"""What of an order goes down: its state, to the edge that made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from central.orders.models import Order
from central.payments.queries import pay_urls_of
from node.realms import ORDERS
from sync.contracts.codec import pack
from sync.contracts.documents import OrderStateDoc
from sync.topics import EdgeScope, Row, StateTopic, register_topic


def order_state(order: Order, pay_url: str = "") -> OrderStateDoc:
    """What the shopper may see."""
    return OrderStateDoc(
        id=order.pk.hex,
        number=order.number,
        status=order.status_id,
        titles=order.status.titles,
        is_final=order.status.is_final,
        changed_at=int(order.changed_at.timestamp() * 1000),
        pay_url="" if order.status.is_final or order.is_duplicate_suspect else pay_url,
        pending_units=order.pending_units,
    )


def _rows(orders: Iterable[Order]) -> list[Row]:
    found = list(orders)
    pay_urls = pay_urls_of(order.pk for order in found)
    return [(order.pk.hex, order.ver, pack(order_state(order, pay_urls.get(order.pk, "")))) for order in found]


def _audience(scope: EdgeScope) -> list[str]:
    return [f"order_state:{scope.node}"]


def _read(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    ids = [UUID(key) for key in keys]
    orders = Order.objects.filter(edge=topic.partition(":")[2], pk__in=ids).select_related("status")
    return {key: (ver, body) for key, ver, body in _rows(orders)}


def _page(topic: str, after: str, limit: int) -> list[Row]:
    orders = Order.objects.filter(edge=topic.partition(":")[2]).select_related("status").order_by("pk")
    if after:
        orders = orders.filter(pk__gt=UUID(after))
    return _rows(orders[:limit])


register_topic(StateTopic(name="order_state", realm=ORDERS, schema=1, audience=_audience, read=_read, page=_page))
