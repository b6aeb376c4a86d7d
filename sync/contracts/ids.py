"""Identifiers that any node, or a browser, may mint alone."""

from __future__ import annotations

import secrets
import uuid

from node import clock
from sync.contracts.cart import CUSTOMER_CART, is_customer_cart


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): 48 bits of milliseconds, 74 random bits."""
    value = clock.time_ms() << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def new_cart_id() -> str:
    """A guest cart's id is a 128-bit capability: whoever knows it may write the cart. 32 hex digits."""
    made = secrets.token_hex(16)
    return new_cart_id() if is_customer_cart(made) else made


def new_customer_cart_id() -> str:
    """The id of a signed-in shopper's one cart: 32 hex digits, 96 bits of them random. Only central mints it."""
    return CUSTOMER_CART + secrets.token_hex(12)


def new_client_id() -> str:
    """The first half of a dot: 64 random bits, 16 hex digits, fresh for each document a browser loads."""
    return secrets.token_hex(8)
