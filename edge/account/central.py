"""What this edge asks central about accounts. Nothing that comes back touches a disk."""

from __future__ import annotations

import time
from typing import TypeVar

from sync.contracts.codec import pack, unpack
from sync.contracts.documents import SiteDoc
from sync.contracts.shoppers import (
    AccountOrderAsk,
    AccountOrderReply,
    AccountOrdersAsk,
    AccountOrdersReply,
    AliveAsk,
    AliveReply,
    BeginAsk,
    BeginReply,
    ExchangeAsk,
    ExchangeReply,
    WhoAsk,
    WhoReply,
)
from sync.link import link

T = TypeVar("T")

#: seconds a shopper waits
ASK_S = 4.0
#: seconds for which a page of orders is shown again without asking
ORDERS_S = 5.0
_MOST = 1_000

_orders: dict[tuple[str, int], tuple[float, AccountOrdersReply]] = {}


async def addresses(site: SiteDoc) -> BeginReply:
    """Where shoppers sign in. Raises `LinkDown` or `RequestFailed`, as all of these do."""
    return await _ask("shopper_begin", BeginAsk(site=site.id), BeginReply)


async def exchange(ask: ExchangeAsk) -> ExchangeReply:
    return await _ask("shopper_exchange", ask, ExchangeReply)


async def who(ask: WhoAsk, *, within: float = ASK_S) -> WhoReply:
    return await _ask("shopper_who", ask, WhoReply, within=within)


async def ended(grants: list[str]) -> list[str]:
    """Those of `grants` that are good no more."""
    return (await _ask("shopper_alive", AliveAsk(grants=grants), AliveReply)).ended


async def orders(grant: str, page: int) -> AccountOrdersReply:
    """A page of orders, from memory when it was asked for a moment ago."""
    now, key = time.monotonic(), (grant, page)
    known = _orders.get(key)
    if known and now - known[0] < ORDERS_S:
        return known[1]
    reply = await _ask("account_orders", AccountOrdersAsk(grant=grant, page=page), AccountOrdersReply)
    if len(_orders) >= _MOST:
        _orders.clear()
    _orders[key] = now, reply
    return reply


async def order(grant: str, order_id: str) -> AccountOrderReply:
    return await _ask("account_order", AccountOrderAsk(grant=grant, order=order_id), AccountOrderReply)


async def _ask(kind: str, question: object, answer: type[T], *, within: float = ASK_S) -> T:
    return unpack(await link.request(kind, pack(question), timeout=within), answer)


def forget_all() -> None:
    """Forget what was remembered (tests)."""
    _orders.clear()
