"""Carts and what central says of them."""

from __future__ import annotations

from edge.cart import (
    service,
    view,  # noqa: F401 - listens for new prices
)
from edge.cart.roots import root_of
from edge.live import carts as live
from sync.replica import applies_fact, on_central_ack


@applies_fact("cart")
def cart_fact(key: str, body: bytes) -> None:
    service.apply_fact(key, body)


@on_central_ack("cart")
async def cart_acked(refs: list[str]) -> None:
    """`ref` is "root|dot,dot": the tabs that watch the cart may forget these ops."""
    dots: dict[str, list[str]] = {}
    for ref in refs:
        root, _, names = ref.partition("|")
        if names:  # tabs watch the cart under its root of today
            service.central_took(names.split(","))
            dots.setdefault(await root_of(root), []).extend(names.split(","))
    live.acked(dots)
