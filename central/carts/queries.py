"""Reads of carts."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections
from django.db.models import QuerySet

from central.carts.models import Cart, CartLink
from node.realms import ORDERS, alias_of
from sync.contracts.cart import CartState
from sync.contracts.codec import unpack
from sync.core import cart as core


def parent_of(cart_id: str) -> str | None:
    """The cart a cart was linked to. In plain SQL: each op of each shopper asks it twice."""
    with connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute("SELECT target FROM carts_cartlink WHERE source = %s", [cart_id])
        found = cursor.fetchone()
    return found[0] if found else None


def root_of(cart_id: str) -> str:
    """The cart that stands for `cart_id` now."""
    return core.root_of(cart_id, parent_of)


def cart_state(cart_id: str) -> core.Cart:
    """What central knows of a cart, its links followed; the empty cart when it knows nothing."""
    row = Cart.objects.filter(pk=root_of(cart_id)).first()
    return core.decode(unpack(bytes(row.state), CartState)) if row and row.state else core.EMPTY


def cart_lines(cart_id: str) -> list[core.Line]:
    """What the shopper sees in it."""
    return core.lines(cart_state(cart_id))


def links_of(carts: Sequence[str]) -> dict[str, CartLink]:
    return {link.source: link for link in CartLink.objects.filter(pk__in=list(carts))}


def carts_in_alarm() -> QuerySet[Cart]:
    """Carts to which one dot came with two payloads."""
    return Cart.objects.filter(alarms__gt=0).order_by("-updated_at")
