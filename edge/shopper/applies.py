"""What central tells of sign-ins."""

from __future__ import annotations

from edge.shopper import session
from sync.contracts.codec import unpack
from sync.contracts.shoppers import ShopperOut
from sync.replica import told


@told("shopper_out")
async def out(body: bytes) -> None:
    """Somebody has signed out elsewhere, or everywhere. May be lost: `edge.account.watch` asks for itself."""
    ended = unpack(body, ShopperOut)
    await session.end(ended.grants, ended.cart)
