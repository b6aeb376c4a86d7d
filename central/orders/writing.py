"""What all writers of orders do: wait their turn, say what happened, tell the edge and the screens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from central.orders.models import Order, OrderChange
from central.ui import live
from node import sql
from node.realms import ORDERS, alias_of
from sync.outbox import record_state
from sync.upstream import Lock


def queue_up(*names: str, beside_others: bool = False) -> None:
    """One order may come by two ways at one moment, one number from two disks: the second waits for the first.

    Without it the second would end in a broken unique constraint, and so, for good, in quarantine.
    `beside_others`: wait only for those who queue up alone.
    """
    keys = [int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names]
    sql.wait_turn(alias_of(ORDERS), keys, beside_others=beside_others)


#: the ids and numbers of orders that arrive
NAMES = Lock(10, lambda names: queue_up(*sorted(names)))


def publish(order: Order) -> None:
    """Tell the order's edge its state, and open screens that there is something to look at."""
    record_state(*state_of(order), realm=ORDERS)
    nudge(order, kind="changed", sites=order.lines.values_list("site", flat=True))


def state_of(order: Order) -> tuple[str, str, int]:
    """(topic, key, version) of what its edge is told."""
    return f"order_state:{order.edge}", order.pk.hex, order.ver


def nudge(order: Order, *, kind: str, sites: Iterable[str]) -> None:
    """`sites`: those of its lines."""
    live.nudge_after_commit(live.ORDERS, realm=ORDERS, sites={order.site, *sites}, kind=kind, keys=[str(order.pk)])


def change_row(
    order: Order,
    kind: OrderChange.Kind,
    *,
    by: str,
    was: Mapping[str, Any] | None = None,
    became: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
    seconds: int = 0,
    at: datetime | None = None,
) -> OrderChange:
    said = {name: text for name, text in (words or {}).items() if text}
    return OrderChange(
        order=order,
        kind=kind,
        at=at or timezone.now(),
        by=by,
        was=was or {},
        became=became or {},
        words=json.dumps(said, ensure_ascii=False) if said else "",
        seconds_editing=max(0, seconds),
        order_ver=order.ver,
    )
