"""Questions of edges about who has signed in, and what he has ordered."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from central.shoppers import actions
from central.shoppers.account_orders import one_order, orders_page
from central.shoppers.errors import BadGrant
from central.shoppers.host import is_own_host
from central.shoppers.models import Account
from central.shoppers.queries import ended_grants, first_name, good_grant
from node.config import config
from sync.contracts.codec import pack, unpack
from sync.contracts.shoppers import (
    AccountOrderAsk,
    AccountOrdersAsk,
    AliveAsk,
    AliveReply,
    BeginAsk,
    BeginReply,
    ExchangeAsk,
    ExchangeReply,
    WhoAsk,
    WhoReply,
)
from sync.topics import EdgeScope
from sync.upstream import answers

#: of one question: an edge with more open streams asks twice
MOST = 500


@answers("shopper_begin")
def begin(edge: EdgeScope, body: bytes) -> bytes:
    unpack(body, BeginAsk)
    return pack(BeginReply(authorize=_address("id-authorize"), profile=_address("id-profile")))


@answers("shopper_exchange")
def exchange(edge: EdgeScope, body: bytes) -> bytes:
    done = actions.exchange(unpack(body, ExchangeAsk), node=edge.node, sites=edge.sites)
    reply = ExchangeReply(
        grant=done.grant.pk.hex,
        customer=done.account.customer_id.hex,
        cart=done.account.cart,
        name=first_name(done.account.customer),
        interacted_at=int(done.grant.session.interacted_at.timestamp() * 1000),
    )
    return pack(reply)


@answers("shopper_who")
def who(edge: EdgeScope, body: bytes) -> bytes:
    ask = unpack(body, WhoAsk)
    if ask.grant:
        try:
            customer = good_grant(ask.grant, edge.node).account.customer
        except BadGrant:
            return pack(WhoReply(is_good=False))
        return pack(WhoReply(is_good=True, name=first_name(customer)))
    # The cart's id is a capability that its own browser has brought to this edge by a hop.
    account = Account.objects.select_related("customer").filter(cart=ask.cart, is_closed=False).first()
    return pack(WhoReply(is_good=account is not None, name=first_name(account.customer) if account else ""))


@answers("shopper_alive")
def alive(edge: EdgeScope, body: bytes) -> bytes:
    ask = unpack(body, AliveAsk)
    return pack(AliveReply(ended=ended_grants(ask.grants[:MOST], edge.node)))


@answers("account_orders")
def account_orders(edge: EdgeScope, body: bytes) -> bytes:
    ask = unpack(body, AccountOrdersAsk)
    return pack(orders_page(good_grant(ask.grant, edge.node).account, ask.page))


@answers("account_order")
def account_order(edge: EdgeScope, body: bytes) -> bytes:
    ask = unpack(body, AccountOrderAsk)
    return pack(one_order(good_grant(ask.grant, edge.node).account, ask.order))


def _address(name: str) -> str:
    urlconf = "central.shoppers.id_urls" if is_own_host() else settings.ROOT_URLCONF
    return f"{config().id_origin}{reverse(name, urlconf=urlconf)}"
