"""Carts and what central says of them."""

from __future__ import annotations

from edge.cart import (
    service,
    view,  # noqa: F401 - listens for new prices
)
from edge.live import carts as live
from sync.replica import applies_fact, on_central_ack


@applies_fact("cart")
def cart_fact(key: str, body: bytes) -> None:
    service.apply_fact(key, body)


@on_central_ack("cart")
def cart_acked(refs: list[str]) -> None:
    """`ref` is "root|dot,dot": the tabs that watch the cart may forget these ops."""
    dots: dict[str, list[str]] = {}
    for ref in refs:
        root, _, names = ref.partition("|")
        dots.setdefault(root, []).extend(name for name in names.split(",") if name)
    live.acked(dots)
