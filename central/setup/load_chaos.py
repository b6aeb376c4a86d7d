"""What `rialto chaos` asks of central: goods of which there are few, an operator's work, all that the oracle reads.

Used by `central.setup.load`, which has set Django up.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Sum

from central.carts.models import Cart, CartLink
from central.catalog.actions import Goods, Unit, save_goods, shop
from central.catalog.models import Offer, Variant
from central.orders.actions import change_status
from central.orders.errors import MoveRefused
from central.orders.models import DuplicatePair, Order, OrderStatus, StatusMove
from central.stock.models import SOLD, SUPPLIER, WRITTEN_OFF, Movement
from central.stock.queries import check_balance, waiting_units
from central.stock.receipts import receive_stock
from node.realms import CATALOG, atomic

BY = "chaos"
PREFIX = "CHAOS-"


def scarce(sites: list[str], count: int, units: int) -> dict[str, Any]:
    """Make `count` goods for each site, with `units` of each; returns their keys: [site, sku, options]."""
    made: list[tuple[str, str]] = []
    for site in sites:
        where = shop(site)
        skus = [f"{PREFIX}{site}-{number}".upper() for number in range(count)]
        with atomic(CATALOG):
            goods = [Goods([Unit(sku, price=1_000, currency=where.currency)], title=f"Scarce {sku}") for sku in skus]
            saved = save_goods(where, goods, by=BY)
        made += [(site, sku) for sku in skus]
        receive_stock({saved.variants[sku, ""]: units for sku in skus}, who=BY, ref=f"first-{site}")
    return {"keys": [[site, sku, ""] for site, sku in made], "cards": _card_keys([sku for _, sku in made])}


def _card_keys(skus: list[str]) -> list[str]:
    return list(Offer.objects.filter(variant__sku__in=skus).values_list("card_key", flat=True))


def receive(sku: str, units: int, ref: str) -> dict[str, Any]:
    """An operator takes a delivery in; the same delivery note twice is one delivery."""
    if not Movement.objects.filter(ref=ref).exists():
        receive_stock({Variant.objects.get(sku=sku).pk: units}, who=BY, ref=ref)
    return {"ref": ref}


def cancel(number: int) -> dict[str, Any]:
    """An operator cancels one of the orders that may be cancelled: the `number`-th newest, counted round."""
    first = StatusMove.objects.filter(target__frees_stock=True, source__group=OrderStatus.Group.NEW)
    moves = dict(first.values_list("source", "target"))
    ids = list(
        Order.objects.filter(status__in=moves)
        .exclude(edge="")
        .order_by("-received_at")
        .values_list("pk", "status")[:20]
    )
    if not ids:
        return {"order": ""}
    order, status = ids[number % len(ids)]
    try:
        change_status(order, moves[status], by=BY)
    except MoveRefused:  # somebody was quicker
        return {"order": ""}
    return {"order": order.hex}


def books(since: float) -> dict[str, Any]:
    """Orders received since a moment (s since 1970), and the ledger of all goods."""
    orders = Order.objects.filter(received_at__gte=datetime.fromtimestamp(since, UTC)).select_related("status")
    rows = list(orders.prefetch_related("lines"))
    ids = [order.pk.hex for order in rows]
    # Also those of decided pairs: to cancel one of two orders is a decision.
    doubted = set(DuplicatePair.objects.filter(later__in=rows).values_list("later_id", flat=True))
    return {
        "orders": {order.pk.hex: _order(order, is_suspect=order.pk in doubted) for order in rows},
        "booked": _booked(ids),
        "goods": _goods(),
        "receipts": list(Movement.objects.filter(source=SUPPLIER).exclude(ref="").values_list("ref", flat=True)),
        "audit": check_balance(),
    }


def _order(order: Order, *, is_suspect: bool) -> dict[str, Any]:
    return {
        "number": order.number,
        "edge": order.edge,
        "cart": order.cart,
        "is_live": not order.status.frees_stock,
        "is_suspect": is_suspect,
        "waiting": sum(waiting_units(order.pk).values()),
        "lines": [
            {
                "key": [line.site, line.sku, line.options],
                "variant": line.variant.hex,
                "units": line.units,
                "pending": line.pending,
            }
            for line in order.lines.all()
        ],
    }


def _booked(orders: list[str]) -> dict[str, dict[str, int]]:
    """Order -> variant -> units the ledger says it took."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = Movement.objects.filter(ref__in=orders, target=SOLD).exclude(source=SOLD).values_list("ref", "variant")
    for ref, variant, units in rows.annotate(all=Sum("units")):
        found[ref][variant.hex] = units
    return dict(found)


def _goods() -> dict[str, dict[str, Any]]:
    """Variant -> units received from the supplier, written off, and sold less what came back."""
    found: dict[UUID, dict[str, int]] = defaultdict(lambda: {"received": 0, "written_off": 0, "sold": 0})
    for variant, source, target, units in Movement.objects.values_list("variant", "source", "target").annotate(
        all=Sum("units")
    ):
        one = found[variant]
        one["received"] += units * ((source == SUPPLIER) - (target == SUPPLIER))
        one["written_off"] += units * ((target == WRITTEN_OFF) - (source == WRITTEN_OFF))
        one["sold"] += units * ((target == SOLD) - (source == SOLD))
    skus = dict(Variant.objects.filter(pk__in=found).values_list("pk", "sku"))
    return {variant.hex: {**units, "sku": skus.get(variant, "?")} for variant, units in found.items()}


def carts(since: float) -> dict[str, Any]:
    """Carts that changed since a moment, each as plain values and the hash of its bytes, and who was linked to whom."""
    changed = Cart.objects.filter(updated_at__gte=datetime.fromtimestamp(since, UTC))
    return {
        "carts": {
            cart: {"hash": hashlib.sha256(bytes(state)).hexdigest(), "state": _plain(bytes(state))}
            for cart, state in changed.values_list("id", "state")
        },
        "links": dict(CartLink.objects.values_list("source", "target")),
    }


def _plain(state: bytes) -> Any:
    return msgspec.msgpack.decode(state) if state else {}
